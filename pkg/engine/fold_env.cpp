// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/fold_internal.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

constexpr char kDefaultPath[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr const char* kProxyNames[] = {"http_proxy",  "https_proxy", "ftp_proxy",  "no_proxy",
                                       "HTTP_PROXY",  "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY"};

using Env = std::vector<std::string>;

std::string_view Key(std::string_view entry) { return entry.substr(0, entry.find('=')); }

}  // namespace

void AddEnv(Env& env, std::string entry) {
  for (std::string& old : env)
    if (Key(old) == Key(entry)) {
      old = std::move(entry);
      return;
    }
  env.push_back(std::move(entry));
}

namespace {

void Unset(Env& env, std::string_view key) {
  env.erase(std::remove_if(env.begin(), env.end(), [&](const std::string& e) { return Key(e) == key; }),
            env.end());
}

}  // namespace

Status AddUserEnv(Env& env, const std::string& entry) {
  if (entry.empty()) return Ok();  // -e "$UNSET" in a script
  if (entry[0] == '=')
    return Error(Code::kInvalidArgument, "invalid environment variable " + Quote(entry));
  if (entry.find('=') != std::string::npos) {
    AddEnv(env, entry);
  } else if (entry.back() == '*') {
    for (char** e = environ; *e != nullptr; ++e)
      if (StartsWith(*e, std::string_view(entry).substr(0, entry.size() - 1))) AddEnv(env, *e);
  } else if (const char* value = std::getenv(entry.c_str())) {
    AddEnv(env, entry + "=" + value);
  }
  return Ok();
}

Status AddEnvFile(Env& env, const std::string& path) {
  const std::string text = TRY(sys::ReadFile(path));
  for (const std::string& line : Split(text, '\n')) {
    std::string_view rest = line;
    while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
    if (!rest.empty() && rest.back() == '\r') rest.remove_suffix(1);
    if (rest.empty() || rest.front() == '#') continue;
    TRY_CTX("env file '" + path + "'", AddUserEnv(env, std::string(rest)));
  }
  return Ok();
}

namespace {

// A proxy's password is not the container's business.
std::string WithoutUserinfo(const std::string& url) {
  const size_t scheme = url.find("://");
  const size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const size_t end = url.find('/', host);
  const size_t at = url.substr(0, end).rfind('@');
  return at == std::string::npos || at < host ? url : url.substr(0, host) + url.substr(at + 1);
}

// An image says what its variables are; it never asks for the caller's (CVE-2026-57231).
Status SetFromImage(Env& env, const std::vector<std::string>& image) {
  for (const std::string& entry : image) {
    if (!entry.empty() && entry[0] == '=')
      return Error(Code::kInvalidArgument, "the image has an invalid environment entry " + Quote(entry));
    if (entry.find('=') == std::string::npos)
      Warn("the image's environment entry " + Quote(entry) + " has no value and is left out");
    else
      AddEnv(env, entry);
  }
  return Ok();
}

}  // namespace

Status ChangeEnv(const std::vector<std::string>& set, const std::vector<std::string>& unset, ContainerSpec& spec) {
  for (const std::string& entry : set) TRY(AddUserEnv(spec.env, entry));
  for (const std::string& key : unset) Unset(spec.env, key);
  return Ok();
}

Status FoldEnv(const FoldInput& in, ContainerSpec& spec) {
  const CreateOptions& o = in.options;
  Env env;
  if (!o.unsetenv_all) {
    AddEnv(env, kDefaultPath);
    AddEnv(env, "container=podman");
    if (o.tty) AddEnv(env, "TERM=xterm");
    TRY(SetFromImage(env, in.image.env));
    if (in.conf.env)
      for (const std::string& entry : *in.conf.env) TRY(AddUserEnv(env, entry));
    TRY(MergeEnv(env, o.env_merge));
  }
  if (o.http_proxy && in.conf.http_proxy.value_or(true) && !o.unsetenv_all)
    for (const char* name : kProxyNames)
      if (const char* value = std::getenv(name); value != nullptr && *value != '\0')
        AddEnv(env, std::string(name) + "=" + WithoutUserinfo(value));
  if (o.env_host || in.conf.env_host.value_or(false))
    for (char** e = environ; *e != nullptr; ++e) AddEnv(env, *e);
  for (const std::string& file : o.env_file) TRY_CTX("--env-file", AddEnvFile(env, file));
  for (const std::string& entry : o.env) TRY(AddUserEnv(env, entry));
  for (const std::string& key : o.unsetenv) Unset(env, key);
  const bool has_hostname =
      std::any_of(env.begin(), env.end(), [](const std::string& e) { return Key(e) == "HOSTNAME"; });
  if (!has_hostname && !o.unsetenv_all &&
      std::find(o.unsetenv.begin(), o.unsetenv.end(), "HOSTNAME") == o.unsetenv.end())
    env.push_back("HOSTNAME=" + spec.hostname);
  spec.env = std::move(env);
  return Ok();
}

}  // namespace ctool::engine
