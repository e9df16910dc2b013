// SPDX-License-Identifier: Apache-2.0
#include "engine/top.hpp"

#include "base/text.hpp"
#include "cli/table.hpp"
#include "ctool/container/options.hpp"
#include "ctool/container/top_columns.hpp"
#include "engine/containers.hpp"
#include "engine/exec.hpp"

namespace ctool {
namespace {

struct TopOptions {
  std::vector<std::string> words;  // the container, and what to show
  bool latest = false, list = false;
};

cli::Command Describe(TopOptions& o) {
  cli::Command c;
  c.summary = "Show the processes of a container";
  c.prose =
      "Shows what runs in CONTAINER. A DESCRIPTOR names a column; several are separated by blanks or commas:\n\n"
      "    args capamb capbnd capeff capinh capprm comm etime group groups\n"
      "    hgroup hgroups hpid huid huser label nice pcpu pgid pid ppid\n"
      "    rgroup rss ruser seccomp state stime time tty uid user vsz\n\n"
      "Those that begin with h (hpid, huser, hgroup) are as the host sees them. Codes of ps(1) on AIX are known too: %C "
      "is pcpu. By default: user, pid, ppid, pcpu, etime, tty, time, args.\n\n"
      "When a word is no descriptor all of them are for ps(1), which is executed in the container if that has it.";
  c.usage = "CONTAINER [DESCRIPTOR...]";
  c.options.push_back({.name = "latest", .short_name = 'l', .help = "Show the container that was created last; every word is a descriptor", .sink = &o.latest});
  c.options.push_back({.name = "list-descriptors", .help = "Print the descriptors", .sink = &o.list, .hidden = true});
  c.args = {{.name = "CONTAINER", .min = 0, .max = cli::kUnlimited, .sink = &o.words, .complete = cli::Complete::kActiveContainers}};
  c.stop_at_first_positional = true;
  c.examples = {{"top web"}, {"top web pid,user,args", "Three columns"}, {"top -l hpid huser capeff", "As the host sees them"}, {"top web aux", "What the container's own ps says"}};
  return c;
}

// The columns that `words` name; empty when one of them is no descriptor, which makes all of them words of ps(1).
std::vector<const TopColumn*> Columns(const std::vector<std::string>& words) {
  std::vector<const TopColumn*> columns;
  for (const std::string& word : words)
    for (const std::string& part : Split(word, ',')) {
      if (part.empty()) continue;
      const TopColumn* column = FindTopColumn(Trim(part));
      if (column == nullptr) return {};
      columns.push_back(column);
    }
  if (columns.empty())
    for (const char* name : {"user", "pid", "ppid", "pcpu", "etime", "tty", "time", "args"}) columns.push_back(FindTopColumn(name));
  return columns;
}

// The container's own ps(1), with its own output.
Result<int> RunPs(Context& context, const state::Container& container, const std::vector<std::string>& words) {
  engine::ExecOptions ps;
  ps.command = {"ps"};
  for (const std::string& word : words)
    for (const std::string& part : Split(word, ' '))
      if (!part.empty()) ps.command.push_back(part);
  if (container.state != state::ContainerState::kRunning)
    return Error(Code::kBusy, "top can only be used on running containers: container state improper");
  const Result<engine::StartOutcome> run = engine::Exec(context.engine, container.id, ps, [](const std::string&) {});
  const std::string what = "executing ps(1) in the container: " + Printable(Join(ps.command, " "));
  if (!run.ok())
    return Error(Code::kInvalidArgument, what + ": " + run.error().Message())
        .Hint("descriptors such as pid,user,args name columns that need no program in the container: see `ctool top --help`");
  if (run->exit_code != 0) return Error(Code::kInvalidArgument, what + ": it exited with status " + std::to_string(run->exit_code));
  return 0;
}

std::string Table(const std::vector<const TopColumn*>& columns, const std::vector<engine::TopProcess>& processes) {
  std::vector<std::vector<std::string>> rows(1);
  for (const TopColumn* column : columns) rows[0].emplace_back(column->header);
  for (const engine::TopProcess& process : processes) {
    rows.emplace_back();
    for (const TopColumn* column : columns) rows.back().push_back(Printable(column->text(process)));
  }
  return cli::AlignRows(rows);
}

Result<state::Container> Target(Context& context, const TopOptions& o) {
  if (o.latest) return engine::LatestContainer(context.engine);
  if (o.words.empty()) return Error(Code::kInvalidArgument, "you must provide the name or id of a running container");
  Result<state::Container> found = engine::FindContainer(context.engine, o.words[0]);
  if (!found.ok()) return std::move(found).error().Wrap("unable to look up requested container");
  return found;
}

Result<int> Run(Context& context, const TopOptions& o) {
  if (o.list) {
    for (const std::string& name : TopColumnNames()) PrintLine(context, name);
    return 0;
  }
  const state::Container container = TRY(Target(context, o));
  const std::vector<std::string> words(o.words.begin() + (o.latest ? 0 : 1), o.words.end());
  const std::vector<const TopColumn*> columns = Columns(words);
  if (columns.empty()) return RunPs(context, container, words);
  PrintRaw(context, Table(columns, TRY(engine::Top(context.engine, container, WantedBy(columns)))));
  return 0;
}

}  // namespace

cli::Runnable TopCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
