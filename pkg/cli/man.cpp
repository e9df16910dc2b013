// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/render.hpp"
#include "cli/sink.hpp"

namespace ctool::cli {
namespace {

// Text as roff shows it literally. An ASCII '-' must be \- to be copied out of a page as such.
std::string Roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    line_start = c == '\n';
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '"')
      out += "\\(dq";
    else
      out += c;
  }
  return out;
}

constexpr size_t kLine = 78;

// Running text, on lines of a length that mandoc likes, escapes included.
std::string Fill(std::string_view text) {
  std::string out;
  for (const std::string& line : Split(Wrap(Roff(text), kLine), '\n')) {
    const bool request = StartsWith(line, ".") || StartsWith(line, "'");
    out += fmt::format("{}{}\n", request ? "\\&" : "", line);
  }
  return out;
}

std::string Bold(std::string_view text) { return fmt::format("\\fB{}\\fR", Roff(text)); }
std::string Italic(std::string_view text) { return fmt::format("\\fI{}\\fR", Roff(text)); }

std::string PageName(std::string_view program, std::string_view path) {
  std::string name = fmt::format("{}{}{}", program, path.empty() ? "" : "-", path);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string Sentence(std::string_view text) {
  return text.empty() || EndsWith(text, ".") ? std::string(text) : fmt::format("{}.", text);
}

// "TERM :: text" of a topic.
constexpr std::string_view kTerm = " :: ";

// A paragraph, a heading or an entry of a list.
std::string Block(std::string_view line) {
  if (StartsWith(line, "# ")) {
    std::string heading(line.substr(2));
    for (char& c : heading)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return fmt::format(".SH {}\n", Roff(heading));
  }
  const size_t term = line.find(kTerm);
  if (term == line.npos) return Fill(line);
  return fmt::format(".TP\n{}\n{}", Bold(line.substr(0, term)),
                     Fill(line.substr(term + kTerm.size())));
}

bool OpensItself(std::string_view line) {
  return StartsWith(line, "# ") || line.find(kTerm) != line.npos;
}

// Paragraphs; lines that begin with four blanks are shown as they are.
std::string Paragraphs(std::string_view prose) {
  std::string out;
  bool literal = false, between = false, heading = false;
  for (const std::string& line : Split(prose, '\n')) {
    const bool is_literal = StartsWith(line, "    ");
    if (literal && !is_literal) out += ".EE\n.RE\n";
    if (!literal && is_literal) out += out.empty() || heading ? ".RS 4\n.EX\n" : ".PP\n.RS 4\n.EX\n";
    const bool opens = !line.empty() && !is_literal && !OpensItself(line) && !heading;
    if (opens && (literal || between)) out += ".PP\n";
    literal = is_literal;
    between = line.empty();
    if (!line.empty()) heading = StartsWith(line, "# ");
    if (!line.empty())
      out += is_literal ? Roff(std::string_view(line).substr(4)) + "\n" : Block(line);
  }
  return literal ? out + ".EE\n.RE\n" : out;
}

std::string Title(std::string_view page, const App& app, std::string_view section = "1") {
  std::string upper(page);
  for (char& c : upper)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  // The date is the version's: its pages are the same bytes whenever they are made.
  const std::string_view volume = section == "1"   ? "User Commands"
                                  : section == "5" ? "File Formats"
                                                   : "Miscellaneous Information";
  return fmt::format(".TH {} {} \"{}\" \"{} {}\" \"{}\"\n", Roff(upper), section, app.date,
                     app.name, app.version, volume);
}

// The words that are explained; their values only as far as they are, too.
std::string WordList(std::span<const Word> words) {
  std::string out;
  for (const Word& word : words)
    if (!word.about.empty())
      out += fmt::format(".TP\n{}\n{}", Bold(word.text), Fill(Sentence(word.about)));
  return out.empty() ? out : ".RS\n" + out + ".RE\n";
}

enum class Defaults { kOfSinks, kAsWritten };

std::string OptionList(std::span<const Option> options, Defaults defaults) {
  std::vector<const Option*> sorted;
  for (const Option& o : options)
    if (!o.hidden) sorted.push_back(&o);
  std::sort(sorted.begin(), sorted.end(),
            [](const Option* a, const Option* b) { return a->name < b->name; });
  std::string out;
  for (const Option* o : sorted) {
    std::string head = Bold(fmt::format("--{}", o->name));
    if (const std::string_view value = ValueName(*o); !value.empty())
      head += o->implied.empty() ? "=" + Italic(value) : "[=" + Italic(value) + "]";
    if (o->short_name != 0) head = Bold(fmt::format("-{}", o->short_name)) + ", " + head;
    out += fmt::format(".TP\n{}\n{}", head, Fill(Sentence(o->help)));
    if (!o->detail.empty()) out += Fill(o->detail);
    const std::string def =
        defaults == Defaults::kOfSinks ? DefaultText(*o) : std::string(o->def);
    if (!def.empty()) out += Fill(fmt::format("The default is {}.", def));
    if (!o->values.empty() && o->help.find(o->values[0]) == std::string_view::npos) {
      constexpr size_t kWidth = 79;
      std::string line = "One of";
      for (size_t i = 0; i < o->values.size(); ++i) {
        const std::string word = Bold(o->values[i]) + (i + 1 < o->values.size() ? "," : ".");
        const bool fits = line.size() + 1 + word.size() <= kWidth;
        line += (fits ? " " : "\n") + word;
        if (fits) continue;
        out += line.substr(0, line.size() - word.size());
        line = word;
      }
      out += line + "\n";
    }
    out += WordList(o->words);
  }
  return out.empty() ? out : ".SH OPTIONS\n" + out;
}

std::string ExampleList(const App& app, std::span<const Example> examples) {
  if (examples.empty()) return {};
  std::string out = ".SH EXAMPLES\n";
  for (const Example& e : examples) {
    if (&e != &examples.front()) out += ".PP\n";
    if (!e.explanation.empty()) out += Fill(fmt::format("{}:", e.explanation)) + ".PP\n";
    const std::string line = Roff(fmt::format("{} {}", app.name, e.text));
    out += fmt::format(".RS 4\n.EX\n{}\n.EE\n.RE\n", line);
  }
  return out;
}

std::string ExitList(const App& app, std::span<const ExitCode> exits) {
  std::string out = ".SH EXIT STATUS\n";
  if (exits.empty()) out += ".TP\n0\nSuccess.\n";
  for (const ExitCode& e : exits)
    out += fmt::format(".TP\n{}\n{}", Roff(e.status), Fill(Sentence(e.meaning)));
  const bool said = std::any_of(exits.begin(), exits.end(),
                                [](const ExitCode& e) { return e.status == "125"; });
  if (!said)
    out += fmt::format(".TP\n125\n{} itself failed, or the command line is wrong.\n", app.name);
  return out;
}

// References to the pages above and below: "ctool" is ctool(1), "ctool-rootless.7" has its section.
std::string SeeAlso(const std::vector<std::string>& pages) {
  std::string out = ".SH SEE ALSO\n";
  for (const std::string& page : pages) {
    const size_t dot = page.size() > 2 && page[page.size() - 2] == '.' ? page.size() - 2 : page.npos;
    out += fmt::format(".BR {} ({}){}\n", Roff(page.substr(0, dot)),
                       dot == page.npos ? "1" : page.substr(dot + 1),
                       &page == &pages.back() ? "" : " ,");
  }
  return out;
}

std::string TopicPage(const App& app, const Topic& topic) {
  const std::string page = PageName(app.name, topic.name);
  std::string out = Title(page, app, topic.section);
  out += fmt::format(".SH NAME\n{} \\- {}\n", Roff(page), Roff(topic.summary));
  out += ".SH DESCRIPTION\n" + Paragraphs(Trim(topic.prose));
  std::vector<std::string> others = {std::string(app.name)};
  for (const Topic& other : app.topics)
    if (&other != &topic) others.push_back(ManPageName(app, other));
  return out + SeeAlso(others);
}

std::string CommandPage(const App& app, const Command& command) {
  const std::string page = PageName(app.name, command.path);
  std::string out = Title(page, app);
  out += fmt::format(".SH NAME\n{} \\- {}\n", Roff(page), Roff(command.summary));
  const std::string usage = UsageLine(app, command);
  const std::string head = fmt::format("{} {}", app.name, command.path);
  out += fmt::format(".SH SYNOPSIS\n{}{}\n", Bold(head), Roff(usage.substr(head.size())));
  for (const std::string& alias : command.aliases)
    out += fmt::format(".PP\n{}{}\n", Bold(fmt::format("{} {}", app.name, alias)),
                       Roff(usage.substr(head.size())));
  const std::string summary = Sentence(command.summary);
  out += ".SH DESCRIPTION\n" + Paragraphs(command.prose.empty() ? summary : command.prose);
  out += OptionList(command.options, Defaults::kOfSinks) + ExitList(app, command.exits);
  out += ExampleList(app, command.examples);
  std::vector<std::string> others = {std::string(app.name)};
  if (const size_t cut = command.path.rfind(' '); cut != std::string::npos)
    others.push_back(PageName(app.name, command.path.substr(0, cut)));
  return out + SeeAlso(others);
}

std::string GroupPage(const App& app, std::string_view path, std::string_view summary) {
  const std::string page = PageName(app.name, path);
  std::string out = Title(page, app);
  out += fmt::format(".SH NAME\n{} \\- {}\n", Roff(page), Roff(summary));
  const std::string head = path.empty() ? std::string(app.name)
                                        : fmt::format("{} {}", app.name, path);
  out += fmt::format(".SH SYNOPSIS\n{} {}\\fIcommand\\fR [\\fIargument\\fR ...]\n", Bold(head),
                     path.empty() ? "[options] " : "");
  const bool top = path.empty() && !app.prose.empty();
  out += ".SH DESCRIPTION\n" + Paragraphs(top ? app.prose : Sentence(summary));
  if (path.empty()) out += OptionList(app.globals, Defaults::kAsWritten);
  out += ".SH COMMANDS\n";
  std::vector<std::string> pages;
  for (const Child& child : Children(app, path)) {
    std::string_view about = child.group != nullptr ? child.group->summary : "";
    std::string_view target = child.group != nullptr ? child.group->path : "";
    if (child.entry != nullptr) {
      const Runnable command = child.entry->make();
      if (command.description.hidden) continue;
      about = command.description.summary;
      target = child.entry->path;
    }
    pages.push_back(PageName(app.name, target));
    out += fmt::format(".TP\n{}\n{}See\n.BR {} (1).\n", Bold(child.word),
                       Fill(Sentence(about)), Roff(pages.back()));
  }
  if (path.empty()) out += ExitList(app, app.exits) + ExampleList(app, app.examples);
  std::vector<std::string> others;
  if (!path.empty()) others.push_back(std::string(app.name));
  for (const std::string& p : pages) others.push_back(p);
  if (path.empty())
    for (const Topic& topic : app.topics) others.push_back(ManPageName(app, topic));
  return others.empty() ? out : out + SeeAlso(others);
}

}  // namespace

std::string ManPageName(const App& app, std::string_view path) {
  return PageName(app.name, path) + ".1";
}

std::string ManPageName(const App& app, const Topic& topic) {
  return fmt::format("{}.{}", PageName(app.name, topic.name), topic.section);
}

std::vector<std::string> ManPageNames(const App& app) {
  std::vector<std::string> names = {ManPageName(app, "")};
  for (const Group& g : app.groups)
    if (!g.hidden) names.push_back(ManPageName(app, g.path));
  for (const Runnable& c : AllCommands(app))
    if (!c.description.hidden) names.push_back(ManPageName(app, c.description.path));
  for (const Topic& t : app.topics) names.push_back(ManPageName(app, t));
  std::sort(names.begin(), names.end());
  return names;
}

std::string ManPage(const App& app, std::string_view page) {
  if (page == ManPageName(app, "")) return GroupPage(app, "", app.summary);
  for (const Group& g : app.groups)
    if (ManPageName(app, g.path) == page) return GroupPage(app, g.path, g.summary);
  for (const Topic& t : app.topics)
    if (ManPageName(app, t) == page) return TopicPage(app, t);
  for (const Entry& e : app.entries)
    if (ManPageName(app, e.path) == page) return CommandPage(app, Make(e, e.path).description);
  return {};
}

}  // namespace ctool::cli
