// SPDX-License-Identifier: Apache-2.0
#include "ctool/context.hpp"
#include "ctool/volume/commands.hpp"

namespace ctool {
namespace {

struct ReloadOptions {};

cli::Command Describe(ReloadOptions&) {
  cli::Command c;
  c.summary = "Look for volumes of plugins";
  c.prose = "podman asks its volume plugins what volumes they have. ctool has no plugins and keeps all its volumes itself, so there is never anything new.";
  c.examples = {{"volume reload"}};
  return c;
}

Result<int> Run(Context&, const ReloadOptions&) { return 0; }

}  // namespace

cli::Runnable VolumeReloadCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
