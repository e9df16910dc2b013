// SPDX-License-Identifier: Apache-2.0
#include "cli/completion.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "cli/sink.hpp"

namespace ctool::cli {
namespace {

// Works through the words in front of the cursor as Dispatch would, without minding mistakes.
class Completer {
 public:
  explicit Completer(const App& app) : app_(app) {}

  std::string Answer(Args before, std::string_view current) {
    for (const std::string_view word : before) Take(word);
    Offer(current);
    return Text();
  }

 private:
  // A name that would drive the terminal, or break this protocol of lines and tabs, is not offered.
  void Add(std::string text, std::string_view description) {
    if (Printable(text) != text) return;
    if (EndsWith(text, "=") || EndsWith(text, ":")) nospace_ = true;
    lines_.push_back(fmt::format("{}\t{}", text, Printable(description)));
  }

  std::string Text() const {
    std::string out;
    for (const std::string& line : lines_) out += line + "\n";
    std::string directive = ":";
    const std::string front = front_ > 0 ? fmt::format("={} ", front_) : " ";
    if (files_) directive += "files" + front;
    if (directories_) directive += "dirs" + front;
    if (nospace_) directive += "nospace ";
    return out + std::string(Trim(directive)) + "\n";
  }

  // Those of the command, or of `help`, whose words are a command's.
  std::span<const Option> OwnOptions() const { return runnable_.description.options; }

  const Option* Find(std::string_view word) const {
    if (StartsWith(word, "--")) {
      const std::string_view name = word.substr(2, word.find('=') - 2);
      const Option* own = FindOption(OwnOptions(), name);
      return own != nullptr ? own : FindOption(app_.globals, name);
    }
    const char letter = word[word.size() - 1];  // of -it, the last one may want a value
    const Option* own = FindOption(OwnOptions(), letter);
    return own != nullptr ? own : FindOption(app_.globals, letter);
  }

  void Take(std::string_view word) {
    if (awaiting_ != nullptr) {
      StoreQuietly(*awaiting_, word);
      awaiting_ = nullptr;
    } else if (!options_end_ && word == "--") {
      options_end_ = true;
    } else if (!options_end_ && word.size() > 1 && word[0] == '-') {
      TakeOption(word);
    } else if (command_ == nullptr) {
      TakeCommandWord(word);
    } else {
      ++positionals_;
      if (command_->stop_at_first_positional) options_end_ = true;
    }
  }

  void TakeOption(std::string_view word) {
    const Option* option = Find(word);
    if (option == nullptr) return;
    used_.push_back(option);
    if (const size_t equals = word.find('='); equals != word.npos)
      StoreQuietly(*option, word.substr(equals + 1));
    else if (!StandsAlone(*option))
      awaiting_ = option;
    else
      StoreQuietly(*option, option->implied.empty() ? "true" : option->implied);
  }

  // --root and its like decide which store the names come from. A broken value offers nothing, so
  // the error is of no use here.
  static void StoreQuietly(const Option& option, std::string_view value) {
    if (const Status stored = Store(option, value, false); !stored.ok()) return;
  }

  void TakeCommandWord(std::string_view word) {
    path_ = path_.empty() ? std::string(word) : fmt::format("{} {}", path_, word);
    const Entry* entry = FindEntry(app_, path_);
    if (entry == nullptr) {
      lost_ = lost_ || !IsGroup(app_, path_);
      return;
    }
    if (entry->make == HelpCommand) {  // its words are those of a command
      helps_ = true;
      runnable_ = Make(*entry, path_);
      return path_.clear();
    }
    if (helps_) return;  // it is only named
    runnable_ = Make(*entry, path_);
    command_ = &runnable_.description;
  }

  void Offer(std::string_view current) {
    if (lost_) return;
    if (awaiting_ != nullptr) return OfferValue(*awaiting_, "", current);
    if (!options_end_ && StartsWith(current, "-")) {
      const size_t equals = current.find('=');
      if (equals == current.npos || !StartsWith(current, "--")) return OfferOptions(current);
      if (const Option* option = Find(current))
        OfferValue(*option, current.substr(0, equals + 1), current.substr(equals + 1));
      return;
    }
    if (command_ == nullptr) return OfferCommands(current);
    OfferPositional(current);
  }

  void OfferCommands(std::string_view current) {
    if (helps_ && path_.empty())
      for (const Topic& topic : app_.topics)
        if (StartsWith(topic.name, current)) Add(std::string(topic.name), topic.summary);
    for (const Child& child : Children(app_, path_)) {
      if (!StartsWith(child.word, current)) continue;
      if (child.group != nullptr) {
        Add(std::string(child.word), child.group->summary);
      } else if (const Runnable r = child.entry->make(); !r.description.hidden) {
        Add(std::string(child.word), r.description.summary);
      }
    }
  }

  void OfferOptions(std::string_view current) {
    static const Option kHelp = {.name = "help", .help = "Show help"};
    OfferOption(kHelp, current);
    for (const Option& o : OwnOptions()) OfferOption(o, current);
    if (command_ == nullptr && !helps_)
      for (const Option& o : app_.globals) OfferOption(o, current);
  }

  void OfferOption(const Option& o, std::string_view current) {
    const bool used = std::find(used_.begin(), used_.end(), &o) != used_.end();
    const std::string text = fmt::format("--{}", o.name);
    if (o.hidden || (used && !IsRepeatable(o)) || !StartsWith(text, current)) return;
    Add(text, o.help);
  }

  void OfferPositional(std::string_view current) {
    size_t at = positionals_;
    for (const Positional& p : command_->args) {
      if (at < p.max) {
        OfferWords(p.words, "", current);
        return OfferKind(p.complete, p.values, "", current);
      }
      at -= p.max;
    }
  }

  // `typed` stays in front of every candidate: "--name=", or the values before the last comma.
  void OfferValue(const Option& option, std::string_view typed, std::string_view current) {
    std::string in_front(typed);
    const size_t comma = option.comma || option.keys ? current.rfind(',') : current.npos;
    if (comma != current.npos) {
      in_front += current.substr(0, comma + 1);
      current.remove_prefix(comma + 1);
    }
    if (IsFlag(option)) {
      static constexpr std::string_view kBool[] = {"false", "true"};
      return OfferValues(kBool, in_front, current);
    }
    OfferWords(option.words, in_front, current);
    if (option.live)
      for (const std::string& value : option.live())
        if (StartsWith(value, current)) Add(in_front + value, "");
    if (option.complete != Complete::kValues) OfferValues(option.values, in_front, current);
    OfferKind(option.complete, option.values, in_front, current);
  }

  void OfferValues(std::span<const std::string_view> values, std::string_view typed,
                   std::string_view current) {
    for (const std::string_view value : values)
      if (StartsWith(value, current)) Add(fmt::format("{}{}", typed, value), "");
  }

  void OfferWords(std::span<const Word> words, std::string_view typed, std::string_view current) {
    for (const Word& word : words) {
      const bool goes_on = EndsWith(word.text, "=") || EndsWith(word.text, ":");
      if (goes_on && StartsWith(current, word.text)) {
        OfferKind(word.after, {}, fmt::format("{}{}", typed, word.text),
                  current.substr(word.text.size()));
      } else if (StartsWith(word.text, current)) {
        // The values of a key come when the key is there.
        const size_t equals = goes_on ? word.text.npos : word.text.find('=');
        if (equals == word.text.npos || current.size() > equals)
          Add(fmt::format("{}{}", typed, word.text), word.about);
      }
    }
  }

  void OfferKind(Complete kind, std::span<const std::string_view> values, std::string_view typed,
                 std::string_view current) {
    switch (kind) {
      case Complete::kNone: return;
      case Complete::kFiles: return OfferPaths(files_, typed);
      case Complete::kDirectories: return OfferPaths(directories_, typed);
      case Complete::kValues: return OfferValues(values, typed, current);
      case Complete::kCommands: return;  // Offer has done it
      case Complete::kContainerPaths:
      case Complete::kVolumeSources:
        // Behind the colon it is a path of the container's.
        if (current.find(':') == current.npos) OfferPaths(files_, typed);
        break;
      default: break;
    }
    if (!app_.candidates) return;
    const bool names = kind != Complete::kContainerPaths && kind != Complete::kVolumeSources;
    for (const Candidate& c : app_.candidates(kind))
      if (StartsWith(c.text, current) && (!c.rare || current.size() >= kTypedOfId))
        Add(fmt::format("{}{}{}", typed, c.text, names ? "" : ":"), c.description);
  }

  void OfferPaths(bool& kind, std::string_view typed) {
    kind = true;
    front_ = std::max(front_, typed.size());  // a key's path goes before one that the option takes by itself
  }

  // Hundreds of ids are no help to who has typed nothing.
  static constexpr size_t kTypedOfId = 2;


  const App& app_;
  Runnable runnable_ = {};
  const Command* command_ = nullptr;
  std::string path_;
  std::vector<const Option*> used_;
  const Option* awaiting_ = nullptr;
  size_t positionals_ = 0, front_ = 0;
  bool options_end_ = false, lost_ = false, helps_ = false;
  bool files_ = false, directories_ = false, nospace_ = false;
  std::vector<std::string> lines_;
};

}  // namespace

std::string CompleteWords(const App& app, Args args) {
  if (args.empty()) return ":\n";
  const auto index = ParseUint(args[0]);
  const Args words = args.subspan(1);
  if (!index || *index > words.size()) return ":\n";
  const std::string_view current = *index < words.size() ? words[*index] : std::string_view();
  return Completer(app).Answer(words.first(*index), current);
}

}  // namespace ctool::cli
