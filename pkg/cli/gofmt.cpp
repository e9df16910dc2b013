// SPDX-License-Identifier: Apache-2.0
#include "cli/gofmt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/text.hpp"
#include "cli/gotext.hpp"
#include "cli/sink.hpp"

namespace ctool::cli {
namespace {

constexpr int kMostWidth = 1'000'000;  // fmt's own limit

struct Flags {
  bool minus = false, plus = false, sharp = false, space = false, zero = false;
  bool names = false;  // %+v: structs with the names of their fields
  std::optional<int> width, precision;
};

// One value under one verb.
class Formatter {
 public:
  Formatter(std::string& out, const Flags& flags) : out_(out), flags_(flags) {}

  void Print(const Value& v, uint32_t verb) {
    using Kind = Value::Kind;
    if (verb == 'T')
      return Pad(v.kind() == Kind::kNull && v.TypeName() == "nil" ? "<nil>" : v.TypeName());
    switch (v.kind()) {
      case Kind::kNull: return verb == 'v' ? Pad("<nil>") : BadVerb(v, verb);
      case Kind::kBool:
        return verb == 't' || verb == 'v' ? Pad(v.as_bool() ? "true" : "false") : BadVerb(v, verb);
      case Kind::kInt: {
        const int64_t i = v.as_int();
        return Integer(v, i < 0 ? 0 - static_cast<uint64_t>(i) : static_cast<uint64_t>(i), i < 0,
                       verb);
      }
      case Kind::kUint: return Integer(v, v.as_uint(), false, verb);
      case Kind::kDouble: return Float(v, v.as_double(), verb);
      case Kind::kString: return String(v, v.as_string(), verb);
      case Kind::kTime: return String(v, TimeText(v.as_time()), verb);
      case Kind::kDuration:
        if (IsTextVerb(verb)) return String(v, DurationText(v.as_duration()), verb);
        return Print(Value(v.as_duration()), verb);
      case Kind::kList: return List(v, verb);
      case Kind::kMap: return Map(v, verb);
      case Kind::kStruct: return Struct(v, verb);
    }
  }

 private:
  static bool IsTextVerb(uint32_t verb) {
    return verb == 'v' || verb == 's' || verb == 'q' || verb == 'x' || verb == 'X';
  }

  void Pad(std::string_view text, bool may_zero = true) {
    const size_t have = RuneCount(text);
    const size_t want = static_cast<size_t>(flags_.width.value_or(0));
    const size_t n = want > have ? want - have : 0;
    if (flags_.minus) out_.append(text).append(n, ' ');
    else out_.append(n, flags_.zero && may_zero ? '0' : ' ').append(text);
  }

  void BadVerb(const Value& v, uint32_t verb) {
    out_ += "%!";
    AppendRune(out_, verb);
    if (v.kind() == Value::Kind::kNull)
      out_ += "(<nil>)";
    else
      out_ += fmt::format("({}={})", v.TypeName(), Text(v));
  }

  static std::string Digits(uint64_t v, uint32_t verb) {
    switch (verb) {
      case 'b': return fmt::format("{:b}", v);
      case 'o':
      case 'O': return fmt::format("{:o}", v);
      case 'x': return fmt::format("{:x}", v);
      case 'X': return fmt::format("{:X}", v);
      default: return fmt::format("{}", v);
    }
  }

  void Integer(const Value& v, uint64_t size, bool negative, uint32_t verb) {
    if (verb == 'c') return Pad(Rune(size));
    if (verb == 'q')
      return Pad(GoQuoteRune(size > 0x10FFFF ? kRuneError : static_cast<uint32_t>(size)));
    if (verb == 'U') return Pad(fmt::format("U+{:04X}", size), false);
    if (verb != 'v' && verb != 'd' && verb != 'b' && verb != 'o' && verb != 'O' && verb != 'x' &&
        verb != 'X')
      return BadVerb(v, verb);
    std::string digits = Digits(size, verb);
    if (flags_.precision == 0 && size == 0) return Pad("", false);
    size_t least = static_cast<size_t>(flags_.precision.value_or(0));
    const bool sign = negative || flags_.plus || flags_.space;
    if (!flags_.precision && flags_.zero && !flags_.minus && flags_.width)
      least = static_cast<size_t>(std::max(0, *flags_.width - (sign ? 1 : 0)));
    if (digits.size() < least) digits.insert(0, least - digits.size(), '0');
    if (flags_.sharp && verb == 'b') digits.insert(0, "0b");
    if (flags_.sharp && verb == 'o' && digits[0] != '0') digits.insert(0, "0");
    if (flags_.sharp && (verb == 'x' || verb == 'X')) digits.insert(0, verb == 'x' ? "0x" : "0X");
    if (verb == 'O') digits.insert(0, "0o");
    if (sign) digits.insert(0, negative ? "-" : flags_.plus ? "+" : " ");
    Pad(digits, false);
  }

  static std::string Rune(uint64_t size) {
    std::string text;
    AppendRune(text, size > 0x10FFFF ? kRuneError : static_cast<uint32_t>(size));
    return text;
  }

  void Float(const Value& v, double d, uint32_t verb) {
    std::string text;
    switch (verb) {
      case 'v': text = FormatGoFloat(d, 'g', flags_.precision.value_or(-1)); break;
      case 'g':
      case 'G': text = FormatGoFloat(d, 'g', flags_.precision.value_or(-1)); break;
      case 'f':
      case 'F': text = FormatGoFloat(d, 'f', flags_.precision.value_or(6)); break;
      case 'e':
      case 'E': text = FormatGoFloat(d, 'e', flags_.precision.value_or(6)); break;
      default: return BadVerb(v, verb);
    }
    if (verb == 'G' || verb == 'E') std::replace(text.begin(), text.end(), 'e', 'E');
    const bool has_sign = text[0] == '-' || text[0] == '+';
    std::string sign = has_sign ? text.substr(0, 1) : "";
    if (has_sign) text.erase(0, 1);
    if (sign == "+" || sign.empty()) {
      const bool inf_shown = std::isinf(d) && flags_.plus;
      sign = flags_.plus || inf_shown ? "+" : flags_.space ? " " : std::isinf(d) ? "+" : "";
    }
    const bool zeros = flags_.zero && !flags_.minus && std::isfinite(d) && flags_.width;
    if (zeros) {
      const size_t want = static_cast<size_t>(*flags_.width);
      const size_t have = text.size() + sign.size();
      if (want > have) text.insert(0, want - have, '0');
    }
    Pad(sign + text, false);
  }

  void String(const Value& v, std::string_view text, uint32_t verb) {
    if (!IsTextVerb(verb)) return BadVerb(v, verb);
    if (verb == 'v' && flags_.sharp) return Pad(GoQuote(text));
    const std::string cut = Truncate(text);
    if (verb == 'q') return Pad(Quoted(cut));
    if (verb == 'v' || verb == 's') return Pad(cut);
    std::string hex = flags_.sharp && !text.empty() ? "0x" : "";
    hex += Hex(std::string_view(text).substr(
        0, static_cast<size_t>(flags_.precision.value_or(static_cast<int>(text.size())))));
    if (verb == 'X')
      for (char& c : hex)
        if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    Pad(hex);
  }

  std::string Quoted(const std::string& text) const {
    const bool raw = flags_.sharp && text.find('`') == text.npos &&
                     std::none_of(text.begin(), text.end(),
                                  [](char c) { return c >= 0 && c < 0x20 && c != '\t'; });
    return raw ? fmt::format("`{}`", text) : GoQuote(text);
  }

  // To `precision` runes.
  std::string Truncate(std::string_view text) const {
    if (!flags_.precision) return std::string(text);
    size_t i = 0;
    for (int n = 0; n < *flags_.precision && i < text.size(); ++n) NextRune(text, i);
    return std::string(text.substr(0, i));
  }

  void List(const Value& v, uint32_t verb) {
    out_ += '[';
    bool first = true;
    for (const Value& item : v.items()) {
      if (!first) out_ += ' ';
      first = false;
      Print(item, verb);
    }
    out_ += ']';
  }

  void Map(const Value& v, uint32_t verb) {
    out_ += "map[";
    bool first = true;
    for (const Value::Field& f : v.fields()) {
      if (!first) out_ += ' ';
      first = false;
      Print(Value(f.name), verb);
      out_ += ':';
      Print(*f.value, verb);
    }
    out_ += ']';
  }

  void Struct(const Value& v, uint32_t verb) {
    out_ += '{';
    bool first = true;
    const Value* previous = nullptr;
    for (const Value::Field& f : v.fields()) {
      if (f.method || f.value.get() == previous) continue;  // no field, or an alias
      previous = f.value.get();
      if (!first) out_ += ' ';
      first = false;
      if (flags_.names) out_ += f.name + ":";
      Print(*f.value, verb);
    }
    out_ += '}';
  }

  std::string& out_;
  const Flags& flags_;
};

// Walks through a format and the arguments it takes.
class Printf {
 public:
  Printf(std::string_view format, std::span<const Value> args) : format_(format), args_(args) {}

  std::string Run() {
    while (i_ < format_.size()) {
      const size_t percent = std::min(format_.find('%', i_), format_.size());
      out_.append(format_, i_, percent - i_);
      i_ = percent + 1;
      if (percent < format_.size()) Directive();
    }
    if (!reordered_ && next_ < args_.size()) Extra();
    return std::move(out_);
  }

 private:
  char Peek() const { return i_ < format_.size() ? format_[i_] : '\0'; }

  void Directive() {
    flags_ = {};
    bad_index_ = false;
    after_index_ = false;
    for (; i_ < format_.size(); ++i_) {
      const char c = format_[i_];
      if (c == '#') flags_.sharp = true;
      else if (c == '0') flags_.zero = !flags_.minus;
      else if (c == '+') flags_.plus = true;
      else if (c == '-') flags_.minus = true, flags_.zero = false;
      else if (c == ' ') flags_.space = true;
      else break;
    }
    Index();
    Width();
    Precision();
    if (!after_index_) Index();
    if (i_ >= format_.size()) {
      out_ += "%!(NOVERB)";
      return;
    }
    const uint32_t verb = NextRune(format_, i_);
    if (verb == '%') {
      out_ += '%';
    } else if (bad_index_) {
      Complain(verb, "BADINDEX");
    } else if (next_ >= args_.size()) {
      Complain(verb, "MISSING");
    } else {
      if (verb == 'v') flags_.names = std::exchange(flags_.plus, false);
      Formatter(out_, flags_).Print(args_[next_++], verb);
    }
  }

  void Complain(uint32_t verb, std::string_view what) {
    out_ += "%!";
    AppendRune(out_, verb);
    out_ += fmt::format("({})", what);
  }

  // "[2]"
  void Index() {
    if (Peek() != '[') return;
    reordered_ = true;
    const size_t close = format_.find(']', i_);
    if (close == format_.npos) {
      bad_index_ = true;
      ++i_;
      return;
    }
    const auto n = ParseUint(format_.substr(i_ + 1, close - i_ - 1));
    i_ = close + 1;
    after_index_ = true;
    if (!n || *n < 1 || *n > args_.size()) bad_index_ = true;
    else next_ = *n - 1;
  }

  std::optional<int> Number() {
    std::optional<int> n;
    while (Peek() >= '0' && Peek() <= '9' && n.value_or(0) <= kMostWidth)
      n = n.value_or(0) * 10 + (format_[i_++] - '0');
    if (n.value_or(0) <= kMostWidth) return n;
    i_ = format_.size();
    return std::nullopt;
  }

  // The int argument of a '*'.
  std::optional<int> Star() {
    ++i_;
    if (next_ >= args_.size()) return std::nullopt;
    const Value& v = args_[next_++];
    after_index_ = false;
    if (v.kind() != Value::Kind::kInt) return std::nullopt;
    if (v.as_int() < -kMostWidth || v.as_int() > kMostWidth) return std::nullopt;
    return static_cast<int>(v.as_int());
  }

  void Width() {
    if (Peek() != '*') {
      const size_t start = i_;
      flags_.width = Number();
      if (after_index_ && i_ > start) bad_index_ = true;  // "%[3]2d"
      return;
    }
    flags_.width = Star();
    if (!flags_.width) out_ += "%!(BADWIDTH)";
    if (flags_.width.value_or(0) < 0) {
      flags_.width = -*flags_.width;
      flags_.minus = true;
      flags_.zero = false;
    }
  }

  void Precision() {
    if (Peek() != '.') return;
    ++i_;
    if (after_index_) bad_index_ = true;  // "%[3].2d"
    after_index_ = false;
    Index();
    if (Peek() != '*') {
      flags_.precision = Number().value_or(0);
      return;
    }
    flags_.precision = Star();
    if (flags_.precision.value_or(-1) < 0) {
      out_ += "%!(BADPREC)";
      flags_.precision.reset();
    }
  }

  void Extra() {
    out_ += "%!(EXTRA ";
    for (; next_ < args_.size(); ++next_) {
      const Value& v = args_[next_];
      const bool null = v.kind() == Value::Kind::kNull;
      out_ += null ? "<nil>" : fmt::format("{}={}", v.TypeName(), Text(v));
      if (next_ + 1 < args_.size()) out_ += ", ";
    }
    out_ += ')';
  }

  std::string_view format_;
  std::span<const Value> args_;
  std::string out_;
  Flags flags_;
  size_t i_ = 0, next_ = 0;
  bool reordered_ = false, bad_index_ = false, after_index_ = false;
};

}  // namespace

std::string Text(const Value& value) {
  if (value.kind() == Value::Kind::kString) return value.as_string();
  std::string out;
  const Flags flags;
  Formatter(out, flags).Print(value, 'v');
  return out;
}

std::string Sprintf(std::string_view format, std::span<const Value> args) {
  return Printf(format, args).Run();
}

std::string Sprint(std::span<const Value> args) {
  std::string out;
  for (size_t i = 0; i < args.size(); ++i) {
    const auto text = [](const Value& v) { return v.kind() == Value::Kind::kString; };
    if (i > 0 && !text(args[i]) && !text(args[i - 1])) out += ' ';
    out += Text(args[i]);
  }
  return out;
}

std::string Sprintln(std::span<const Value> args) {
  std::string out;
  for (size_t i = 0; i < args.size(); ++i) {
    if (i > 0) out += ' ';
    out += Text(args[i]);
  }
  return out + '\n';
}

}  // namespace ctool::cli
