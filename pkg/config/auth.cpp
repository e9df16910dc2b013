// SPDX-License-Identifier: Apache-2.0
#include "config/auth.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "config/auth_internal.hpp"
#include "config/document_internal.hpp"
#include "config/paths_internal.hpp"
#include "sys/file.hpp"
#include "sys/lock.hpp"

namespace ctool::config {
namespace {

using Json = nlohmann::ordered_json;  // a file that we write keeps the order of its keys

constexpr std::string_view kDocker = "docker.io";
// Under which docker itself files the credentials of docker.io.
constexpr char kDockerServer[] = "https://index.docker.io/v1/";

struct AuthFile {
  std::string path;
  bool legacy = false;  // ~/.dockercfg: the entries are the document
  Json document = Json::object();

  const Json* Auths() const {
    if (legacy) return &document;
    const auto at = document.find("auths");
    return at == document.end() ? nullptr : &*at;
  }
  Error Bad(const std::string& problem) const {
    return Error(Code::kCorrupt, "credential file '" + path + "': " + problem);
  }
};

Result<AuthFile> ReadAuthFile(const std::string& path, bool legacy) {
  AuthFile file{path, legacy, Json::object()};
  const std::string text = TRY_CTX("credential file", ReadConfigText(path));
  if (Trim(text).empty()) return file;
  TRY_CTX("credential file", CheckJson(text, path));
  file.document = Json::parse(text, nullptr, false);
  if (!file.document.is_object()) return file.Bad("not a JSON object");
  if (file.Auths() != nullptr && !file.Auths()->is_object())
    return file.Bad("auths is not an object");
  return file;
}

// The helper's name for `host`: an exact match in credHelpers. Empty: none.
Result<std::string> HelperFor(const AuthFile& file, const std::string& host) {
  if (file.legacy) return std::string();
  const auto helpers = file.document.find("credHelpers");
  if (helpers == file.document.end()) return std::string();
  if (!helpers->is_object()) return file.Bad("credHelpers is not an object");
  for (const auto& [key, value] : helpers->items()) {
    if (NormalizeAuthKey(key) != host) continue;
    if (!value.is_string()) return file.Bad("credHelpers[" + Quote(key) + "] is not a string");
    return value.get<std::string>();
  }
  return std::string();
}

Result<std::string> HelperForAll(const AuthFile& file) {
  if (file.legacy) return std::string();
  const auto store = file.document.find("credsStore");
  if (store == file.document.end()) return std::string();
  if (!store->is_string()) return file.Bad("credsStore is not a string");
  return store->get<std::string>();
}

Result<StoredCredentials> AskHelper(const std::string& name, const std::string& host) {
  const CredentialHelper helper = TRY(CredentialHelper::Find(name));
  if (host != kDocker) return helper.Get(host);
  StoredCredentials found = TRY(helper.Get(kDockerServer));
  if (!found.empty()) return found;
  return helper.Get(host);
}

Result<StoredCredentials> ParseEntry(const AuthFile& file, const std::string& key,
                                     const Json& entry) {
  if (!entry.is_object()) return file.Bad("entry " + Quote(key) + " is not an object");
  const auto member = [&entry](const char* name) {
    const auto at = entry.find(name);
    return at != entry.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  StoredCredentials found;
  found.identity_token = member("identitytoken");
  found.username = member("username");
  found.password = member("password");
  const std::string encoded = member("auth");
  if (encoded.empty()) return found;
  const std::optional<std::string> plain = DecodeBase64(encoded);
  if (!plain) return file.Bad("the auth value of " + Quote(key) + " is not base64");
  const size_t colon = plain->find(':');
  if (colon == std::string::npos)
    return file.Bad("the auth value of " + Quote(key) + " is not the base64 form of USER:PASSWORD");
  found.username = plain->substr(0, colon);
  found.password = plain->substr(colon + 1);
  while (!found.password.empty() && found.password.back() == '\0') found.password.pop_back();
  return found;
}

// The entry with the longest key that is `name` or a parent of it.
Result<StoredCredentials> FindEntry(const AuthFile& file, std::string name) {
  const Json* auths = file.Auths();
  if (auths == nullptr) return StoredCredentials{};
  for (;;) {
    for (const auto& [key, entry] : auths->items())
      if (NormalizeAuthKey(key) == name) return ParseEntry(file, key, entry);
    const size_t slash = name.rfind('/');
    if (slash == std::string::npos) return StoredCredentials{};
    name.resize(slash);
  }
}

Result<StoredCredentials> FindInFile(const AuthFile& file, const std::string& host,
                                     const std::string& repository) {
  const std::string own_helper = TRY(HelperFor(file, host));
  if (!own_helper.empty()) return AskHelper(own_helper, host);
  StoredCredentials found =
      TRY(FindEntry(file, repository.empty() ? host : host + "/" + repository));
  if (!found.empty()) return found;
  const std::string helper = TRY(HelperForAll(file));
  return helper.empty() ? Result<StoredCredentials>(found) : AskHelper(helper, host);
}

// Where credentials may be, when no file is named. Second: the format of ~/.dockercfg.
Result<std::vector<std::pair<std::string, bool>>> SearchPath() {
  std::vector<std::pair<std::string, bool>> files;
  const std::string run = EnvPath("XDG_RUNTIME_DIR");
  if (!run.empty() && IsOwnDirectory(run)) files.emplace_back(run + "/containers/auth.json", false);
  const std::vector<std::string> folders = TRY(ConfigFolders());
  files.emplace_back(folders.front() + "/auth.json", false);
  const std::string docker = Env("DOCKER_CONFIG"), home = TRY(FindHome());
  files.emplace_back((docker.empty() ? home + "/.docker" : docker) + "/config.json", false);
  files.emplace_back(home + "/.dockercfg", true);
  return files;
}

std::string NamedFile(const std::string& authfile) {
  return authfile.empty() ? Env("REGISTRY_AUTH_FILE") : authfile;
}

// The lock that writers of the file take turns on, held while the result lives.
Result<sys::FileLock> LockFor(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash != std::string::npos && slash != 0) TRY(sys::MakeDirs(path.substr(0, slash), 0700));
  return sys::FileLock::Acquire(path + ".lock", sys::FileLock::Mode::kExclusive);
}

Status WriteAuthFile(const AuthFile& file) {
  const std::string text = file.document.dump(1, '\t', false, Json::error_handler_t::replace);
  return sys::WriteFileAtomic(file.path, text + "\n", 0600, sys::Durability::kSync);
}

// The file's present contents; a missing file is an empty one. A link is followed now, so that the
// rename replaces the file and not the link that points to it.
Result<AuthFile> ReadForUpdate(const std::string& path) {
  char target[PATH_MAX];
  if (::realpath(path.c_str(), target) == nullptr) {
    if (errno == ENOENT) return AuthFile{path, false, Json::object()};
    return Error::Sys(errno, "resolve", path);
  }
  return ReadAuthFile(target, false);
}

}  // namespace

std::string NormalizeAuthKey(std::string_view key) {
  const size_t scheme = key.find("://");
  std::string name(scheme == std::string_view::npos ? key : key.substr(scheme + 3));
  // A URL's path is no namespace: only the host counts.
  if (scheme != std::string_view::npos) name = name.substr(0, name.find('/'));
  while (!name.empty() && name.back() == '/') name.pop_back();
  for (const char* docker : {"index.docker.io", "registry-1.docker.io"})
    if (name == docker || name == std::string(docker) + "/v1") return std::string(kDocker);
  return name;
}

std::vector<std::string> CredentialKeys() {
  std::vector<std::pair<std::string, bool>> files;
  if (const std::string named = NamedFile(""); !named.empty())
    files.emplace_back(named, false);
  else if (auto search = SearchPath(); search.ok())
    files = std::move(*search);
  std::set<std::string> keys;
  const auto add = [&keys](const Json& entries) {
    if (!entries.is_object()) return;
    for (const auto& item : entries.items()) keys.insert(NormalizeAuthKey(item.key()));
  };
  for (const auto& [path, legacy] : files) {
    if (!sys::Exists(path)) continue;
    const Result<AuthFile> file = ReadAuthFile(path, legacy);
    if (!file.ok()) continue;
    if (file->Auths() != nullptr) add(*file->Auths());
    if (!legacy && file->document.contains("credHelpers")) add(file->document["credHelpers"]);
  }
  return {keys.begin(), keys.end()};
}

Result<StoredCredentials> FindCredentials(const std::string& authfile, const std::string& host,
                                          const std::string& repository) {
  const std::string name = NormalizeAuthKey(host);
  const std::string named = NamedFile(authfile);
  if (!named.empty()) {
    if (::access(named.c_str(), R_OK) != 0)
      return Error::Sys(errno, "credential file is not accessible: faccessat " + named);
    const AuthFile file = TRY(ReadAuthFile(named, false));
    return FindInFile(file, name, repository);
  }
  const auto search = TRY(SearchPath());
  for (const auto& [path, legacy] : search) {
    if (!sys::Exists(path)) continue;
    const AuthFile file = TRY(ReadAuthFile(path, legacy));
    StoredCredentials found = TRY(FindInFile(file, name, repository));
    if (!found.empty()) return found;
  }
  return StoredCredentials{};
}

Result<std::string> CredentialFileToWrite(const std::string& authfile) {
  std::string named = NamedFile(authfile);
  if (!named.empty()) return named;
  const auto search = TRY(SearchPath());
  return search.front().first;
}

Status StoreCredentials(const std::string& authfile, const std::string& key,
                        const std::string& username, const std::string& password, AuthKeys keys) {
  if (username.find(':') != std::string::npos)
    return Error(Code::kInvalidArgument, "user name " + Quote(username) + " has a ':'");
  const std::string path = TRY(CredentialFileToWrite(authfile));
  const sys::FileLock lock = TRY(LockFor(path));
  AuthFile file = TRY(ReadForUpdate(path));
  const std::string name = NormalizeAuthKey(key);
  std::string helper = TRY(HelperFor(file, name));
  if (helper.empty()) helper = TRY(HelperForAll(file));
  if (!helper.empty()) {
    const CredentialHelper program = TRY(CredentialHelper::Find(helper));
    return program.Store(name == kDocker ? kDockerServer : name, username, password);
  }
  file.document["auths"][keys == AuthKeys::kDocker ? key : name] = {{"auth", EncodeBase64(username + ":" + password)}};
  return WriteAuthFile(file);
}

Result<bool> RemoveCredentials(const std::string& authfile, const std::string& key) {
  const std::string path = TRY(CredentialFileToWrite(authfile));
  if (!sys::Exists(path)) return false;
  const sys::FileLock lock = TRY(LockFor(path));
  AuthFile file = TRY(ReadForUpdate(path));
  const std::string name = NormalizeAuthKey(key);
  std::string helper = TRY(HelperFor(file, name));
  if (helper.empty()) helper = TRY(HelperForAll(file));
  bool removed = false;
  if (!helper.empty()) {
    const CredentialHelper program = TRY(CredentialHelper::Find(helper));
    removed = TRY(program.Erase(name == kDocker ? kDockerServer : name));
  }
  if (file.Auths() != nullptr) {
    Json kept = Json::object();
    for (const auto& [stored, entry] : file.Auths()->items())
      if (NormalizeAuthKey(stored) != name) kept[stored] = entry;
    if (kept.size() != file.Auths()->size()) {
      removed = true;
      file.document["auths"] = std::move(kept);
      TRY(WriteAuthFile(file));
    }
  }
  return removed;
}

Status RemoveAllCredentials(const std::string& authfile) {
  const std::string path = TRY(CredentialFileToWrite(authfile));
  if (!sys::Exists(path)) return Ok();
  const sys::FileLock lock = TRY(LockFor(path));
  AuthFile file = TRY(ReadForUpdate(path));
  const auto helpers = file.document.find("credHelpers");
  if (helpers != file.document.end() && helpers->is_object()) {
    for (const auto& [key, value] : helpers->items()) {
      const std::string name = NormalizeAuthKey(key);
      const std::string helper = TRY(HelperFor(file, name));
      const CredentialHelper program = TRY(CredentialHelper::Find(helper));
      TRY(program.Erase(name == kDocker ? kDockerServer : name));
    }
  }
  file.document["auths"] = Json::object();
  return WriteAuthFile(file);
}

}  // namespace ctool::config
