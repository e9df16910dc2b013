// SPDX-License-Identifier: Apache-2.0
#include "engine/login.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "config/registries.hpp"
#include "engine/endpoint_internal.hpp"
#include "spec/reference.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

bool IsKey(std::string_view text) {
  return !text.empty() && text.size() <= 512 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
                  c == '_' || c == ':' || c == '/' || c == '[' || c == ']';
         });
}

std::string HostOf(const std::string& key) { return key.substr(0, key.find('/')); }
std::string PathOf(const std::string& key) {
  const size_t slash = key.find('/');
  return slash == std::string::npos ? "" : key.substr(slash + 1);
}

// docker's own file knows hosts only, and Docker Hub by a URL.
Result<std::string> DockerKey(const std::string& key) {
  if (key.find('/') != std::string::npos)
    return Error(Code::kInvalidArgument, "a file of docker's keeps credentials for registries only, not for " + Quote(key));
  return key == "docker.io" ? std::string("https://index.docker.io/v1/") : key;
}

}  // namespace

Result<std::string> LoginKey(const std::string& given) {
  std::string key = given;
  if (key.empty()) {
    const config::Registries registries = TRY(config::Registries::Load());
    if (registries.search().empty())
      return Error(Code::kInvalidArgument, "no registries found in registries.conf, a registry must be provided");
    key = registries.search().front();
  }
  for (const std::string_view scheme : {"https://", "http://"})
    if (StartsWith(key, scheme)) key = key.substr(scheme.size());
  while (EndsWith(key, "/")) key.pop_back();
  if (key == "index.docker.io/v1" || key == "index.docker.io" || key == "registry-1.docker.io") key = "docker.io";
  if (!IsKey(key) || HostOf(key).empty() || key.find("//") != std::string::npos || key.find("..") != std::string::npos)
    return Error(Code::kInvalidArgument, "invalid registry " + Quote(given)).Hint("it is HOST, HOST:PORT or HOST/NAMESPACE");
  return key;
}

Result<config::StoredCredentials> KeptLogin(const std::string& key, const FetchOptions& fetch) {
  return config::FindCredentials(fetch.authfile, HostOf(key), PathOf(key));
}

Status TryLogin(Engine& engine, const std::string& key, const config::StoredCredentials& credentials,
                const FetchOptions& fetch) {
  const config::Registries registries = TRY(config::Registries::Load());
  spec::Reference any;
  any.domain = HostOf(key);
  any.path = PathOf(key).empty() ? "x" : PathOf(key);
  any.tag = "latest";
  const std::vector<config::RegistryLocation> locations = TRY(registries.Locations(any));
  config::RegistryLocation location{any.domain, "", !locations.empty() && locations.back().insecure};
  FetchOptions anonymous = fetch;
  anonymous.creds = "none:none";  // what is kept is not to be asked for
  registry::Endpoint endpoint = TRY(EndpointFor(*TRY(engine.Paths()), anonymous, location));
  endpoint.repository.clear();
  endpoint.credentials = {credentials.username, credentials.password, credentials.identity_token};
  return registry::CheckLogin(std::move(endpoint), TRY(ClientOptions(fetch)));
}

Result<std::string> LoginFilePath(const LoginFile& file) {
  if (!file.compat_auth_file.empty()) return file.compat_auth_file;
  return config::CredentialFileToWrite(file.authfile);
}

Status KeepLogin(const LoginFile& file, const std::string& key, const config::StoredCredentials& credentials) {
  const bool compat = !file.compat_auth_file.empty();
  return config::StoreCredentials(TRY(LoginFilePath(file)), compat ? TRY(DockerKey(key)) : key, credentials.username,
                                  credentials.password, compat ? config::AuthKeys::kDocker : config::AuthKeys::kOwn);
}

Result<bool> ForgetLogin(const LoginFile& file, const std::string& key) {
  if (!file.compat_auth_file.empty()) TRY(DockerKey(key));
  return config::RemoveCredentials(TRY(LoginFilePath(file)), key);
}

Status ForgetAllLogins(const LoginFile& file) { return config::RemoveAllCredentials(TRY(LoginFilePath(file))); }

}  // namespace ctool::engine
