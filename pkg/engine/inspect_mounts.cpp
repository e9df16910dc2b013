// SPDX-License-Identifier: Apache-2.0
//
// "Mounts": what -v, --mount and the image asked for, and where it comes from.
#include <algorithm>

#include "engine/inspect_internal.hpp"
#include "engine/mount_options_internal.hpp"
#include "engine/volumes_internal.hpp"

namespace ctool::engine {
namespace {

using Json = InspectJson;

bool IsPropagation(std::string_view option) {
  constexpr std::string_view kWords[] = {"private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable"};
  return std::find(std::begin(kWords), std::end(kWords), option) != std::end(kWords);
}

std::string SourceOf(const ContainerMount& m, const std::string& volumes_dir) {
  if (m.type != "volume") return m.source;
  const Result<VolumeSource> source = ParseVolumeSource(m.volume_options);
  const bool bound = source.ok() && source->kind == VolumeSource::Kind::kBind;
  return bound ? source->device : volumes_dir + "/" + m.name + "/_data";
}

// podman tells only these of an image.
Json Image(const ContainerMount& m) {
  Json mount = {{"Type", "image"}, {"Source", m.source}, {"Destination", m.destination}, {"Driver", ""}, {"Mode", ""}, {"Options", nullptr}};
  mount["RW"] = HasOption(m, "rw");
  mount["Propagation"] = "";
  if (!m.subpath.empty()) mount["SubPath"] = m.subpath;
  return mount;
}

Json BindOrVolume(const ContainerMount& m, const std::string& volumes_dir) {
  Json mount = {{"Type", m.type}};
  if (m.type == "volume") mount["Name"] = m.name;
  mount["Source"] = SourceOf(m, volumes_dir);
  mount["Destination"] = m.destination;
  mount["Driver"] = m.type == "volume" ? "local" : "";
  mount["Mode"] = "";
  mount["Options"] = Json::array();
  mount["RW"] = true;
  mount["Propagation"] = "rprivate";
  for (const std::string& option : m.options) {
    if (option == "ro") mount["RW"] = false;
    else if (IsPropagation(option)) mount["Propagation"] = option;
    else if (option != "rw") mount["Options"].push_back(option);
  }
  if (!m.subpath.empty()) mount["SubPath"] = m.subpath;
  return mount;
}

}  // namespace

InspectJson InspectMounts(const ContainerSpec& spec, const std::string& volumes_dir) {
  Json out = Json::array();
  for (const ContainerMount& m : spec.mounts) {
    if (m.type == "image") out.push_back(Image(m));
    else if ((m.type == "bind" || m.type == "volume") && !IsDeviceMount(spec, m)) out.push_back(BindOrVolume(m, volumes_dir));
  }
  return out;
}

}  // namespace ctool::engine
