// SPDX-License-Identifier: Apache-2.0
//
// The words behind `create`, a word a line, and after an empty line the configuration of the image, which is a
// stranger's. Whatever container comes of it can be stored and read back.
#include <cstdlib>
#include <vector>

#include "base/log.hpp"
#include "cli/parser.hpp"
#include "ctool/container/options.hpp"
#include "engine/fold_internal.hpp"
#include "fuzz.hpp"

using namespace ctool;  // NOLINT: one small program

namespace {

Status Fold(const engine::FoldInput& in, engine::ContainerSpec& spec) {
  TRY(engine::CheckOptions(in.options));
  // Without a store: names of networks and containers are unknown.
  engine::Engine nowhere({"/nonexistent/store", "/nonexistent/run"});
  TRY(engine::FoldNetwork(nowhere, in.options, spec));
  for (const auto fold : {engine::FoldProcess, engine::FoldPorts, engine::FoldEnv, engine::FoldMounts,
                          engine::FoldSecurity, engine::FoldLimits, engine::FoldLifecycle})
    TRY(fold(in, spec));
  return Ok();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  SetLogLevel(LogLevel::kError);  // warnings would be most of the work
  std::vector<std::string_view> words;
  std::string_view rest = Text(data, size);
  while (!rest.empty()) {
    const std::string_view word = Cut(rest, '\n');
    if (word.empty()) break;
    words.push_back(word);
  }
  engine::CreateOptions options;
  std::vector<cli::Option> described;
  AddCreateOptions(described, options);
  cli::Parser parser({});
  Result<cli::Parser::Outcome> outcome = parser.Parse(described, words, true);
  if (!outcome.ok()) return 0;
  options.command = std::move(outcome->positionals);
  const Result<spec::ImageConfig> image = spec::ImageConfig::Parse(rest);
  const config::ContainersConf conf;
  engine::ContainerSpec spec;
  spec.id = std::string(64, 'a');
  if (!Fold({options, conf, image.ok() ? image->config : spec::ImageDefaults{}}, spec).ok()) return 0;
  const std::string printed = spec.Print();
  const Result<engine::ContainerSpec> again = engine::ContainerSpec::Parse(printed);
  CHECK(again.ok() && again->Print() == printed);
  return 0;
}
