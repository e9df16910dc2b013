// SPDX-License-Identifier: Apache-2.0
#include "cli/dispatch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/completion.hpp"
#include "cli/render.hpp"
#include "cli/suggest.hpp"

namespace ctool::cli {
namespace {

Plan Print(std::string text) { return {.command = {}, .out = std::move(text), .err = {}}; }

std::string VersionLine(const App& app) {
  const std::string commit = app.commit.empty() ? "" : fmt::format(" ({})", app.commit);
  return fmt::format("{} version {}{}\n", app.name, app.version, commit);
}

Plan Fail(std::string_view text, std::string out = {}) {
  return {.command = {}, .out = std::move(out), .err = fmt::format("Error: {}\n", text),
          .status = kUsageStatus};
}

std::string Called(const App& app, std::string_view path) {
  return path.empty() ? std::string(app.name) : fmt::format("{} {}", app.name, path);
}

Plan BadOptions(const App& app, std::string_view path, const Error& error) {
  return Fail(fmt::format("{}\nSee '{} --help'", error.Message(), Called(app, path)));
}

Plan UnknownCommand(const App& app, std::string_view path, std::string_view word) {
  const std::string called = Called(app, path);
  std::string text = fmt::format("unrecognized command `{} {}`\n", called, Printable(word));
  std::vector<std::string_view> names;
  for (const Child& child : Children(app, path)) names.push_back(child.word);
  if (const auto near = Suggestions(word, names); !near.empty()) {
    text += "\nDid you mean this?\n";
    for (const std::string_view name : near) text += fmt::format("\t{}\n", name);
    text += "\n";
  }
  return Fail(fmt::format("{}Try '{} --help' for more information", text, called));
}

// `ctool`, `ctool image`, and what follows them that is no command.
Plan NoCommand(const App& app, Parser& parser, std::string_view path, Args args) {
  const auto version = path.empty() ? Parser::Version::kYes : Parser::Version::kNo;
  auto outcome = parser.Parse({}, args, false, version);
  if (!outcome.ok()) return BadOptions(app, path, outcome.error());
  if (outcome->help) return Print(GroupHelp(app, path));
  if (outcome->version) return Print(VersionLine(app));
  if (!outcome->positionals.empty()) return UnknownCommand(app, path, outcome->positionals[0]);
  return Fail(fmt::format("missing command '{} COMMAND'", Called(app, path)),
              GroupHelp(app, path));
}

Plan HelpFor(const App& app, const Command& help, std::span<const std::string> words) {
  const bool json = !std::get<std::string*>(FindOption(help.options, "format")->sink)->empty();
  const auto show = [&](std::string text, const std::string& page) {
    return Plan{.command = {}, .out = std::move(text), .err = {}, .status = 0,
                .page = ManPage(app, page)};
  };
  for (const Topic& topic : app.topics)
    if (words.size() == 1 && words[0] == topic.name && !json)
      return show(TopicText(topic), ManPageName(app, topic));
  std::string path;
  for (const std::string& word : words) {
    const std::string next = path.empty() ? word : path + " " + word;
    if (const Entry* entry = FindEntry(app, next)) {
      if (json) return Print(DumpJson(app, entry->path));
      return show(CommandHelp(app, Make(*entry, next).description),
                  ManPageName(app, entry->path));
    }
    if (!IsGroup(app, next))
      return {.command = {}, .out = {},
              .err = fmt::format("Error: unknown help topic {}\nTry '{} --help' for more "
                                 "information\n", Quote(Join({words.begin(), words.end()}, " ")),
                                 app.name),
              .status = kUsageStatus};
    path = next;
  }
  if (json) return Print(DumpJson(app, path));
  // Without a word it is the list of commands that is wanted.
  return path.empty() ? Print(GroupHelp(app, path))
                      : show(GroupHelp(app, path), ManPageName(app, path));
}

Plan Leaf(const App& app, Parser& parser, const Entry& entry, std::string_view path, Args args) {
  Runnable runnable = Make(entry, path);
  const Command& command = runnable.description;
  auto outcome = parser.Parse(command.options, args, command.stop_at_first_positional);
  if (!outcome.ok()) return BadOptions(app, path, outcome.error());
  // Afresh: the sinks of `command` hold what was given, and help shows them as the defaults.
  if (outcome->help) return Print(CommandHelp(app, Make(entry, path).description));
  if (entry.make == HelpCommand) return HelpFor(app, command, outcome->positionals);
  const std::vector<std::string> words = outcome->positionals;
  if (Status s = StorePositionals(command, Called(app, path), std::move(outcome->positionals));
      !s.ok())
    return Fail(s.error().Message());
  if (entry.make == CompletionCommand) {
    std::string script = CompletionScript(words[0], app.name);
    if (script.empty())
      return Fail(fmt::format("invalid argument {} for \"{} completion\"", Quote(words[0]),
                              app.name));
    return Print(std::move(script));
  }
  return {.command = std::move(runnable), .out = {}, .err = {}};
}

// The words that shells and the build use and people don't.
std::optional<Plan> Hidden(const App& app, Args args) {
  if (args.empty() || !StartsWith(args[0], "__")) return std::nullopt;
  if (args[0] == "__complete") return Print(CompleteWords(app, args.subspan(1)));
  if (args[0] == "__parse") {  // as far as it goes without running anything
    Plan plan = Dispatch(app, args.subspan(1));
    return Plan{.command = {}, .out = {}, .err = std::move(plan.err), .status = plan.status};
  }
  if (args[0] == "__man" && args.size() == 1) return Print(Join(ManPageNames(app), "\n") + "\n");
  if (args[0] == "__man") {
    std::string page = ManPage(app, args[1]);
    if (!page.empty()) return Print(std::move(page));
    return Fail(fmt::format("no manual page {}", Quote(args[1])));
  }
  return std::nullopt;
}

bool InPath(std::string_view path, std::string_view group) {
  return path.size() > group.size() && StartsWith(path, group) && path[group.size()] == ' ';
}

template <class Visit>
bool AnyPath(const Entry& entry, Visit visit) {
  if (visit(entry.path)) return true;
  return std::any_of(entry.aliases.begin(), entry.aliases.end(),
                     [&](std::string_view alias) { return !alias.empty() && visit(alias); });
}

}  // namespace

const Entry* FindEntry(const App& app, std::string_view path) {
  for (const Entry& entry : app.entries)
    if (AnyPath(entry, [&](std::string_view p) { return p == path; })) return &entry;
  return nullptr;
}

bool IsGroup(const App& app, std::string_view path) {
  return std::any_of(app.entries.begin(), app.entries.end(), [&](const Entry& entry) {
    return AnyPath(entry, [&](std::string_view p) { return InPath(p, path); });
  });
}

std::vector<Child> Children(const App& app, std::string_view path) {
  std::vector<Child> children;
  for (const Group& group : app.groups) {
    std::string_view word = group.path;
    if (group.hidden || (!path.empty() && !InPath(word, path))) continue;
    if (!path.empty()) word.remove_prefix(path.size() + 1);
    if (word.find(' ') == word.npos) children.push_back({.word = word, .group = &group});
  }
  for (const Entry& entry : app.entries) {
    AnyPath(entry, [&](std::string_view p) {
      if (!path.empty()) {
        if (!InPath(p, path)) return false;
        p.remove_prefix(path.size() + 1);
      }
      if (p.find(' ') != p.npos) return false;
      children.push_back({.word = p, .entry = &entry});
      return true;
    });
  }
  std::sort(children.begin(), children.end(),
            [](const Child& a, const Child& b) { return a.word < b.word; });
  return children;
}

Runnable Make(const Entry& entry, std::string_view path) {
  Runnable runnable = entry.make();
  Command& command = runnable.description;
  command.path = path;
  AnyPath(entry, [&](std::string_view p) {
    if (p != path) command.aliases.emplace_back(p);
    return false;
  });
  return runnable;
}

std::vector<Runnable> AllCommands(const App& app) {
  std::vector<Runnable> commands;
  for (const Entry& entry : app.entries) commands.push_back(Make(entry, entry.path));
  std::sort(commands.begin(), commands.end(), [](const Runnable& a, const Runnable& b) {
    return a.description.path < b.description.path;
  });
  return commands;
}

Plan Dispatch(const App& app, Args args) {
  if (auto hidden = Hidden(app, args)) return std::move(*hidden);
  Parser parser(app.globals);
  std::string path;
  std::vector<std::string_view> flags;  // of the level `path`
  size_t level = 0;                     // where its words begin
  for (size_t i = level; i < args.size(); ++i) {
    const std::string_view word = args[i];
    if (word.size() > 1 && word[0] == '-') {
      flags.push_back(word);
      if (TakesNextWord(app.globals, word) && i + 1 < args.size()) flags.push_back(args[++i]);
      continue;
    }
    const std::string next = path.empty() ? std::string(word) : fmt::format("{} {}", path, word);
    const Entry* entry = FindEntry(app, next);
    if (entry == nullptr && !IsGroup(app, next)) break;
    // cobra shows no "See '... --help'" for options in front of a command.
    const auto version = path.empty() ? Parser::Version::kYes : Parser::Version::kNo;
    auto outcome = parser.Parse({}, flags, false, version);
    if (!outcome.ok()) return Fail(outcome.error().Message());
    if (outcome->version) return Print(VersionLine(app));
    if (entry != nullptr) return Leaf(app, parser, *entry, next, args.subspan(i + 1));
    path = next;
    level = i + 1;
    flags.clear();
  }
  return NoCommand(app, parser, path, args.subspan(level));
}

namespace {
struct Words {
  std::vector<std::string> words;
  std::string format;
};
}  // namespace

Runnable HelpCommand() {
  return Bind<Words, Result<int>>(
      [](Words& o) {
        return Command{.summary = "Help about any command",
                       .prose = "Shows the manual page of a command or of a topic by man(1), if it runs at a "
                                "terminal, and else what --help behind the command shows.",
                       .usage = "[COMMAND|TOPIC]",
                       .options = {{.name = "format", .value = "format",
                                    .help = "Print the descriptions of the commands as json",
                                    .sink = &o.format, .values = {"json"}, .only_values = true}},
                       .args = {{.name = "COMMAND", .min = 0, .max = kUnlimited, .sink = &o.words,
                                 .complete = Complete::kCommands}},
                       .examples = {{"help run"}, {"help image ls"}, {"help rootless", "How ctool does without root"},
                                    {"help --format json",
                                     "All commands and options, for programs"}}};
      },
      [](Context&, const Words&) -> Result<int> { return 0; });
}

Runnable CompletionCommand() {
  return Bind<Words, Result<int>>(
      [](Words& o) {
        return Command{
            .summary = "Print a shell completion script",
            .prose = "Prints a script that makes a shell complete commands, options and the "
                     "names of containers, images, volumes and networks.",
            .args = {{.name = "SHELL", .sink = &o.words, .complete = Complete::kValues,
                      .values = {"bash", "fish", "zsh"}}},
            .examples = {{"completion bash > ~/.local/share/bash-completion/completions/ctool"},
                         {"completion fish > ~/.config/fish/completions/ctool.fish"},
                         {"completion zsh > \"${fpath[1]}/_ctool\""}}};
      },
      [](Context&, const Words&) -> Result<int> { return 0; });
}

}  // namespace ctool::cli
