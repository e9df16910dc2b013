// SPDX-License-Identifier: Apache-2.0
//
// The grammar of github.com/distribution/reference, by hand: regular expressions of the standard
// library recurse on long input.
#include "spec/reference.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ctool::spec {
namespace {

constexpr size_t kMaxRepositoryLength = 255;
constexpr size_t kMaxTagLength = 128;
constexpr size_t kMaxReferenceLength = 4096;

bool Lower(char c) { return c >= 'a' && c <= 'z'; }
bool Upper(char c) { return c >= 'A' && c <= 'Z'; }
bool Number(char c) { return c >= '0' && c <= '9'; }
bool Alnum(char c) { return Lower(c) || Upper(c) || Number(c); }
bool LowerAlnum(char c) { return Lower(c) || Number(c); }
bool HexDigit(char c) { return Number(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool ValidPort(std::string_view port) {
  const std::optional<uint64_t> number = ParseUint(port);
  return number && *number <= 65535 && port.size() <= 5;
}

// Labels of letters, digits and inner hyphens, joined by dots; or an IPv6 address in brackets.
bool ValidHost(std::string_view host) {
  if (StartsWith(host, "[")) {
    const std::string_view inner = host.substr(1, host.size() - 2);
    return EndsWith(host, "]") && host.size() > 2 &&
           std::all_of(inner.begin(), inner.end(),
                       [](char c) { return HexDigit(c) || c == ':' || c == '.'; });
  }
  const std::vector<std::string> labels = Split(host, '.');
  return std::all_of(labels.begin(), labels.end(), [](const std::string& label) {
    return !label.empty() && Alnum(label.front()) && Alnum(label.back()) &&
           std::all_of(label.begin(), label.end(), [](char c) { return Alnum(c) || c == '-'; });
  });
}

bool ValidDomain(std::string_view domain) {
  const size_t bracket = domain.find(']');
  const size_t colon = domain.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return !domain.empty() && ValidHost(domain);
  return colon > 0 && ValidHost(domain.substr(0, colon)) && ValidPort(domain.substr(colon + 1));
}

// [a-z0-9]+ joined by one of . _ __ or any number of hyphens.
bool ValidPathComponent(std::string_view text) {
  if (text.empty() || !LowerAlnum(text.front()) || !LowerAlnum(text.back())) return false;
  for (size_t i = 0; i < text.size();) {
    if (LowerAlnum(text[i])) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < text.size() && !LowerAlnum(text[end])) ++end;
    const std::string_view separator = text.substr(i, end - i);
    const bool hyphens = std::all_of(separator.begin(), separator.end(),
                                     [](char c) { return c == '-'; });
    if (separator != "." && separator != "_" && separator != "__" && !hyphens) return false;
    i = end;
  }
  return true;
}

bool ValidTag(std::string_view tag) {
  return !tag.empty() && tag.size() <= kMaxTagLength && tag[0] != '.' && tag[0] != '-' &&
         std::all_of(tag.begin(), tag.end(), [](char c) {
           return Alnum(c) || c == '_' || c == '.' || c == '-';
         });
}

Error Invalid(std::string_view text, std::string_view why) {
  return Error(Code::kInvalidArgument,
               "invalid reference " + Quote(text.substr(0, 200)) + ": " + std::string(why));
}

Status CheckPath(std::string_view text, std::string_view path) {
  if (path.empty()) return Invalid(text, "the repository name is missing");
  if (path.size() > kMaxRepositoryLength)
    return Invalid(text, "the repository name is longer than 255 characters");
  for (const std::string& component : Split(path, '/')) {
    if (ValidPathComponent(component)) continue;
    if (ValidPathComponent(ToLower(component)))
      return Invalid(text, "repository name must be lowercase");
    return Invalid(text, "bad repository name component " + Quote(component.substr(0, 100)));
  }
  return Ok();
}

// Takes ":tag" and "@digest" off the end of `name` into `out`.
Status TakeSuffixes(std::string_view text, std::string_view& name, Reference& out) {
  if (const size_t at = name.find('@'); at != std::string_view::npos) {
    Result<Digest> digest = Digest::Parse(name.substr(at + 1));
    if (!digest.ok())
      return std::move(digest).error().As(Code::kInvalidArgument).Wrap("invalid reference " +
                                                                       Quote(text.substr(0, 200)));
    out.digest = *digest;
    name = name.substr(0, at);
  }
  const size_t slash = name.rfind('/');
  const size_t colon = name.find(':', slash == std::string_view::npos ? 0 : slash);
  if (colon == std::string_view::npos) return Ok();
  out.tag = name.substr(colon + 1);
  name = name.substr(0, colon);
  if (!ValidTag(out.tag)) return Invalid(text, "invalid tag " + Quote(out.tag.substr(0, 200)));
  return Ok();
}

Result<Reference> Build(std::string_view text, std::string_view name, std::string_view domain) {
  if (text.size() > kMaxReferenceLength) return Invalid(text, "too long");
  Reference out;
  TRY(TakeSuffixes(text, name, out));
  TRY(CheckPath(text, name));
  out.domain = domain == "index.docker.io" ? "docker.io" : domain;
  if (!ValidDomain(out.domain))
    return Invalid(text, "bad registry name " + Quote(out.domain.substr(0, 200)));
  out.path = name;
  if (out.domain == "docker.io" && name.find('/') == std::string_view::npos)
    out.path.insert(0, "library/");
  if (out.tag.empty() && out.digest.empty()) out.tag = "latest";
  return out;
}

}  // namespace

bool IsShortName(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return true;
  const std::string_view first = text.substr(0, slash);
  return first.find_first_of(".:") == std::string_view::npos && first != "localhost";
}

Result<Reference> Reference::Parse(std::string_view text) {
  if (text.empty()) return Invalid(text, "it is empty");
  if (IsShortName(text)) return Invalid(text, "the registry is missing");
  const size_t slash = text.find('/');
  return Build(text, text.substr(slash + 1), text.substr(0, slash));
}

Result<Reference> Reference::ParseWithDomain(std::string_view text, std::string_view domain) {
  if (text.empty()) return Invalid(text, "it is empty");
  if (!IsShortName(text)) return Parse(text);
  const bool identifier = text.size() == 64 && std::all_of(text.begin(), text.end(), HexDigit);
  if (identifier) return Invalid(text, "64 hexadecimal characters are an ID, not a name");
  return Build(text, text, domain);
}

std::string Reference::Repository() const { return domain + "/" + path; }

std::string Reference::Name() const {
  std::string out = Repository();
  if (!tag.empty()) out += ":" + tag;
  if (!digest.empty()) out += "@" + digest.str();
  return out;
}

std::string Reference::TagOrDigest() const { return digest.empty() ? tag : digest.str(); }

}  // namespace ctool::spec
