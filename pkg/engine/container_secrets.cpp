// SPDX-License-Identifier: Apache-2.0
#include "engine/container_secrets_internal.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "engine/fold_internal.hpp"
#include "engine/mount_options_internal.hpp"
#include "engine/secrets.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

constexpr int64_t kDefaultMode = 0444;

Error Invalid(std::string text) { return Error(Code::kInvalidArgument, std::move(text) + ": parsing secret"); }

Result<int64_t> Id(const char* what, const std::string& text) {
  const std::optional<uint64_t> id = ParseUint(text);
  if (!id || *id >= UINT32_MAX) return Invalid(std::string(what) + " " + Printable(text) + " invalid");
  return static_cast<int64_t>(*id);
}

Result<int64_t> Mode(const std::string& text) {
  constexpr size_t kDigits = 5;
  if (text.empty() || text.size() > kDigits || text.find_first_not_of("01234567") != std::string::npos) return Invalid("mode " + Printable(text) + " invalid");
  return std::strtol(text.c_str(), nullptr, 8) & 07777;
}

struct Parsed {
  ContainerSecret secret;
  bool for_files = false;  // an option of files was given
};

Status AddOption(const std::string& option, Parsed& parsed) {
  const size_t equals = option.find('=');
  if (equals == std::string::npos) return Invalid("option " + Printable(option) + " must be in form option=value");
  const std::string key = ToLower(option.substr(0, equals)), value = option.substr(equals + 1);
  ContainerSecret& s = parsed.secret;
  parsed.for_files = parsed.for_files || key == "uid" || key == "gid" || key == "mode";
  if (key == "source") s.name = value;
  else if (key == "target") s.target = value;
  else if (key == "uid") s.uid = TRY(Id("UID", value));
  else if (key == "gid") s.gid = TRY(Id("GID", value));
  else if (key == "mode") s.mode = TRY(Mode(value));
  else if (key != "type") return Invalid("option " + Printable(option) + " invalid");
  else if (value != "mount" && value != "env") return Invalid("type " + Printable(value) + " is invalid");
  else if (!s.type.empty()) return Invalid("cannot set more than one secret type");
  else s.type = value;
  return Ok();
}

Result<ContainerSecret> Parse(const std::string& text) {
  Parsed parsed;
  std::vector<std::string> parts = Split(text, ',');
  if (parts[0].find('=') == std::string::npos) {
    parsed.secret.name = parts[0];
    parts.erase(parts.begin());
  }
  parsed.secret.mode = kDefaultMode;
  for (const std::string& option : parts) TRY(AddOption(option, parsed));
  ContainerSecret& s = parsed.secret;
  if (s.type.empty()) s.type = "mount";
  if (s.name.empty()) return Invalid("no source found " + Printable(text));
  if (s.type == "env" && parsed.for_files) return Invalid("UID, GID, Mode options cannot be set with secret type env");
  if (s.type == "mount" && !s.target.empty()) TRY(MountDestination(SecretPlace(s)));
  return std::move(parsed.secret);
}

std::string Kept(const ContainerFiles& files, size_t index) { return files.folder + "/secrets/" + std::to_string(index); }

}  // namespace

std::string SecretPlace(const ContainerSecret& secret) {
  const std::string& target = secret.target.empty() ? secret.name : secret.target;
  return target[0] == '/' ? target : "/run/secrets/" + target;
}

Status FoldSecrets(Engine& engine, const CreateOptions& options, ContainerSpec& spec) {
  for (const std::string& text : options.secret) {
    ContainerSecret secret = TRY(Parse(text));
    const Secret found = TRY(FindSecret(engine, secret.name));
    secret.name = found.name;  // it may have been an id
    secret.id = found.id;
    if (secret.type == "mount") secret.target = TRY(MountDestination(SecretPlace(secret)));
    else if (secret.target.empty()) secret.target = secret.name;
    const auto same = [&](const ContainerSecret& other) { return other.type == secret.type && other.target == secret.target; };
    std::erase_if(spec.secrets, same);  // of several the last one counts
    spec.secrets.push_back(std::move(secret));
  }
  return Ok();
}

Status KeepSecrets(Engine& engine, const ContainerSpec& spec, const ContainerFiles& files) {
  for (size_t i = 0; i < spec.secrets.size(); ++i) {
    if (spec.secrets[i].type != "mount") continue;
    TRY(sys::MakeDirs(files.folder + "/secrets", 0700));
    const Secret secret = TRY(FindSecret(engine, spec.secrets[i].id));
    TRY(sys::WriteFileAtomic(Kept(files, i), secret.data, 0600, sys::Durability::kNone));
  }
  return Ok();
}

std::vector<spec::RuntimeMount> SecretMounts(const ContainerSpec& spec, const ContainerFiles& files) {
  std::vector<spec::RuntimeMount> mounts;
  for (size_t i = 0; i < spec.secrets.size(); ++i) {
    const ContainerSecret& s = spec.secrets[i];
    if (s.type != "mount") continue;
    const std::string owner = std::to_string(s.uid) + ":" + std::to_string(s.gid) + ":" + std::to_string(s.mode);
    mounts.push_back({s.target, "bind", Kept(files, i), {"bind", "rprivate", "ro", "nosuid", "nodev", "noexec", "x-ctool-owner=" + owner}});
  }
  return mounts;
}

Status AddSecretEnv(Engine& engine, const ContainerSpec& spec, std::vector<std::string>& env) {
  for (const ContainerSecret& s : spec.secrets) {
    if (s.type != "env") continue;
    const Secret secret = TRY(FindSecret(engine, s.id));
    if (secret.data.find('\0') != std::string::npos)
      return Error(Code::kInvalidArgument, "secret " + s.name + " holds a zero byte, which a variable can't").Hint("mount it as a file: without type=env");
    AddEnv(env, s.target + "=" + secret.data);
  }
  return Ok();
}

}  // namespace ctool::engine
