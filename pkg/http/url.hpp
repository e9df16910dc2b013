// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace ctool::http {

// The parts of an absolute URL that decisions are made on. `host` is lower case, without brackets;
// odd spellings of an IPv4 address ("0x7f.1", "2130706433") are dotted quads here.
struct Url {
  std::string scheme, host;
  int port = 0;  // the scheme's own when the URL names none
  bool has_user = false, has_fragment = false;

  static Result<Url> Parse(const std::string& text);  // kInvalidArgument
  bool SameOrigin(const Url& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
  }
};

// `location` of a redirect, absolute or relative to `base`.
Result<std::string> ResolveUrl(const std::string& base, const std::string& location);

// `url` with name=value pairs appended to its query, percent-encoded.
Result<std::string> AppendQuery(const std::string& url,
                                const std::vector<std::pair<std::string, std::string>>& fields);

// name=value&..., percent-encoded: an application/x-www-form-urlencoded body.
std::string EncodeForm(const std::vector<std::pair<std::string, std::string>>& fields);

// `text` for logs and errors: without user, password, query and fragment, Printable.
std::string RedactUrl(const std::string& text);

// "localhost", 127.0.0.0/8, ::1.
bool IsLoopback(std::string_view host);

}  // namespace ctool::http
