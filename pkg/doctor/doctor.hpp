// SPDX-License-Identifier: Apache-2.0
//
// What this host lets containers do, what it does not, why, and the command that mends it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::doctor {

enum class State {
  kOk,
  kDegraded,  // it works, but less, slower or not for everything
  kOff,       // it does not work
};
std::string_view Name(State state);  // "ok", "degraded", "off"

struct Finding {
  std::string check;        // "ranges"
  State state = State::kOk;
  std::string reason;       // what was found, also when all is well
  std::string consequence;  // what does not work, or works less; empty when all is well
  std::string mend;         // the exact command, or a sentence where there is none
  bool is_command = false;  // `mend` can be typed
  bool by_root = false;     // by an administrator
  bool required = false;    // `ctool run IMAGE` fails without
};

// Every check, in the order in which one leads to the next. None fails: what can't be found out is a finding. Takes at
// most about three seconds, which a name server or registry that does not answer may need.
std::vector<Finding> Examine(engine::Engine& engine);

// Whether `run` of an image that is there would work: nothing that it needs is off.
bool Runs(const std::vector<Finding>& findings);

// A hint for an error without one whose cause the doctor finds: too many processes, system calls that are refused around us;
// else nothing.
std::string HintFor(const Error& error);

// The login name of who asks, or his uid.
std::string Caller();

// A shell script for root that mends what an administrator can mend; what is left is in its comments, which no text from
// outside leaves.
std::string FixScript(const std::vector<Finding>& findings, std::string_view user);

}  // namespace ctool::doctor
