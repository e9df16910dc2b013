// SPDX-License-Identifier: Apache-2.0
#include "monitor/sandbox.hpp"

#include "monitor/backend_internal.hpp"
#include "monitor/json_internal.hpp"

namespace ctool::monitor {
namespace {

constexpr auto kMappingFields = [](auto& o, const auto& field) {
  field("inside", o.inside);
  field("outside", o.outside);
  field("count", o.count);
};

constexpr auto kGroupFields = [](auto& o, const auto& field) {
  field("manager", o.manager);
  field("name", o.name);
  field("parent", o.parent);
  field("socket", o.socket);
  field("slice", o.slice);
  field("program", o.program);
  field("onlyContainer", o.only_container);
};

constexpr auto kFields = [](auto& o, const auto& field) {
  field("namespaces", o.namespaces);
  field("uids", o.map.uids, kMappingFields);
  field("gids", o.map.gids, kMappingFields);
  field("singleId", o.map.single_id);
  field("newuidmap", o.map.newuidmap);
  field("newgidmap", o.map.newgidmap);
  field("storeUids", o.store.uids, kMappingFields);
  field("storeGids", o.store.gids, kMappingFields);
  field("terminal", o.terminal);
  field("keepStdin", o.keep_stdin);
  field("passthrough", o.passthrough);
  field("files", o.files);
  field("network", o.network, kBackendFields);
  field("joined", o.joined, [](auto& joined, const auto& part) { part("types", joined.types); });
  field("uidsBelow", o.below.uids, kMappingFields);
  field("gidsBelow", o.below.gids, kMappingFields);
  field("singleBelow", o.below.single_id);
  field("netavark", o.netavark.program);
  field("aardvark", o.netavark.aardvark);
  field("netavarkLock", o.netavark.lock);
  field("sharedDir", o.shared_dir);
  field("group", o.group, kGroupFields);
};

}  // namespace

Result<Sandbox> Sandbox::Parse(std::string_view bytes) {
  Sandbox sandbox = TRY(ParseObject<Sandbox>(bytes, "the sandbox", kFields));
  sandbox.store.newuidmap = sandbox.map.newuidmap;
  sandbox.store.newgidmap = sandbox.map.newgidmap;
  return sandbox;
}

std::string Sandbox::Print() const { return PrintObject(*this, kFields); }

}  // namespace ctool::monitor
