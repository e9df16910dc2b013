// SPDX-License-Identifier: Apache-2.0
//
// --userns and the options beside it: which ids the container has. Not which are left to it by default: that is no map of
// its own, and the record keeps none.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/text.hpp"
#include "config/host_user.hpp"
#include "engine/auto_range_internal.hpp"
#include "engine/containers.hpp"
#include "engine/fold_internal.hpp"
#include "engine/id_lines_internal.hpp"

namespace ctool::engine {
namespace {

using userns::IdMapping;
using Options = std::vector<std::pair<std::string, std::string>>;

bool HasMapOptions(const CreateOptions& o) {
  return !o.uidmap.empty() || !o.gidmap.empty() || !o.subuidname.empty() || !o.subgidname.empty();
}

Error Unrecognized(const std::string& mode) {
  return Error(Code::kInvalidArgument, "unrecognized namespace mode " + Printable(mode) + " passed");
}

// "uid=1000,gid=1000"
Result<Options> ParseOptions(const std::string& text, std::initializer_list<std::string_view> known) {
  Options options;
  if (text.empty()) return options;
  for (const std::string& option : Split(text, ',')) {
    const size_t equals = option.find('=');
    const std::string name = option.substr(0, equals);
    if (equals == std::string::npos || std::find(known.begin(), known.end(), name) == known.end())
      return Error(Code::kInvalidArgument, "unknown option specified: " + Quote(name));
    options.emplace_back(name, option.substr(equals + 1));
  }
  return options;
}

Result<uint32_t> ParseNumber(const std::string& name, const std::string& text) {
  const std::optional<uint64_t> number = ParseUint(text);
  if (number && *number < UINT32_MAX) return static_cast<uint32_t>(*number);
  return Error(Code::kInvalidArgument, "invalid " + name + " " + Quote(text) + " in --userns: wanted a number");
}

// The ids below `own` and above it are the subordinate ones in their order, `own` is the user.
std::vector<IdMapping> AroundOwn(uint32_t own, uint32_t count) {
  const uint32_t others = count - 1, below = std::min(own, others);
  std::vector<IdMapping> map;
  if (below > 0) map.push_back({0, 1, below});
  map.push_back({own, 0, 1});
  if (others > below) map.push_back({own + 1, below + 1, others - below});
  return map;
}

Status KeepId(const std::string& text, const userns::IdMap& user, ContainerSpec& spec) {
  uint32_t uid = ::geteuid(), gid = ::getegid();
  uint32_t uids = CountIds(user.uids), gids = CountIds(user.gids);
  for (const auto& [name, value] : TRY(ParseOptions(text, {"uid", "gid", "size"}))) {
    const uint32_t number = TRY(ParseNumber(name, value));
    if (name == "uid") uid = number;
    if (name == "gid") gid = number;
    if (name != "size") continue;
    if (number == 0 || number > uids || number > gids)
      return Error(Code::kInvalidArgument, "--userns=keep-id: size " + value + " is not between 1 and the " + std::to_string(std::min(uids, gids)) + " ids that you have");
    uids = gids = number;
  }
  spec.id_mappings = {PrintIdMappings(AroundOwn(uid, uids)), PrintIdMappings(AroundOwn(gid, gids))};
  spec.user = std::to_string(uid) + ":" + std::to_string(gid);
  // passwd has a line for the user, as the host has.
  std::optional<std::string> line = config::HostUserLine(std::to_string(::geteuid()));
  if (!line) return Ok();
  std::vector<std::string> fields = Split(*line, ':');
  if (fields.size() != 7) return Ok();
  fields[2] = std::to_string(uid);
  fields[3] = std::to_string(gid);
  spec.host_users.push_back(Join(fields, ":"));
  spec.group_entry = fields[0] + ":x:$GID:" + fields[0];
  return Ok();
}

Status NoMap(const userns::IdMap& user, ContainerSpec& spec) {
  const uint32_t uids = CountIds(user.uids) - 1, gids = CountIds(user.gids) - 1;
  if (uids == 0 || gids == 0)
    return Error(Code::kInvalidArgument, "--userns=nomap: you have no ids but your own: " + user.degraded_reason).Hint(user.degraded_hint + (user.degraded_hint.empty() ? "" : "; ") + "see: ctool doctor");
  spec.id_mappings = {PrintIdMappings({{0, 1, uids}}), PrintIdMappings({{0, 1, gids}})};
  return Ok();
}

Status Auto(Engine& engine, const CreateOptions& o, const std::string& text, const userns::IdMap& user, ContainerSpec& spec) {
  constexpr uint32_t kUsual = 1024;
  AutoRange wanted{kUsual, {}, {}};
  // A user by number is one of them.
  const std::optional<uint64_t> uid = ParseUint(o.user.substr(0, o.user.find(':')));
  if (uid && *uid >= kUsual && *uid < UINT32_MAX) wanted.size = static_cast<uint32_t>(*uid) + 1;
  std::vector<std::string> fixed[2];
  for (const auto& [name, value] : TRY(ParseOptions(text, {"size", "uidmapping", "gidmapping"}))) {
    if (name == "size") wanted.size = TRY(ParseNumber(name, value));
    else fixed[name == "gidmapping"].push_back(value);
  }
  if (wanted.size == 0) wanted.size = kUsual;
  wanted.uids = TRY(ParseIdLines(fixed[0], IdKind::kUser, user.uids));
  wanted.gids = TRY(ParseIdLines(fixed[1], IdKind::kGroup, user.gids));
  spec.id_mappings = TRY(TakeAutoRange(engine, spec.id, wanted, user));
  return Ok();
}

Status OwnMap(const CreateOptions& o, const userns::IdMap& user, ContainerSpec& spec) {
  // newuidmap gives nobody the ranges of somebody else.
  const std::optional<std::string> self = config::HostUserLine(std::to_string(::geteuid()));
  for (const auto& [option, name] : {std::pair{"--subuidname", &o.subuidname}, {"--subgidname", &o.subgidname}})
    if (!name->empty() && (!self || !StartsWith(*self, *name + ":")))
      return Error(Code::kInvalidArgument, std::string(option) + " " + Quote(*name) + ": only your own subordinate ids can be mapped").Hint("newuidmap allows a user no others");
  if (!o.subuidname.empty() || !o.subgidname.empty()) {
    if (!o.uidmap.empty() || !o.gidmap.empty())
      return Error(Code::kInvalidArgument, "--subuidname and --subgidname can't be used with --uidmap and --gidmap");
    return NoMap(user, spec);
  }
  const std::vector<std::string>& uids = o.uidmap.empty() ? o.gidmap : o.uidmap;
  const std::vector<std::string>& gids = o.gidmap.empty() ? o.uidmap : o.gidmap;
  spec.id_mappings.uids = PrintIdMappings(TRY(ParseIdMappings(uids, IdKind::kUser, user.uids)));
  spec.id_mappings.gids = PrintIdMappings(TRY(ParseIdMappings(gids, IdKind::kGroup, user.gids)));
  return Ok();
}

Status Shared(Engine& engine, const std::string& word, const std::string& rest, ContainerSpec& spec) {
  if (rest.empty()) return Error(Code::kInvalidArgument, "--userns=" + word + " names nothing: it is " + word + (word == "ns" ? ":PATH" : ":CONTAINER"));
  if (word == "ns") {
    if (rest[0] != '/') return Error(Code::kInvalidArgument, "user namespace " + Quote(rest) + " is not an absolute path");
    return Ok();
  }
  const state::Container owner = TRY(FindContainer(engine, rest));
  spec.userns_mode = "container:" + owner.id;
  spec.dependencies.push_back(owner.id);
  return Ok();
}

Status FoldKeepGroups(const CreateOptions& o, ContainerSpec& spec) {
  spec.keep_groups = std::find(o.group_add.begin(), o.group_add.end(), "keep-groups") != o.group_add.end();
  if (spec.keep_groups && o.group_add.size() > 1)
    return Error(Code::kInvalidArgument, "the '--group-add keep-groups' option is not allowed with any other --group-add options");
  return Ok();
}

std::string WantedMode(const CreateOptions& o, const config::ContainersConf& conf) {
  if (!o.userns.empty() || HasMapOptions(o)) return o.userns;
  const char* environment = std::getenv("PODMAN_USERNS");
  return environment != nullptr && *environment != '\0' ? environment : conf.userns.value_or("");
}

}  // namespace

Status FoldUserns(Engine& engine, const CreateOptions& o, ContainerSpec& spec) {
  TRY(FoldKeepGroups(o, spec));
  const std::string mode = WantedMode(o, *TRY(engine.Conf()));
  if (HasMapOptions(o) && !mode.empty() && mode != "private")
    return Error(Code::kInvalidArgument, "--userns and --uidmap/--gidmap/--subuidname/--subgidname are mutually exclusive");
  spec.userns_mode = HasMapOptions(o) ? "private" : mode;
  const size_t colon = mode.find(':');
  const std::string word = mode.substr(0, colon), rest = colon == std::string::npos ? "" : mode.substr(colon + 1);
  const bool plain = word.empty() || word == "host" || word == "private";
  if (plain && !rest.empty()) return Unrecognized(mode);
  if (plain && !HasMapOptions(o)) return Ok();
  if (word == "container" || word == "ns") return Shared(engine, word, rest, spec);
  const userns::IdMap user = TRY(userns::DefaultMap());
  if (HasMapOptions(o)) return OwnMap(o, user, spec);
  if (word == "keep-id") return KeepId(rest, user, spec);
  if (word == "nomap" && rest.empty()) return NoMap(user, spec);
  if (word == "auto") return Auto(engine, o, rest, user, spec);
  return Unrecognized(mode);
}

}  // namespace ctool::engine
