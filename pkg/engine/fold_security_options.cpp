// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <climits>
#include <cstdlib>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/fold_internal.hpp"
#include "engine/security_modules_internal.hpp"
#include "runtime/landlock.hpp"
#include "seccomp/seccomp.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

// containers/common's lists; what a host does not have is passed over.
constexpr const char* kMaskedPaths[] = {
    "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
    "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/proc/interrupts", "/sys/firmware",
    "/sys/fs/selinux", "/sys/dev/block", "/sys/devices/virtual/powercap"};
constexpr const char* kReadonlyPaths[] = {"/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq",
                                          "/proc/sys", "/proc/sysrq-trigger"};
constexpr char kCgroups[] = "/sys/fs/cgroup";

// What the options say, to be put in order: masks of the defaults come and go, those that are typed stay.
struct Wishes {
  std::vector<std::string> mask, unmask, labels;
  runtime::Landlock landlock;
};

Error Invalid(const std::string& text) { return Error(Code::kInvalidArgument, "invalid --security-opt " + Quote(text)).Hint("there are no-new-privileges, seccomp=, label=, apparmor=, mask=, unmask=, proc-opts= and landlock="); }

// As a shell has it: "*" stops at a slash.
bool Unmasked(const Wishes& wishes, const std::string& path) {
  return std::any_of(wishes.unmask.begin(), wishes.unmask.end(), [&](const std::string& pattern) {
    return ToLower(pattern) == "all" || ::fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0;
  });
}

// One a processor, where processors have it.
std::vector<std::string> ThermalThrottle() {
  constexpr char kProcessors[] = "/sys/devices/system/cpu";
  std::vector<std::string> paths;
  if (!sys::Exists(std::string(kProcessors) + "/cpu0/thermal_throttle")) return paths;
  const Result<sys::Fd> dir = sys::Open(kProcessors, O_RDONLY | O_DIRECTORY);
  const Result<std::vector<std::string>> names = dir.ok() ? sys::ListDir(dir->get(), kProcessors) : Result<std::vector<std::string>>(dir.error());
  if (!names.ok()) return paths;
  for (const std::string& name : *names)
    if (StartsWith(name, "cpu") && name.size() > 3 && std::isdigit(static_cast<unsigned char>(name[3])) != 0)
      paths.push_back(std::string(kProcessors) + "/" + name + "/thermal_throttle");
  std::sort(paths.begin(), paths.end());
  return paths;
}

void FoldMasks(const Wishes& wishes, ContainerSpec& spec) {
  spec.masked_paths.clear();
  spec.readonly_paths.clear();
  spec.cgroups_writable = Unmasked(wishes, kCgroups);
  if (!spec.privileged) {
    std::vector<std::string> masked(std::begin(kMaskedPaths), std::end(kMaskedPaths));
    for (std::string& path : ThermalThrottle()) masked.push_back(std::move(path));
    // The host's /sys has what a fresh one in the container's namespaces would not show.
    if (spec.network_mode == "host") masked.emplace_back("/sys/kernel");
    for (std::string& path : masked)
      if (!Unmasked(wishes, path)) spec.masked_paths.push_back(std::move(path));
    for (const char* path : kReadonlyPaths)
      if (!Unmasked(wishes, path)) spec.readonly_paths.emplace_back(path);
  }
  spec.masked_paths.insert(spec.masked_paths.end(), wishes.mask.begin(), wishes.mask.end());
}

Status FoldMask(const std::string& value, Wishes& wishes) {
  for (const std::string& path : Split(value, ':')) {
    if (path.empty() || path[0] != '/') return Error(Code::kInvalidArgument, "--security-opt mask: " + Quote(path) + " is not an absolute path");
    wishes.mask.push_back(path);
  }
  return Ok();
}

// The file of a recorded profile, absolute, as it was named: what it is must be known before the container runs.
Result<std::string> RecordFile(const std::string& file) {
  const auto refused = [&](const std::string& why) {
    return Error(Code::kInvalidArgument, "--security-opt seccomp=record: " + Quote(file) + " " + why);
  };
  if (file.empty() || file.back() == '/') return refused("is no file's name");
  std::string path = file;
  if (path[0] != '/') {
    std::array<char, PATH_MAX> cwd;
    if (::getcwd(cwd.data(), cwd.size()) == nullptr) return Error::Sys(errno, "getcwd");
    path = std::string(cwd.data()) + "/" + path;
  }
  struct stat st {};
  if (::lstat(path.c_str(), &st) == 0 && !S_ISREG(st.st_mode)) return refused("exists, and is not a regular file; links are not followed");
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  if (::access(folder.c_str(), W_OK | X_OK) < 0) return Error::Sys(errno, "write the recorded seccomp profile to the folder", folder);
  return path;
}

Status FoldSeccomp(const std::string& value, ContainerSpec& spec) {
  if (value.empty()) return Error(Code::kInvalidArgument, "--security-opt seccomp= needs a file or \"unconfined\"");
  constexpr std::string_view kRecord = "record:";
  if (!StartsWith(value, kRecord)) {
    spec.seccomp = value;
    return Ok();
  }
  TRY(seccomp::CheckListeners());
  spec.seccomp_record = TRY(RecordFile(value.substr(kRecord.size())));
  return Ok();
}

Status FoldNoNewPrivileges(const std::string& text, const std::string& value, bool given, ContainerSpec& spec) {
  if (given && value != "true" && value != "false" && value != "1" && value != "0") return Invalid(text);
  spec.no_new_privileges = value != "false" && value != "0";
  return Ok();
}

Status FoldProcOptions(const std::string& value, ContainerSpec& spec) {
  // Nothing that would open what a container's /proc closes.
  for (const std::string& option : Split(value, ',')) {
    const std::string key = option.substr(0, option.find('='));
    const bool known = key == "hidepid" || key == "subset" || key == "gid" || option == "ro" || option == "nosuid" || option == "nodev" || option == "noexec";
    if (!known) return Error(Code::kInvalidArgument, "--security-opt proc-opts: " + Quote(option) + " is none of hidepid=, subset=, gid=, ro, nosuid, nodev, noexec");
    spec.proc_options.push_back(option);
  }
  return Ok();
}

// docker once had "key:value", and still takes it.
Status FoldOne(const std::string& text, ContainerSpec& spec, Wishes& wishes) {
  size_t separator = text.find('=');
  if (separator == std::string::npos) separator = text.find(':');
  const bool given = separator != std::string::npos;
  const std::string key = text.substr(0, separator), value = given ? text.substr(separator + 1) : "";
  if (key == "no-new-privileges") return FoldNoNewPrivileges(text, value, given, spec);
  if (!given) return Invalid(text);
  if (key == "seccomp") return FoldSeccomp(value, spec);
  if (key == "landlock") return runtime::AddLandlock(value, wishes.landlock);
  if (key == "apparmor") return SetAppArmor(value, spec.apparmor);
  if (key == "mask") return FoldMask(value, wishes);
  if (key == "proc-opts") return FoldProcOptions(value, spec);
  if (key == "label") wishes.labels.push_back(value);
  else if (key == "unmask") for (const std::string& path : Split(value, ':')) wishes.unmask.push_back(path);
  else if (key == "systempaths" && value == "unconfined") wishes.unmask.emplace_back("ALL");
  else return Invalid(text);
  return Ok();
}

}  // namespace

Status FoldSecurityOptions(const FoldInput& in, ContainerSpec& spec) {
  if (in.conf.seccomp_profile && !in.conf.seccomp_profile->empty()) spec.seccomp = *in.conf.seccomp_profile;
  Wishes wishes;
  for (const std::string& text : in.options.security_opt) {
    TRY(FoldOne(text, spec, wishes));
    spec.security_opt.push_back(text);
  }
  if (std::any_of(spec.security_opt.begin(), spec.security_opt.end(), [](const std::string& text) { return StartsWith(text, "landlock"); })) {
    TRY(runtime::CheckLandlock(wishes.landlock, runtime::LandlockAbi()));
    spec.landlock = wishes.landlock.Print();
  }
  if (!wishes.labels.empty()) spec.selinux = TRY(SelinuxLabel(wishes.labels));
  FoldMasks(wishes, spec);
  return Ok();
}

}  // namespace ctool::engine
