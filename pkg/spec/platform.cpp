// SPDX-License-Identifier: Apache-2.0
#include "spec/platform.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace ctool::spec {
namespace {

struct Name {
  std::string_view alias, architecture, variant;
};

// What users and uname(2) say, and what Go says; containerd's platforms/database.go.
constexpr std::array kAliases = {
    Name{"x86_64", "amd64", ""},       Name{"x86-64", "amd64", ""},
    Name{"aarch64", "arm64", ""},      Name{"armv8l", "arm", "v8"},
    Name{"armhf", "arm", "v7"},        Name{"armel", "arm", "v6"},
    Name{"armv7l", "arm", "v7"},       Name{"armv6l", "arm", "v6"},
    Name{"armv5tel", "arm", "v5"},     Name{"i386", "386", ""},
    Name{"i486", "386", ""},           Name{"i586", "386", ""},
    Name{"i686", "386", ""},           Name{"loongarch64", "loong64", ""},
};

constexpr std::array<std::string_view, 17> kArchitectures = {
    "386",   "amd64",  "arm",      "arm64",   "loong64", "mips",    "mipsle", "mips64", "mips64le",
    "ppc64", "ppc64le", "riscv64", "s390x",   "sparc64", "wasm",    "riscv",  "s390"};

constexpr std::array<std::string_view, 13> kSystems = {
    "linux",   "windows", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly",
    "solaris", "illumos", "aix",    "android", "plan9",  "wasip1"};

template <size_t N>
bool Contains(const std::array<std::string_view, N>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

// Go's names for one architecture; the variant stays what it was unless the alias implies one.
void Normalise(Platform& platform) {
  for (const Name& name : kAliases) {
    if (platform.architecture != name.alias) continue;
    platform.architecture = name.architecture;
    if (platform.variant.empty()) platform.variant = name.variant;
  }
  // "linux/arm/7" is how some write v7.
  if (platform.variant.size() == 1 && platform.variant[0] >= '0' && platform.variant[0] <= '9')
    platform.variant.insert(0, "v");
}

// arm64 without a variant is v8.
std::string_view EffectiveVariant(const Platform& platform) {
  if (platform.architecture == "arm64" && platform.variant.empty()) return "v8";
  return platform.variant;
}

bool ValidComponent(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
                  c == '-';
         });
}

}  // namespace

Platform Platform::Host() {
  utsname names{};
  // Can only fail with EFAULT.
  CHECK(::uname(&names) == 0);
  Platform host;
  host.os = "linux";
  host.architecture = names.machine;
  Normalise(host);
  if (host.architecture == "arm64") host.variant = "v8";
  return host;
}

Result<Platform> Platform::Parse(std::string_view text) {
  const auto invalid = [&](std::string_view why) {
    return Error(Code::kInvalidArgument,
                 "invalid platform " + Quote(text.substr(0, 100)) + ": " + std::string(why))
        .Hint("write it as OS/ARCH or OS/ARCH/VARIANT, for example linux/arm64");
  };
  const std::vector<std::string> parts = Split(ToLower(text), '/');
  if (parts.size() > 3) return invalid("too many components");
  if (!std::all_of(parts.begin(), parts.end(), ValidComponent))
    return invalid("bad or empty component");
  Platform out;
  if (parts.size() == 1) {
    const Platform host = Host();
    if (parts[0] == "macos" || Contains(kSystems, parts[0])) {
      out = host;
      out.os = parts[0] == "macos" ? "darwin" : parts[0];
      return out;
    }
    out.os = host.os;
    out.architecture = parts[0];
    Normalise(out);
    if (!Contains(kArchitectures, out.architecture))
      return invalid("unknown operating system or architecture");
    return out;
  }
  out.os = parts[0] == "macos" ? "darwin" : parts[0];
  out.architecture = parts[1];
  if (parts.size() == 3) out.variant = parts[2];
  Normalise(out);
  return out;
}

std::string Platform::Print() const {
  std::string out = os + "/" + architecture;
  if (!variant.empty()) out += "/" + variant;
  return out;
}

bool Platform::Accepts(const Platform& image) const {
  if (os != image.os || architecture != image.architecture) return false;
  const std::string_view mine = EffectiveVariant(*this), its = EffectiveVariant(image);
  if (mine.empty() || its.empty() || mine == its) return true;
  // A 32-bit ARM machine runs what was built for the versions before its own.
  return architecture == "arm" && mine.size() == 2 && its.size() == 2 && its < mine;
}

}  // namespace ctool::spec
