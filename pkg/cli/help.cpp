// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/gotext.hpp"
#include "cli/render.hpp"
#include "cli/sink.hpp"

namespace ctool::cli {
namespace {

// Two columns, the right one three blanks behind the widest left cell, as pflag prints options.
class Columns {
 public:
  void Add(std::string left, std::string right) {
    width_ = std::max(width_, RuneCount(left));
    rows_.emplace_back(std::move(left), std::move(right));
  }
  std::string Text(size_t gap) const {
    std::string out;
    for (const auto& [left, right] : rows_) {
      const size_t pad = right.empty() ? 0 : width_ - RuneCount(left) + gap;
      out += fmt::format("{}{:{}}{}\n", left, "", pad, right);
    }
    return out;
  }
  bool empty() const { return rows_.empty(); }

 private:
  size_t width_ = 0;
  std::vector<std::pair<std::string, std::string>> rows_;
};

// Whether a default may be read from the sink, which the options of one parse share with nobody;
// the global ones live as long as the program.
enum class Defaults { kOfSinks, kAsWritten };

std::string OptionRows(std::span<const Option> options, Defaults defaults) {
  std::vector<const Option*> sorted;
  for (const Option& o : options)
    if (!o.hidden) sorted.push_back(&o);
  std::sort(sorted.begin(), sorted.end(),
            [](const Option* a, const Option* b) { return a->name < b->name; });
  Columns columns;
  for (const Option* o : sorted) {
    std::string left = o->short_name != 0 ? fmt::format("  -{}, --{}", o->short_name, o->name)
                                          : fmt::format("      --{}", o->name);
    if (const std::string_view value = ValueName(*o); !value.empty())
      left += o->implied.empty() ? fmt::format(" {}", value) : fmt::format("[={}]", value);
    std::string right(o->help);
    const std::string def =
        defaults == Defaults::kOfSinks ? DefaultText(*o) : std::string(o->def);
    if (!def.empty()) right += fmt::format(" (default {})", def);
    columns.Add(std::move(left), std::move(right));
  }
  return columns.Text(3);
}

constexpr size_t kProseWidth = 78;

// Prose, two blanks in; its lines of four blanks stay as they are.
std::string Indented(std::string_view prose) {
  std::string out;
  for (const std::string& line : Split(prose, '\n')) {
    const std::string text = StartsWith(line, "    ") ? line : Wrap(line, kProseWidth);
    for (const std::string& part : Split(text, '\n'))
      out += part.empty() ? "\n" : fmt::format("  {}\n", part);
  }
  return out;
}

std::string ExampleRows(const App& app, std::span<const Example> examples) {
  std::string out;
  for (const Example& e : examples) {
    if (!e.explanation.empty()) out += fmt::format("  # {}\n", e.explanation);
    out += fmt::format("  {} {}\n", app.name, e.text);
  }
  return out;
}

}  // namespace

std::string Wrap(std::string_view text, size_t width) {
  std::string out;
  size_t length = 0;
  for (const std::string& word : Split(text, ' ')) {
    if (word.empty()) continue;
    const bool fits = length + 1 + word.size() <= width;
    if (length > 0) out += fits ? ' ' : '\n';
    length = fits && length > 0 ? length + 1 + word.size() : word.size();
    out += word;
  }
  return out;
}

std::string TopicText(const Topic& topic) {
  std::string out = fmt::format("{}\n\n", topic.summary);
  std::string text;  // running, until something else begins
  size_t indent = 2;
  const auto flush = [&] {
    if (text.empty()) return;
    for (const std::string& part : Split(Wrap(text, kProseWidth + 2 - indent), '\n'))
      out += fmt::format("{:{}}{}\n", "", indent, part);
    text.clear();
    indent = 2;
  };
  for (const std::string& line : Split(Trim(topic.prose), '\n')) {
    const size_t term = line.find(" :: ");
    const bool literal = StartsWith(line, "    "), heading = StartsWith(line, "# ");
    if (!literal && !heading && term == line.npos && !line.empty()) {
      text += text.empty() ? line : " " + line;
      continue;
    }
    flush();
    if (literal) out += fmt::format("  {}\n", line);
    else if (heading) out += fmt::format("{}:\n", line.substr(2));
    else if (line.empty()) out += "\n";
    else {
      out += fmt::format("  {}\n", line.substr(0, term));
      text = line.substr(term + 4);
      indent = 6;
    }
  }
  flush();
  while (EndsWith(out, "\n\n")) out.pop_back();
  return out;
}

std::string UsageLine(const App& app, const Command& command) {
  std::string line = fmt::format("{} {}", app.name, command.path);
  if (!command.options.empty()) line += " [options]";
  if (!command.usage.empty()) return fmt::format("{} {}", line, command.usage);
  for (const Positional& p : command.args) {
    const std::string more = p.max > 1 ? fmt::format(" [{}...]", p.name) : "";
    if (p.min > 0)
      line += fmt::format(" {}{}", p.name, more);
    else
      line += p.max > 1 ? fmt::format(" [{}...]", p.name) : fmt::format(" [{}]", p.name);
  }
  return line;
}

std::string CommandHelp(const App& app, const Command& command) {
  std::string out = fmt::format("{}\n", command.summary);
  const std::string_view prose = command.prose.empty() ? command.summary : command.prose;
  out += fmt::format("\nDescription:\n{}", Indented(prose));
  out += fmt::format("\nUsage:\n  {}\n", UsageLine(app, command));
  if (!command.aliases.empty()) {
    out += "\nAliases:\n ";
    for (const std::string& alias : command.aliases)
      out += fmt::format("{} {} {}", &alias == &command.aliases[0] ? "" : ",", app.name, alias);
    out += "\n";
  }
  if (!command.examples.empty())
    out += fmt::format("\nExamples:\n{}", ExampleRows(app, command.examples));
  if (const std::string rows = OptionRows(command.options, Defaults::kOfSinks); !rows.empty())
    out += fmt::format("\nOptions:\n{}", rows);
  return out;
}

std::string GroupHelp(const App& app, std::string_view path) {
  const auto group = std::find_if(app.groups.begin(), app.groups.end(),
                                  [&](const Group& g) { return g.path == path; });
  const std::string_view summary = group != app.groups.end() ? group->summary : app.summary;
  const std::string called =
      path.empty() ? fmt::format("{} [options]", app.name) : fmt::format("{} {}", app.name, path);
  std::string out = fmt::format("{}\n\nUsage:\n  {} [command]\n", summary, called);
  Columns commands;
  for (const Child& child : Children(app, path)) {
    if (child.group != nullptr) {
      commands.Add(fmt::format("  {}", child.word), std::string(child.group->summary));
      continue;
    }
    const Runnable command = child.entry->make();
    if (!command.description.hidden)
      commands.Add(fmt::format("  {}", child.word), std::string(command.description.summary));
  }
  if (!commands.empty()) out += fmt::format("\nAvailable Commands:\n{}", commands.Text(1));
  if (!path.empty()) return out;
  Columns topics;
  for (const Topic& topic : app.topics)
    topics.Add(fmt::format("  {}", topic.name), std::string(topic.summary));
  if (!topics.empty())
    out += fmt::format("\nTopics, for '{} help TOPIC':\n{}", app.name, topics.Text(1));
  std::vector<Option> options = app.globals;
  options.push_back({.name = "help", .help = "Show this help, or a command's behind its name"});
  options.push_back({.name = "version", .short_name = 'v', .help = "Show the version"});
  bool none = false;
  for (size_t i = options.size() - 2; i < options.size(); ++i) options[i].sink = &none;
  return out + fmt::format("\nOptions:\n{}", OptionRows(options, Defaults::kAsWritten));
}

}  // namespace ctool::cli
