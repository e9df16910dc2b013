// SPDX-License-Identifier: Apache-2.0
#include "ctool/context.hpp"
#include "ctool/volume/commands.hpp"

namespace ctool {
namespace {

struct ExistsOptions {
  std::string volume;
};

cli::Command Describe(ExistsOptions& o) {
  cli::Command c;
  c.summary = "Tell whether a volume exists";
  c.prose = "Prints nothing: the exit status is the answer.";
  c.args = {{.name = "VOLUME", .sink = &o.volume, .complete = cli::Complete::kVolumes}};
  c.exits = {{"0", "it exists"}, {"1", "it does not"}, {"125", "the question could not be answered"}};
  c.examples = {{"volume exists data"}};
  return c;
}

Result<int> Run(Context& context, const ExistsOptions& o) { return TRY(engine::VolumeExists(context.engine, o.volume)) ? 0 : 1; }

}  // namespace

cli::Runnable VolumeExistsCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
