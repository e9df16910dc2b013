// SPDX-License-Identifier: Apache-2.0
//
// A Containerfile as it was understood. Nothing is expanded: texts keep their quotes, escapes and
// variables where the instruction expands them (the table is in DESIGN.md), which a stage does when it
// is evaluated.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "build/diagnostic.hpp"
#include "build/line.hpp"
#include "build/mount.hpp"

namespace ctool::build {

struct Heredoc {
  std::string name;     // without its quotes
  std::string content;  // tabs already stripped when `strip_tabs`
  int descriptor = 0;   // 3<<EOF
  bool expand = true;   // false: a part of the name was quoted
  bool strip_tabs = false;
  Location where;
};

// CMD, ENTRYPOINT, RUN, HEALTHCHECK CMD.
struct Command {
  bool shell = true;               // one text for the SHELL; else the words to be executed
  std::vector<std::string> words;  // exactly one in the shell form
  bool operator==(const Command&) const = default;
};

struct KeyValue {
  std::string key, value;
  bool operator==(const KeyValue&) const = default;
};

struct Argument {
  std::string name;
  std::optional<std::string> value;
  bool operator==(const Argument&) const = default;
};

struct Arg {
  std::vector<Argument> arguments;
};
struct Cmd {
  Command command;
};
struct Entrypoint {
  Command command;
};

struct CopySource {
  std::string text;
  std::optional<size_t> heredoc;  // index: the source is written in place
};

// COPY, and ADD with `add`.
struct Copy {
  bool add = false;
  std::vector<CopySource> sources;
  std::string destination;
  std::vector<Heredoc> heredocs;
  std::string from, chown, chmod;
  std::vector<std::string> excludes;
  bool link = false, parents = false;
  std::string checksum;        // ADD
  bool keep_git_dir = false;   // ADD
  std::optional<bool> unpack;  // ADD; absent: local archives only
};

struct Env {
  std::vector<KeyValue> values;
};
struct Label {
  std::vector<KeyValue> values;
};
struct Expose {
  std::vector<std::string> ports;
};

struct HealthcheckInstruction {
  bool none = false;
  Command command;
  int64_t interval = 0, timeout = 0, start_period = 0, start_interval = 0;  // ns; 0: not set
  int64_t retries = 0;
};

struct Maintainer {
  std::string name;
};

struct Instruction;
struct OnBuild {
  std::string trigger;  // what goes into the image's configuration
  std::shared_ptr<const Instruction> instruction;
};

enum class RunNetwork { kDefault, kNone, kHost };
struct RunMount {
  std::string text;  // of --mount=, to be read again by ParseMount when variables are known
  Location where;
};
struct Run {
  Command command;
  std::vector<RunMount> mounts;
  RunNetwork network = RunNetwork::kDefault;
  std::vector<Heredoc> heredocs;
};

struct Shell {
  std::vector<std::string> words;
};
struct StopSignal {
  std::string signal;
};
struct User {
  std::string user;
};
struct Volume {
  std::vector<std::string> paths;
};
struct Workdir {
  std::string path;
};

using Body = std::variant<Arg, Cmd, Copy, Entrypoint, Env, Expose, HealthcheckInstruction, Label, Maintainer,
                          OnBuild, Run, Shell, StopSignal, User, Volume, Workdir>;

struct Instruction {
  std::string name;  // in upper case: "COPY"
  std::string text;  // as understood, without continuations and comments: for history and progress
  Location where;
  int last_line = 0;
  Body body;
};

// FROM and what belongs to it.
struct Stage {
  std::string image;
  std::string name;      // in lower case; may be empty
  std::string platform;  // of --platform
  std::string text;
  Location where;
  std::vector<Instruction> instructions;
};

struct Containerfile {
  std::string file;
  char escape = '\\';
  std::string syntax;
  std::vector<Instruction> global_arguments;  // ARG before the first FROM
  std::vector<Stage> stages;
  std::vector<Warning> warnings;
  bool warnings_are_errors = false;
};

}  // namespace ctool::build
