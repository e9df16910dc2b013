// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "base/text.hpp"
#include "doctor/checks_internal.hpp"
#include "engine/host_facts.hpp"
#include "sys/file.hpp"

namespace ctool::doctor {
namespace {

struct Family {
  std::string_view id, command;
  std::string_view id_helpers;  // who has newuidmap; every other package has one name everywhere
};

constexpr std::array<Family, 8> kFamilies = {{
    {"debian", "apt-get install -y ", "uidmap"},
    {"ubuntu", "apt-get install -y ", "uidmap"},
    {"fedora", "dnf install -y ", "shadow-utils"},
    {"rhel", "dnf install -y ", "shadow-utils"},
    {"arch", "pacman -S --noconfirm ", "shadow"},
    {"suse", "zypper --non-interactive install ", "shadow"},
    {"opensuse", "zypper --non-interactive install ", "shadow"},
    {"alpine", "apk add ", "shadow-uidmap"},
}};

}  // namespace

std::optional<std::string> InstallCommandFor(std::string_view os_release, const std::string& what) {
  std::map<std::string, std::string> os = engine::ParseOsRelease(os_release);
  std::vector<std::string> ids = Split(os["ID_LIKE"], ' ');
  ids.insert(ids.begin(), os["ID"]);
  for (const std::string& id : ids)
    for (const Family& family : kFamilies)
      if (id == family.id)
        return std::string(family.command) + (what == "newuidmap" ? std::string(family.id_helpers) : what);
  return std::nullopt;
}

std::optional<std::string> InstallCommand(const std::string& what) {
  for (const char* path : {"/etc/os-release", "/usr/lib/os-release"})
    if (const Result<std::string> text = sys::ReadFile(path, 1 << 16); text.ok()) return InstallCommandFor(*text, what);
  return std::nullopt;
}

}  // namespace ctool::doctor
