// SPDX-License-Identifier: Apache-2.0
#include "engine/secrets.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "engine/network_users_internal.hpp"
#include "engine/tell.hpp"
#include "sys/file.hpp"
#include "sys/lock.hpp"

namespace ctool::engine {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kIdLength = 25;
constexpr size_t kMaxFile = kMaxSecret + (1 << 20);  // what is said of it, labels above all

Error Invalid(std::string text) { return Error(Code::kInvalidArgument, std::move(text)); }

Error NoSuchSecret(const std::string& name) {
  return Error(Code::kNotFound, "no secret with name or id " + Quote(name) + ": no such secret");
}

Result<std::string> Folder(Engine& engine) { return TRY(engine.Store())->root() + "/secrets"; }

// podman's: nothing that means something in a path, or in the value of --secret.
Status CheckSecretName(const std::string& name) {
  constexpr size_t kMaxName = 253;
  const auto alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
  const bool good = !name.empty() && name.size() <= kMaxName && alnum(name.front()) && alnum(name.back()) &&
                    std::all_of(name.begin(), name.end(), [&](char c) { return alnum(c) || c == '-' || c == '_' || c == '.'; });
  if (good) return Ok();
  return Invalid("only " + std::to_string(kMaxName) + " [a-zA-Z0-9-_.] characters allowed, and the start and end character must be [a-zA-Z0-9]: " +
                 Printable(name) + ": invalid secret name");
}

bool IsId(const std::string& name) {
  return name.size() == kIdLength && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// A line of JSON, and the data as it is.
std::string Print(const Secret& secret) {
  const Json head = {{"name", secret.name}, {"driver", secret.driver}, {"labels", secret.labels}, {"created", secret.created}, {"updated", secret.updated}};
  return head.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n" + secret.data;
}

Result<Secret> Read(const std::string& folder, const std::string& id, bool with_data) {
  const std::string text = TRY(sys::ReadFile(folder + "/" + id, kMaxFile));
  const size_t newline = text.find('\n');
  const Json head = Json::parse(text.substr(0, newline), nullptr, false);
  if (newline == std::string::npos || !head.is_object()) return Error(Code::kCorrupt, "the file of secret " + id + " is damaged");
  Secret secret;
  secret.id = id;
  secret.name = head.value("name", "");
  secret.driver = head.value("driver", "file");
  secret.created = head.value("created", int64_t{0});
  secret.updated = head.value("updated", int64_t{0});
  if (head.contains("labels"))
    for (const auto& [key, value] : head["labels"].items())
      if (value.is_string()) secret.labels[key] = value.get<std::string>();
  if (with_data) secret.data = text.substr(newline + 1);
  return secret;
}

Result<std::vector<Secret>> All(Engine& engine) {
  const std::string folder = TRY(Folder(engine));
  std::vector<Secret> secrets;
  const Result<sys::Fd> dir = sys::Open(folder, O_RDONLY | O_DIRECTORY);
  if (!dir.ok() && dir.error().sys_errno() == ENOENT) return secrets;
  if (!dir.ok()) return dir.error();
  for (const std::string& name : TRY(sys::ListDir(dir->get(), folder))) {
    if (!IsId(name)) continue;
    Result<Secret> secret = Read(folder, name, false);
    if (secret.ok()) secrets.push_back(std::move(*secret));
    else if (secret.error().sys_errno() != ENOENT) return secret.error();  // else it was removed just now
  }
  std::sort(secrets.begin(), secrets.end(), [](const Secret& a, const Secret& b) { return a.name < b.name; });
  return secrets;
}

Result<Secret> Find(Engine& engine, const std::string& name_or_id) {
  std::optional<Secret> found;
  for (Secret& secret : TRY(All(engine))) {
    if (secret.name == name_or_id || secret.id == name_or_id) return std::move(secret);
    if (name_or_id.empty() || !StartsWith(secret.id, name_or_id)) continue;
    if (found) return Invalid("more than one result for secret with prefix " + Quote(name_or_id) + ": secret ambiguous");
    found = std::move(secret);
  }
  if (!found) return NoSuchSecret(name_or_id);
  return std::move(*found);
}

Result<std::map<std::string, std::string>> Labels(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> labels;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == 0 || text.empty()) return Invalid("invalid label " + Quote(text) + ": it has no key");
    labels[text.substr(0, equals)] = equals == std::string::npos ? "" : text.substr(equals + 1);
  }
  return labels;
}

// Two that are made at once must see each other's names.
Result<sys::FileLock> LockSecrets(const std::string& folder) {
  TRY(sys::MakeDirs(folder, 0700));
  return sys::FileLock::Acquire(folder + "/.lock", sys::FileLock::Mode::kExclusive);
}

}  // namespace

Result<std::string> CreateSecret(Engine& engine, const CreateSecretOptions& o) {
  TRY(CheckSecretName(o.name));
  if (o.driver != "file")
    return Error(Code::kUnsupported, "secret driver " + Quote(o.driver) + " is not supported: there is \"file\", which keeps secrets in the store");
  if (!o.driver_options.empty()) return Error(Code::kUnsupported, "secret driver \"file\" has no options: secrets are in the store");
  if (o.data.empty() || o.data.size() >= kMaxSecret) return Invalid("secret data must be larger than 0 and less than 512000 bytes");
  Secret secret;
  secret.labels = TRY(Labels(o.labels));
  const std::string folder = TRY(Folder(engine));
  const sys::FileLock lock = TRY(LockSecrets(folder));
  secret.created = secret.updated = WallNanos();
  secret.id = RandomHexId().substr(0, kIdLength);
  for (const Secret& other : TRY(All(engine))) {
    if (other.name != o.name) continue;
    if (o.ignore) return other.id;
    if (!o.replace) return Error(Code::kAlreadyExists, o.name + ": secret name in use");
    secret.id = other.id;
    secret.created = other.created;
  }
  secret.name = o.name;
  secret.driver = o.driver;
  secret.data = o.data;
  TRY(sys::WriteFileAtomic(folder + "/" + secret.id, Print(secret), 0600, sys::Durability::kSync));
  TellSecret(engine, "create", secret.id, secret.name);
  return secret.id;
}

Result<Secret> FindSecret(Engine& engine, const std::string& name_or_id) {
  Result<Secret> secret = Read(TRY(Folder(engine)), TRY(Find(engine, name_or_id)).id, true);
  if (!secret.ok() && secret.error().sys_errno() == ENOENT) return NoSuchSecret(name_or_id);
  return secret;
}

Result<std::vector<Secret>> ListSecrets(Engine& engine, const std::vector<std::string>& filters) {
  std::map<std::string, std::vector<std::string>> wanted;
  for (const std::string& filter : filters) {
    const size_t equals = filter.find('=');
    if (equals == std::string::npos) return Invalid("filter input must be in the form of filter=value: " + Printable(filter) + " is invalid");
    const std::string key = filter.substr(0, equals);
    if (key != "name" && key != "id") return Invalid("invalid filter " + Quote(key));
    wanted[key].push_back(filter.substr(equals + 1));
  }
  std::vector<Secret> secrets = TRY(All(engine));
  const auto is_wanted = [&](const char* key, const std::string& text) {
    const auto it = wanted.find(key);
    return it == wanted.end() || std::any_of(it->second.begin(), it->second.end(), [&](const std::string& p) { return MatchesPattern(p, text); });
  };
  std::erase_if(secrets, [&](const Secret& s) { return !is_wanted("name", s.name) || !is_wanted("id", s.id); });
  return secrets;
}

Result<std::string> RemoveSecret(Engine& engine, const std::string& name_or_id) {
  const std::string folder = TRY(Folder(engine));
  const Secret secret = TRY(Find(engine, name_or_id));
  const std::string path = folder + "/" + secret.id;
  if (::unlink(path.c_str()) < 0) return errno == ENOENT ? NoSuchSecret(name_or_id) : Error::Sys(errno, "remove", path);
  TellSecret(engine, "remove", secret.id, secret.name);
  return secret.id;
}

}  // namespace ctool::engine
