// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace ctool::monitor {

// podman-init [--] COMMAND [ARG...]: PID 1 of a container made with --init. Starts COMMAND, passes
// signals on to it, reaps what is left to it, and exits as COMMAND does.
int InitProgram(int argc, char** argv);

}  // namespace ctool::monitor
