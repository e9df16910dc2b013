// SPDX-License-Identifier: Apache-2.0
//
// ENV, LABEL, ARG.
#include <array>

#include "base/text.hpp"
#include "build/characters_internal.hpp"
#include "build/flags_internal.hpp"
#include "build/instruction_internal.hpp"
#include "build/words_internal.hpp"

namespace ctool::build {
namespace {

bool BlankName(std::string_view name) { return name.empty() || name == "\"\"" || name == "''"; }

Error BlankNames(const Request& request, std::string_view word) {
  return request.Fail(word, request.name + " names can not be blank");
}

// "ENV key the rest of the line"
Result<std::vector<KeyValue>> ReadLegacy(const Request& request) {
  const std::string_view text = request.arguments;
  size_t end = 0;
  while (end < text.size() && !Blank(text[end])) ++end;
  const std::string_view value = Trim(text.substr(end));
  if (value.empty())
    return request.Fail(text, request.name + " must have two arguments", "write " + request.name + " key=value");
  request.Warn("LegacyKeyValueFormat", request.keyword,
               "write \"" + request.name + " key=value\" instead of \"" + request.name + " key value\"");
  return std::vector<KeyValue>{{std::string(text.substr(0, end)), std::string(value)}};
}

Result<std::vector<KeyValue>> ReadPairs(const Request& request) {
  TRY(Flags::Check(request, {}));
  const std::vector<std::string_view> words = ShellWords(request.arguments, request.escape());
  if (words.empty()) return NeedsOne(request);
  if (FindEquals(words.front(), request.escape()) == std::string_view::npos) return ReadLegacy(request);
  std::vector<KeyValue> pairs;
  for (const std::string_view word : words) {
    const size_t equals = FindEquals(word, request.escape());
    if (equals == std::string_view::npos)
      return request.Fail(word, "can't find = in " + Quote(word), "every word must be of the form name=value");
    if (BlankName(word.substr(0, equals))) return BlankNames(request, word);
    pairs.push_back({std::string(word.substr(0, equals)), std::string(word.substr(equals + 1))});
  }
  return pairs;
}

// Names under which programs expect secrets, as whole words between underscores.
bool LooksSecret(std::string_view name) {
  constexpr std::array<std::string_view, 9> kSecret = {"apikey", "auth",     "credential", "credentials", "key",
                                                       "passwd", "password", "secret",     "token"};
  bool secret = false;
  for (const std::string& word : Split(ToLower(name), '_')) {
    if (word == "public") return false;
    for (const std::string_view one : kSecret) secret |= word == one || word == "pword";
  }
  return secret;
}

void WarnOfSecret(const Request& request, std::string_view name) {
  if (LooksSecret(name))
    request.Warn("SecretsUsedInArgOrEnv", request.arguments,
                 request.name + " " + Quote(name) +
                     " looks like a secret, and stays readable in the image; use RUN --mount=type=secret");
}

}  // namespace

Result<Body> ReadEnv(Request& request) {
  Env env{TRY(ReadPairs(request))};
  for (const KeyValue& pair : env.values) WarnOfSecret(request, pair.key);
  return Body(std::move(env));
}

Result<Body> ReadLabel(Request& request) { return Body(Label{TRY(ReadPairs(request))}); }

Result<Body> ReadArg(Request& request) {
  TRY(Flags::Check(request, {}));
  Arg arg;
  for (const std::string_view word : ShellWords(request.arguments, request.escape())) {
    const size_t equals = FindEquals(word, request.escape());
    if (BlankName(word.substr(0, equals))) return BlankNames(request, word);
    Argument& argument = arg.arguments.emplace_back();
    argument.name = word.substr(0, equals);
    if (equals != std::string_view::npos) argument.value = word.substr(equals + 1);
    WarnOfSecret(request, argument.name);
  }
  if (arg.arguments.empty()) return NeedsOne(request);
  return Body(std::move(arg));
}

}  // namespace ctool::build
