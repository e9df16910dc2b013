// SPDX-License-Identifier: Apache-2.0
#include "builder/secrets.hpp"

#include <cstdlib>

#include "base/text.hpp"
#include "sys/file.hpp"

namespace ctool::builder {
namespace {

constexpr size_t kMaxSecret = 512 << 10;  // as podman has it

struct SecretText {
  std::string id, file, variable, type;
};

Result<SecretText> ParseSecret(const std::string& text) {
  SecretText secret;
  for (const std::string& part : Split(text, ',')) {
    const size_t equals = part.find('=');
    const std::string key = part.substr(0, equals), value = equals == std::string::npos ? "" : part.substr(equals + 1);
    if (key == "id") secret.id = value;
    else if (key == "src" || key == "source") secret.file = value;
    else if (key == "env") secret.variable = value;
    else if (key == "type") secret.type = value;
    else return Error(Code::kInvalidArgument, "incorrect secret flag format: " + Quote(part) + " is none of id=, src=, env=, type=");
  }
  if (secret.id.empty()) return Error(Code::kInvalidArgument, "incorrect secret flag format: should be --secret id=foo,src=bar[,env=ENV,type=file|env]");
  if (!secret.type.empty() && secret.type != "file" && secret.type != "env")
    return Error(Code::kInvalidArgument, "invalid secret type " + Quote(secret.type) + ": file or env");
  return secret;
}

Result<std::string> ValueOf(const SecretText& secret) {
  const bool from_env = secret.type == "env" || (secret.file.empty() && !secret.variable.empty());
  if (from_env) {
    const std::string& name = !secret.variable.empty() ? secret.variable : !secret.file.empty() ? secret.file : secret.id;
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return Error(Code::kNotFound, "secret " + secret.id + ": the environment variable " + Quote(name) + " is not set");
    return std::string(value);
  }
  // Neither was said: a variable of that name, or a file, as BuildKit has it.
  if (secret.file.empty()) {
    const char* value = std::getenv(secret.id.c_str());
    if (value != nullptr) return std::string(value);
  }
  return TRY_CTX("secret " + secret.id, sys::ReadFile(secret.file.empty() ? secret.id : secret.file, kMaxSecret));
}

}  // namespace

Result<Secrets> Secrets::Read(const std::vector<std::string>& secrets, const std::vector<std::string>& ssh) {
  Secrets all;
  for (const std::string& text : secrets) {
    const SecretText secret = TRY(ParseSecret(text));
    all.secrets_[secret.id] = TRY(ValueOf(secret));
  }
  for (const std::string& text : ssh) {
    const size_t equals = text.find('=');
    const char* agent = std::getenv("SSH_AUTH_SOCK");
    const std::string id = text.substr(0, equals);
    const std::string socket = equals != std::string::npos ? text.substr(equals + 1) : agent == nullptr ? "" : agent;
    if (socket.empty()) return Error(Code::kInvalidArgument, "--ssh " + Quote(text) + ": no agent runs").Hint("start ssh-agent, or name its socket: --ssh ID=SOCKET");
    if (!sys::Exists(socket)) return Error(Code::kNotFound, "--ssh " + Quote(text) + ": there is no " + Quote(socket));
    all.sockets_[id.empty() ? "default" : id] = socket;
  }
  return all;
}

const std::string* Secrets::Find(const std::string& id) const {
  const auto found = secrets_.find(id);
  return found == secrets_.end() ? nullptr : &found->second;
}

const std::string* Secrets::FindSocket(const std::string& id) const {
  const auto found = sockets_.find(id);
  return found == sockets_.end() ? nullptr : &found->second;
}

}  // namespace ctool::builder
