// SPDX-License-Identifier: Apache-2.0
#include "build/mount.hpp"

#include <array>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "build/diagnostic.hpp"

namespace ctool::build {
namespace {

struct Field {
  std::string key;
  std::optional<std::string> value;
};

struct TypeOfMount {
  std::string_view name;
  MountType type;
};
// In the order of MountType.
constexpr std::array kTypes = {
    TypeOfMount{"bind", MountType::kBind}, TypeOfMount{"cache", MountType::kCache},
    TypeOfMount{"tmpfs", MountType::kTmpfs}, TypeOfMount{"secret", MountType::kSecret},
    TypeOfMount{"ssh", MountType::kSsh}};

// Which types take which key; another name for a key leads to the first.
struct Key {
  std::string_view name;
  std::string_view same_as;
  std::string_view types;  // first letters; 'h' is ssh
};
constexpr std::array kKeys = {
    Key{"type", "", "bctsh"},       Key{"target", "", "bctsh"},        Key{"dst", "target", ""},
    Key{"destination", "target", ""}, Key{"source", "", "bc"},         Key{"src", "source", ""},
    Key{"from", "", "bc"},          Key{"id", "", "csh"},              Key{"readonly", "", "bct"},
    Key{"ro", "readonly", ""},      Key{"readwrite", "", "bct"},       Key{"rw", "readwrite", ""},
    Key{"sharing", "", "c"},        Key{"mode", "", "csh"},            Key{"uid", "", "csh"},
    Key{"gid", "", "csh"},          Key{"required", "", "sh"},         Key{"env", "", "s"},
    Key{"size", "", "t"},           Key{"z", "", "bct"},               Key{"relabel", "", "bct"}};

Error Invalid(std::string message, std::string expected = {}) {
  Error error(Code::kInvalidArgument, std::move(message));
  return expected.empty() ? error : std::move(error).Hint(std::move(expected));
}

// Comma-separated; a field in double quotes may have commas in it, "" is one quote.
Result<std::vector<std::string>> SplitFields(std::string_view text) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      fields.back() += c;
      ++i;
    } else if (c == '"' && (quoted || fields.back().empty())) {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  if (quoted) return Invalid("mount: a quote is never closed");
  return fields;
}

std::string_view TypeName(MountType type) { return kTypes[static_cast<size_t>(type)].name; }

char TypeLetter(MountType type) {
  return type == MountType::kSsh ? 'h' : TypeName(type).front();
}

class Reader {
 public:
  explicit Reader(const TextExpander& expand) : expand_(expand) {}

  Result<Mount> Read(std::string_view text) {
    for (const std::string& field : TRY(SplitFields(text))) {
      const size_t equals = field.find('=');
      Field& read = fields_.emplace_back();
      read.key = ToLower(Trim(field.substr(0, equals)));
      if (equals != std::string::npos) read.value = field.substr(equals + 1);
    }
    TRY(ReadType());
    mount_.read_only = mount_.type == MountType::kBind;
    for (const Field& field : fields_) TRY(ReadField(field));
    TRY(CheckWhole());
    return mount_;
  }

 private:
  Status ReadType() {
    for (const Field& field : fields_) {
      if (field.key != "type") continue;
      const std::string wanted = ToLower(field.value.value_or(""));
      bool known = false;
      for (const auto& [name, type] : kTypes) {
        if (name != wanted) continue;
        mount_.type = type;
        known = true;
      }
      if (!known)
        return Invalid("unsupported mount type " + Quote(wanted), "use bind, cache, tmpfs, secret or ssh");
    }
    return Ok();
  }

  Status ReadField(const Field& field) {
    const std::string_view key = TRY(Canonical(field.key));
    if (key == "type" || key == "z" || key == "relabel") return Ok();
    if (key == "readonly" || key == "readwrite" || key == "required") return ReadSwitch(field, key);
    if (!field.value) return Invalid("mount key " + Quote(field.key) + " needs a value");
    std::string value = *field.value;
    const bool variable = value.find('$') != std::string::npos;
    if (variable && key == "from")
      return Invalid("'from' doesn't support variable expansion, define alias stage instead",
                     "write FROM " + Printable(value) + " AS name, and from=name");
    if (variable && expand_) value = TRY(expand_(value));
    if (variable && !expand_ && IsTyped(key)) return Ok();
    return Store(key, value);
  }

  static bool IsTyped(std::string_view key) {
    return key == "sharing" || key == "mode" || key == "uid" || key == "gid" || key == "size";
  }

  // The key's first name, when this type of mount takes it.
  Result<std::string_view> Canonical(std::string_view key) {
    std::vector<std::string_view> names;
    for (const Key& known : kKeys) {
      names.push_back(known.name);
      if (known.name != key) continue;
      if (!known.same_as.empty()) return Canonical(known.same_as);
      if (known.types.find(TypeLetter(mount_.type)) != std::string_view::npos) return known.name;
      return Invalid("unexpected key '" + std::string(key) + "' for mount type '" +
                     std::string(TypeName(mount_.type)) + "'");
    }
    const std::string_view near = Nearest(key, names);
    std::string message = "unexpected key '" + Printable(key) + "' in mount";
    if (!near.empty()) message += " (did you mean " + std::string(near) + "?)";
    return Invalid(message);
  }

  Status ReadSwitch(const Field& field, std::string_view key) {
    std::string value = field.value.value_or("true");
    if (value.find('$') != std::string::npos) {
      if (!expand_) return Ok();
      value = TRY(expand_(value));
    }
    value = ToLower(value);
    const bool on = value == "true" || value == "1";
    if (!on && value != "false" && value != "0")
      return Invalid("invalid value " + Quote(value) + " for mount key " + Quote(field.key), "use true or false");
    if (key == "required") {
      mount_.required = on;
    } else {
      mount_.read_only = on == (key == "readonly");
    }
    return Ok();
  }

  Status Store(std::string_view key, const std::string& value) {
    if (key == "target") mount_.target = value;
    if (key == "source") mount_.source = value;
    if (key == "from") mount_.from = value;
    if (key == "id") mount_.id = value;
    if (key == "env") mount_.environment = value;
    if (key == "sharing") return StoreSharing(value);
    if (key == "size") return StoreSize(value);
    if (key == "mode") return StoreNumber(key, value, 8, 07777, mount_.mode);
    if (key == "uid") return StoreNumber(key, value, 10, UINT32_MAX - 1, mount_.uid);
    if (key == "gid") return StoreNumber(key, value, 10, UINT32_MAX - 1, mount_.gid);
    return Ok();
  }

  Status StoreSharing(const std::string& value) {
    const std::string name = ToLower(value);
    if (name == "shared") mount_.sharing = MountSharing::kShared;
    else if (name == "private") mount_.sharing = MountSharing::kPrivate;
    else if (name == "locked") mount_.sharing = MountSharing::kLocked;
    else return Invalid("unsupported sharing value " + Quote(value), "use shared, private or locked");
    return Ok();
  }

  // 1048576, 64m, 1g, 512kb, 1GiB: powers of 1024.
  Status StoreSize(const std::string& value) {
    std::string text = ToLower(value);
    if (text.size() > 1 && text.back() == 'b') text.pop_back();
    if (text.size() > 1 && text.back() == 'i') text.pop_back();
    constexpr std::string_view kUnits = "kmgtp";
    const size_t unit = text.empty() ? std::string_view::npos : kUnits.find(text.back());
    int shift = 0;
    if (unit != std::string_view::npos) {
      text.pop_back();
      shift = static_cast<int>(unit + 1) * 10;
    }
    const std::optional<uint64_t> number = ParseUint(text);
    if (!number || *number > (static_cast<uint64_t>(INT64_MAX) >> shift))
      return Invalid("invalid size " + Quote(value), "use a number of bytes, or one with k, m or g");
    mount_.size_bytes = static_cast<int64_t>(*number << shift);
    return Ok();
  }

  static Status StoreNumber(std::string_view key, const std::string& value, unsigned base, uint64_t most,
                            std::optional<uint32_t>& out) {
    uint64_t number = 0;
    bool valid = !value.empty();
    for (const char c : value) {
      valid = valid && c >= '0' && c < static_cast<char>('0' + base);
      if (!valid) break;
      number = number * base + static_cast<unsigned>(c - '0');
      valid = number <= most;
    }
    if (!valid)
      return Invalid("invalid value " + Quote(value) + " for " + std::string(key),
                     base == 8 ? "use octal digits, like 0755" : "use a number");
    out = static_cast<uint32_t>(number);
    return Ok();
  }

  Status CheckWhole() {
    const bool needs_target = mount_.type != MountType::kSecret && mount_.type != MountType::kSsh;
    if (needs_target && mount_.target.empty())
      return Invalid(std::string(TypeName(mount_.type)) + " mount without a target", "add target=PATH");
    if (mount_.type == MountType::kSecret && mount_.target.empty() && mount_.id.empty())
      return Invalid("secret mount without an id", "add id=NAME or target=PATH");
    return Ok();
  }

  const TextExpander& expand_;
  std::vector<Field> fields_;
  Mount mount_;
};

}  // namespace

Result<Mount> ParseMount(std::string_view text, const TextExpander& expand) {
  return Reader(expand).Read(text);
}

}  // namespace ctool::build
