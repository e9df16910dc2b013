// SPDX-License-Identifier: Apache-2.0
#include "http/url.hpp"

#include <curl/curl.h>

#include <memory>
#include <optional>

#include "base/text.hpp"

namespace ctool::http {
namespace {

constexpr size_t kMaxUrlLength = 16 << 10;

struct Free {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
  void operator()(char* text) const { curl_free(text); }
};
using Handle = std::unique_ptr<CURLU, Free>;

Error Invalid(std::string_view text, std::string_view why) {
  return Error(Code::kInvalidArgument,
               "invalid URL " + Quote(text.substr(0, 200)) + ": " + std::string(why));
}

// Schemes that we don't speak are parsed too: who refuses them can name them.
Result<Handle> Open(const std::string& text) {
  Handle handle(curl_url());
  if (text.size() > kMaxUrlLength || text.find('\0') != std::string::npos)
    return Invalid(text, "too long");
  const CURLUcode rc = curl_url_set(handle.get(), CURLUPART_URL, text.c_str(),
                                    CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS);
  if (rc != CURLUE_OK) return Invalid(text, curl_url_strerror(rc));
  return handle;
}

std::optional<std::string> Part(const Handle& handle, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(handle.get(), part, &text, flags) != CURLUE_OK) return std::nullopt;
  const std::unique_ptr<char, Free> owner(text);
  return std::string(text);
}

}  // namespace

Result<Url> Url::Parse(const std::string& text) {
  const Handle handle = TRY(Open(text));
  Url out;
  out.scheme = ToLower(Part(handle, CURLUPART_SCHEME).value_or(""));
  out.host = ToLower(Part(handle, CURLUPART_HOST).value_or(""));
  if (StartsWith(out.host, "[") && EndsWith(out.host, "]"))
    out.host = out.host.substr(1, out.host.size() - 2);
  const std::string port = Part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT).value_or("");
  out.port = static_cast<int>(ParseUint(port).value_or(0));
  out.has_user = Part(handle, CURLUPART_USER) || Part(handle, CURLUPART_PASSWORD);
  out.has_fragment = Part(handle, CURLUPART_FRAGMENT).has_value();
  return out;
}

Result<std::string> ResolveUrl(const std::string& base, const std::string& location) {
  const Handle handle = TRY(Open(base));
  if (location.empty() || location.size() > kMaxUrlLength)
    return Invalid(location, location.empty() ? "empty" : "too long");
  const CURLUcode rc = curl_url_set(handle.get(), CURLUPART_URL, location.c_str(),
                                    CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS);
  if (rc != CURLUE_OK) return Invalid(location, curl_url_strerror(rc));
  return Part(handle, CURLUPART_URL).value_or("");
}

Result<std::string> AppendQuery(const std::string& url,
                                const std::vector<std::pair<std::string, std::string>>& fields) {
  const Handle handle = TRY(Open(url));
  for (const auto& [name, value] : fields) {
    const std::string field = name + "=" + value;
    const CURLUcode rc = curl_url_set(handle.get(), CURLUPART_QUERY, field.c_str(),
                                      CURLU_APPENDQUERY | CURLU_URLENCODE);
    if (rc != CURLUE_OK) return Invalid(url, curl_url_strerror(rc));
  }
  return Part(handle, CURLUPART_URL).value_or("");
}

std::string EncodeForm(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += "&";
    out += name + "=";
    for (const char c : value) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
      if (plain)
        out += c;
      else
        out += "%" + Hex(std::string_view(&c, 1));
    }
  }
  return out;
}

std::string RedactUrl(const std::string& text) {
  const Result<Handle> handle = Open(text);
  if (!handle.ok()) return "(unreadable URL)";
  for (const CURLUPart part :
       {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT})
    // Unsetting a part can't fail.
    curl_url_set(handle->get(), part, nullptr, 0);
  return Printable(Part(*handle, CURLUPART_URL).value_or(""));
}

bool IsLoopback(std::string_view host) {
  if (host == "localhost" || host == "::1" || host == "[::1]") return true;
  if (!StartsWith(host, "127.")) return false;
  const std::vector<std::string> parts = Split(host, '.');
  if (parts.size() != 4) return false;
  for (const std::string& part : parts)
    if (ParseUint(part).value_or(256) > 255) return false;
  return true;
}

}  // namespace ctool::http
