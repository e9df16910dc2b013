// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"

namespace ctool {

// What the program hands to a command. This module only passes it through; the program defines it
// (cmd/ctool/context.hpp).
struct Context;

namespace cli {

// One description of a command; the parser, --help, the man page, shell completion and the JSON
// dump are all made from it. Plain data: the texts are string literals of the command's file.

// What a shell may offer for a value. The names of containers, images, ... come from
// App::candidates.
enum class Complete {
  kNone,
  kFiles,
  kDirectories,
  kValues,  // Option::values
  kContainers,
  kRunningContainers,  // paused ones too
  kActiveContainers,   // without those
  kStoppedContainers,  // created or exited
  kPausedContainers,
  kContainerPaths,  // CONTAINER:PATH or a file, as cp takes
  kImages,
  kRemoteImages,  // what is here, and the registries that are known
  kArtifacts,
  kObjects,  // anything `inspect` knows
  kVolumes,
  kVolumeSources,  // VOLUME:FOLDER or a path of the host
  kNetworks,
  kPods,
  kSecrets,
  kRegistries,
  kUsers,        // of the host
  kTimeZones,
  kEnvironment,  // names of the caller's variables
  kCommands,  // the words of another command: `help`
};

// A word that a shell may offer, and the man page explains. One that ends in '=' or ':' goes on,
// with what `after` says; "status=exited" is offered behind "status=".
struct Word {
  std::string_view text;
  std::string_view about = {};
  Complete after = Complete::kNone;
};

// A Setter sees each occurrence; its error text is shown after `invalid argument "x" for "--y"`.
using Setter = std::function<Status(std::string_view)>;

// Where a value goes. An optional tells "not given" from "given empty". What the sink holds before
// parsing is the default, and is shown as such.
using Sink = std::variant<std::monostate,  //
                          bool*, std::optional<bool>*,                //
                          std::string*, std::optional<std::string>*,  //
                          std::vector<std::string>*,                  // each occurrence adds one
                          int64_t*, std::optional<int64_t>*,          //
                          uint64_t*, std::optional<uint64_t>*,        //
                          double*, std::optional<double>*,            //
                          std::chrono::nanoseconds*, std::optional<std::chrono::nanoseconds>*,
                          Setter>;

// Only `name`, `help` and `sink` are needed by most options.
struct Option {
  std::string_view name;         // "name" is --name
  char short_name = 0;           // 'd' is -d
  std::string_view value = {};   // what --help calls the value; empty: named after the sink's type
  std::string_view help = {};    // one sentence, no full stop
  Sink sink = {};
  Complete complete = Complete::kNone;
  std::vector<std::string_view> values = {};   // the words to choose from
  bool only_values = false;                    // any other word is an error
  bool comma = false;                          // "a,b" is two values (vector sinks, CSV quoting)
  std::vector<std::string_view> aliases = {};  // other spellings, not shown
  std::string_view implied = {};  // the value of "--name" alone, which then never takes a next word
  std::string_view def = {};      // shown as the default instead of the sink's value
  std::string_view detail = {};   // more for the man page
  bool hidden = false;            // accepted, shown nowhere
  std::span<const Word> words = {};  // more to choose from, any of it: the filters of a list
  bool keys = false;                 // words with commas between: "type=bind,source=/x"
  // What depends on the options before it: called for a shell's sake, when those are in their sinks.
  std::function<std::vector<std::string>()> live = {};
};

inline constexpr size_t kUnlimited = std::numeric_limits<size_t>::max();

// Arguments that are no options. Each takes as many as it may while the ones behind it still get
// their `min`. Sinks: string, optional string, vector.
struct Positional {
  std::string_view name;  // "CONTAINER"
  size_t min = 1;
  size_t max = 1;
  Sink sink = {};
  Complete complete = Complete::kNone;
  std::vector<std::string_view> values = {};
  std::span<const Word> words = {};
};

struct Example {
  std::string_view text;  // "run -it alpine sh", without the program's name
  std::string_view explanation = {};
};

struct ExitCode {
  std::string_view status;  // "125", "128+n"
  std::string_view meaning;
};

// What must be there before Run; the program prepares it (or loads the code for it) once.
enum class Needs { kNothing, kImages };

struct Command {
  std::string_view summary;     // one line, no full stop
  std::string_view prose = {};  // paragraphs with blank lines between; a line that begins with
                                // four spaces is shown as it is
  std::string_view usage = {};  // "IMAGE [COMMAND [ARG...]]"; made from `args` when empty
  std::vector<Option> options = {};
  std::vector<Positional> args = {};
  std::vector<Example> examples = {};
  std::vector<ExitCode> exits = {};
  Needs needs = Needs::kNothing;
  bool stop_at_first_positional = false;  // what follows belongs to the container's command
  bool hidden = false;

  // Filled in from the command table.
  std::string path = {};                  // "image ls", as the user called it
  std::vector<std::string> aliases = {};  // every other path
};

// A command with a fresh options object that `description` fills and `run` reads. `run` returns
// the exit status, or an Error that the program prints. It also keeps the options object alive: a
// copy of the description alone has sinks that point nowhere.
struct Runnable {
  Command description;
  std::function<Result<int>(Context&)> run;
};

template <class Options, class Returned>
Runnable Bind(Command (*describe)(Options&), Returned (*run)(Context&, const Options&)) {
  auto options = std::make_shared<Options>();
  Command description = describe(*options);
  return {std::move(description), [options, run](Context& context) -> Result<int> {
            return run(context, *options);
          }};
}

// One line of the program's command table. Only the factory of the command that was asked for is
// called.
struct Entry {
  std::string_view path;  // "run", "image ls"
  Runnable (*make)();
  std::array<std::string_view, 4> aliases = {};  // "container run"
};

// The heading of the commands below "image ", "system ", ...
struct Group {
  std::string_view path;
  std::string_view summary;
  bool hidden = false;
};

}  // namespace cli
}  // namespace ctool
