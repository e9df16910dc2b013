// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "base/text.hpp"
#include "ctool/container/options.hpp"
#include "engine/containers.hpp"

namespace ctool {
namespace {

struct PruneOptions {
  std::vector<std::string> filters;
  bool force = false;
};

cli::Command Describe(PruneOptions& o) {
  cli::Command c;
  c.summary = "Remove all containers that do not run";
  c.prose = "Removes every container that was created and not started, or has ended, and prints its id. Asks first, unless -f is given.";
  c.options.push_back({.name = "force", .short_name = 'f', .help = "Do not ask", .sink = &o.force});
  c.options.push_back({.name = "filter", .value = "key=value", .help = "Remove only those that match: label=, label!=, until=", .sink = &o.filters});
  c.examples = {{"container prune -f --filter until=24h", "Those that are older than a day"}};
  return c;
}

// One line of stdin, byte by byte: what follows it is not ours to read.
Result<bool> Agreed(Context& context) {
  PrintRaw(context, "WARNING! This will remove all non running containers.\nAre you sure you want to continue? [y/N] ");
  std::string answer;
  for (char c = 0; c != '\n';) {
    const ssize_t n = ::read(STDIN_FILENO, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error::Sys(errno, "read", "stdin");
    if (n == 0) return Error(Code::kIo, "EOF");
    answer += c;
  }
  return !answer.empty() && (answer[0] == 'y' || answer[0] == 'Y');
}

Result<int> Run(Context& context, const PruneOptions& o) {
  for (const std::string& filter : o.filters) {
    const std::string key = filter.substr(0, filter.find('='));
    if (key != "label" && key != "label!" && key != "until") return Error(Code::kInvalidArgument, key + " is an invalid filter");
  }
  if (!o.force && !TRY(Agreed(context))) return 0;
  engine::ListContainersOptions list;
  list.all = true;
  list.filters = o.filters;
  Several several;
  for (const engine::ContainerRow& row : TRY(engine::ListContainers(context.engine, list))) {
    if (row.state != "created" && row.state != "exited") continue;
    Status removed = engine::RemoveContainer(context.engine, row.container.id, {});
    if (removed.ok()) PrintLine(context, row.container.id);
    // Gone, or started, since it was listed.
    else if (removed.error().code() != Code::kNotFound && removed.error().code() != Code::kBusy) several.Add(std::move(removed));
  }
  return several.Finish();
}

}  // namespace

cli::Runnable PruneCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
