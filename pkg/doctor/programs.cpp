// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "config/policy.hpp"
#include "config/registries.hpp"
#include "doctor/checks_internal.hpp"

namespace ctool::doctor {

Finding CheckPrograms(Host& host) {
  std::string folder;
  for (const char* name : {"ctool-monitor", "ctool-images", "ctool-scope"}) {
    const Result<std::string> program = host.engine.Program(name);
    if (program.ok()) {
      folder = program->substr(0, program->rfind('/'));
      continue;
    }
    Finding finding = Ill(State::kOff, "programs", program.error().Message(), "the installation is incomplete");
    return Required(Advise(std::move(finding), "install ctool again, with its folder libexec/ctool beside bin"));
  }
  return Well("programs", "ctool's own are in " + folder);
}

Finding CheckConfiguration(Host& host) {
  const auto paths = host.engine.Paths();
  Status read = Ok();
  if (!paths.ok()) read = paths.error();
  else if (const auto conf = host.engine.Conf(); !conf.ok()) read = conf.error();
  else if (const auto registries = config::Registries::Load(); !registries.ok()) read = registries.error();
  // What is here runs all the same.
  if (const auto policy = config::Policy::Load(); read.ok() && !policy.ok())
    return MendAsHinted(Ill(State::kDegraded, "configuration", policy.error().Message(), "no image is pulled or loaded"), policy.error().hint());
  if (read.ok()) {
    const size_t files = host.conf.files.size();
    return Well("configuration", files == 0 ? "no containers.conf: the defaults apply" : Join(host.conf.files, ", "));
  }
  Finding finding = Ill(State::kOff, "configuration", read.error().Message(), "every command that reads it fails");
  return Required(MendAsHinted(std::move(finding), read.error().hint().empty() ? "mend the file" : read.error().hint()));
}

}  // namespace ctool::doctor
