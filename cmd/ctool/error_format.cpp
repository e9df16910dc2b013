// SPDX-License-Identifier: Apache-2.0
#include "ctool/error_format.hpp"

#include "base/text.hpp"
#include "cli/json.hpp"

namespace ctool {
namespace {

bool g_json = false;

}  // namespace

void SetErrorsAsJson(bool json) { g_json = json; }
bool ErrorsAreJson() { return g_json; }

std::string_view CodeName(Code code) {
  switch (code) {
    case Code::kInvalidArgument: return "invalid-argument";
    case Code::kNotFound: return "not-found";
    case Code::kAlreadyExists: return "already-exists";
    case Code::kPermission: return "permission";
    case Code::kUnsupported: return "unsupported";
    case Code::kBusy: return "busy";
    case Code::kCorrupt: return "corrupt";
    case Code::kNetwork: return "network";
    case Code::kIo: return "io";
    case Code::kNotExecutable: return "not-executable";
    case Code::kNoCommand: return "no-command";
    case Code::kInternal: return "internal";
  }
  return "internal";
}

std::string ErrorAsJson(std::string_view error, std::string_view hint, std::string_view code) {
  cli::Value value = cli::Value::Struct("error");
  value.Set("error", Printable(error)).Set("hint", Printable(hint)).Set("code", std::string(code));
  return cli::ToJson(value) + "\n";
}

std::string UsageAsJson(std::string_view text) {
  constexpr std::string_view kPrefix = "Error: ";
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  if (StartsWith(text, kPrefix)) text.remove_prefix(kPrefix.size());
  const size_t end = text.find('\n');
  std::string hint(end == std::string_view::npos ? "" : Trim(text.substr(end + 1)));
  for (char& c : hint)
    if (c == '\n') c = ' ';
  return ErrorAsJson(text.substr(0, end), hint, CodeName(Code::kInvalidArgument));
}

}  // namespace ctool
