// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/text.hpp"
#include "engine/import_internal.hpp"

namespace ctool::engine {
namespace {

Error Invalid(const std::string& change, const std::string& why) {
  return Error(Code::kInvalidArgument, "invalid change " + Quote(change) + ": " + why);
}

// A JSON list of strings, or nothing when `value` is none.
std::optional<std::vector<std::string>> ParseList(const std::string& value) {
  if (!StartsWith(value, "[")) return std::nullopt;
  const nlohmann::json json = nlohmann::json::parse(value, nullptr, false);
  if (!json.is_array()) return std::nullopt;
  std::vector<std::string> out;
  for (const nlohmann::json& item : json) {
    if (!item.is_string()) return std::nullopt;
    out.push_back(item.get<std::string>());
  }
  return out;
}

// Words as a Containerfile has them: blanks separate, quotes and backslashes keep them together.
std::optional<std::vector<std::string>> ParseWords(const std::string& value) {
  std::vector<std::string> words;
  std::string word;
  bool in_word = false;
  char quote = 0;
  for (size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '\\' && quote != '\'' && i + 1 < value.size()) {
      word += value[++i];
      in_word = true;
    } else if (quote != 0) {
      if (c == quote) quote = 0;
      else word += c;
    } else if (c == '"' || c == '\'') {
      quote = c;
      in_word = true;
    } else if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      if (in_word) words.push_back(std::exchange(word, ""));
      in_word = false;
    } else {
      word += c;
      in_word = true;
    }
  }
  if (quote != 0) return std::nullopt;
  if (in_word) words.push_back(std::move(word));
  return words;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

// "a=1 b='x y'", or the old form "a the rest".
Result<Pairs> ParsePairs(const std::string& change, const std::string& value) {
  const std::optional<std::vector<std::string>> words = ParseWords(value);
  if (!words || words->empty()) return Invalid(change, "KEY=VALUE is expected");
  Pairs pairs;
  if (words->front().find('=') == std::string::npos) {
    const size_t blank = value.find_first_of(" \t");
    if (blank == std::string::npos) return Invalid(change, "KEY=VALUE is expected");
    pairs.emplace_back(value.substr(0, blank), std::string(Trim(value.substr(blank))));
    return pairs;
  }
  for (const std::string& word : *words) {
    const size_t equals = word.find('=');
    if (equals == 0 || equals == std::string::npos)
      return Invalid(change, "KEY=VALUE is expected, not " + Quote(word));
    pairs.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return pairs;
}

void SetEnv(std::vector<std::string>& env, const std::string& key, const std::string& value) {
  const std::string entry = key + "=" + value;
  for (std::string& there : env) {
    if (!StartsWith(there, key + "=")) continue;
    there = entry;
    return;
  }
  env.push_back(entry);
}

void AddOnce(std::vector<std::string>& to, const std::string& item) {
  if (std::find(to.begin(), to.end(), item) == to.end()) to.push_back(item);
}

// "80", "80/udp", "8000-8010/tcp"
Status AddPorts(const std::string& change, const std::string& word,
                std::vector<std::string>& ports) {
  const size_t slash = word.find('/');
  const std::string protocol = slash == std::string::npos ? "tcp" : ToLower(word.substr(slash + 1));
  const std::string range = word.substr(0, slash);
  const size_t dash = range.find('-');
  const auto first = ParseUint(range.substr(0, dash));
  const auto last = dash == std::string::npos ? first : ParseUint(range.substr(dash + 1));
  const bool known = protocol == "tcp" || protocol == "udp" || protocol == "sctp";
  if (!known || !first || !last || *first == 0 || *last > 65535 || *first > *last)
    return Invalid(change, Quote(word) + " is no port");
  for (uint64_t port = *first; port <= *last; ++port)
    AddOnce(ports, std::to_string(port) + "/" + protocol);
  return Ok();
}

std::vector<std::string> CommandOf(const std::string& value) {
  if (std::optional<std::vector<std::string>> list = ParseList(value)) return std::move(*list);
  return {"/bin/sh", "-c", value};
}

Status ApplyWords(const std::string& change, const std::string& key, const std::string& value,
                  spec::ImageDefaults& config) {
  std::optional<std::vector<std::string>> words = ParseList(value);
  if (!words) words = ParseWords(value);
  if (!words || words->empty()) return Invalid(change, "no value");
  for (const std::string& word : *words) {
    if (key == "EXPOSE") TRY(AddPorts(change, word, config.exposed_ports));
    else AddOnce(config.volumes, word);
  }
  return Ok();
}

Status ApplyPairs(const std::string& change, const std::string& key, const std::string& value,
                  spec::ImageDefaults& config) {
  for (const auto& [name, text] : TRY(ParsePairs(change, value))) {
    if (key == "ENV") SetEnv(config.env, name, text);
    else config.labels[name] = text;
  }
  return Ok();
}

// "KEY VALUE"; without a blank before the first '=' also "KEY=VALUE".
std::pair<std::string, std::string> SplitChange(const std::string& change) {
  const std::string text(Trim(change));
  const size_t blank = text.find_first_of(" \t"), equals = text.find('=');
  const size_t at = std::min(blank, equals);
  if (at == std::string::npos) return {text, ""};
  return {text.substr(0, at), std::string(Trim(text.substr(at + 1)))};
}

}  // namespace

Status ApplyChange(const std::string& change, spec::ImageDefaults& config) {
  auto [key, value] = SplitChange(change);
  std::transform(key.begin(), key.end(), key.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (value.empty()) return Invalid(change, "it is written KEY VALUE");
  if (value.find('\0') != std::string::npos) return Invalid(change, "it holds a NUL byte");
  if (key == "CMD") config.cmd = CommandOf(value);
  else if (key == "ENTRYPOINT") config.entrypoint = CommandOf(value);
  else if (key == "ENV" || key == "LABEL") return ApplyPairs(change, key, value, config);
  else if (key == "EXPOSE" || key == "VOLUME") return ApplyWords(change, key, value, config);
  else if (key == "ONBUILD") config.on_build.push_back(value);
  else if (key == "STOPSIGNAL") config.stop_signal = value;
  else if (key == "USER") config.user = value;
  else if (key == "WORKDIR") config.working_dir = value;
  else
    return Invalid(change, "choose from CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, "
                           "USER, VOLUME, WORKDIR");
  return Ok();
}

}  // namespace ctool::engine
