// SPDX-License-Identifier: Apache-2.0
#include "spec/digest.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace ctool::spec {
namespace {

bool LowerHex(std::string_view text, size_t length) {
  return text.size() == length && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace

Result<Digest> Digest::Parse(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view algorithm = text.substr(0, colon);
  const std::string_view hex = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  if (algorithm != "sha256" && algorithm != "sha512")
    return Error(Code::kCorrupt, "invalid digest " + Quote(text.substr(0, 200)) +
                                     ": unsupported algorithm");
  if (!LowerHex(hex, algorithm == "sha256" ? 64 : 128))
    return Error(Code::kCorrupt, "invalid digest " + Quote(text.substr(0, 200)));
  return Digest(std::string(text));
}

Result<Digest> Digest::FromHex(std::string_view sha256) {
  return Parse("sha256:" + std::string(sha256));
}

std::string_view Digest::algorithm() const {
  return std::string_view(text_).substr(0, text_.find(':'));
}

std::string_view Digest::hex() const {
  return text_.empty() ? std::string_view() : std::string_view(text_).substr(text_.find(':') + 1);
}

}  // namespace ctool::spec
