// SPDX-License-Identifier: Apache-2.0
#include "ctool/volume/commands.hpp"

namespace ctool {
namespace {

using cli::Value;

Value Map(const std::map<std::string, std::string>& map) {
  Value out = Value::Map();
  for (const auto& [key, value] : map) out.Set(key, value);
  return out;
}

}  // namespace

void SetVolumeFields(const engine::VolumeInfo& volume, Value& v) {
  const int64_t created = volume.record.created;
  v.Set("Name", volume.record.name).Set("Driver", volume.record.driver).Set("Mountpoint", volume.mountpoint);
  v.Set("CreatedAt", Value::Time({.seconds = created / 1'000'000'000, .nanos = static_cast<int32_t>(created % 1'000'000'000), .zone = "UTC"}));
  v.Set("Labels", Map(volume.labels)).Set("Scope", "local").Set("Options", Map(volume.options));
  v.Set("UID", volume.uid, {.name = "UID", .omit_empty = true}).Set("GID", volume.gid, {.name = "GID", .omit_empty = true});
  v.Set("Anonymous", volume.record.anonymous, {.name = "Anonymous", .omit_empty = true});
  v.Set("MountCount", volume.mounts);
  v.Set("NeedsCopyUp", volume.needs_copy_up, {.name = "NeedsCopyUp", .omit_empty = true});
  v.Set("NeedsChown", volume.needs_chown, {.name = "NeedsChown", .omit_empty = true});
}

Value VolumeValue(const engine::VolumeInfo& volume) {
  Value v = Value::Struct("define.InspectVolumeData");
  SetVolumeFields(volume, v);
  return v;
}

}  // namespace ctool
