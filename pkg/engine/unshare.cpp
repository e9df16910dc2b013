// SPDX-License-Identifier: Apache-2.0
#include "engine/unshare.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/text.hpp"
#include "engine/rootfs_view.hpp"
#include "sys/file.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {
namespace {

constexpr char kMarker[] = "_CONTAINERS_USERNS_CONFIGURED";

void SetEnvironment(const config::Paths& paths, uid_t uid, gid_t gid) {
  ::setenv(kMarker, "done", 1);
  ::setenv("_CONTAINERS_ROOTLESS_UID", std::to_string(uid).c_str(), 1);
  ::setenv("_CONTAINERS_ROOTLESS_GID", std::to_string(gid).c_str(), 1);
  ::setenv("CONTAINERS_GRAPHROOT", paths.graph_root.c_str(), 1);
  ::setenv("CONTAINERS_RUNROOT", paths.run_root.c_str(), 1);
  ::setenv("TMPDIR", "/var/tmp", 0);
  ::setenv("HOME", paths.home.c_str(), 1);
}

Error Explain(const std::string& name, int err) {
  if (err == ENOENT && name.find('/') == std::string::npos)
    return Error(Code::kNoCommand, "exec: " + Quote(name) + ": executable file not found in $PATH");
  if (err == ENOENT) return Error(Code::kNoCommand, "fork/exec " + Printable(name) + ": no such file or directory");
  if (err == EACCES) return Error(Code::kNotExecutable, "fork/exec " + Printable(name) + ": permission denied");
  return Error::Sys(err, "execute", name).As(Code::kNotExecutable);
}

// What a terminal sends goes to the program as well, whose business it is.
class IgnoreTerminalSignals {
 public:
  IgnoreTerminalSignals() : interrupt_(::signal(SIGINT, SIG_IGN)), quit_(::signal(SIGQUIT, SIG_IGN)) {}
  ~IgnoreTerminalSignals() { Restore(); }
  void Restore() const {
    ::signal(SIGINT, interrupt_);
    ::signal(SIGQUIT, quit_);
  }

 private:
  void (*interrupt_)(int);
  void (*quit_)(int);
};

// /proc/self/mountinfo writes blanks and backslashes as \ooo.
std::string Unescape(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

Result<int> Unshare(Engine& engine, const std::vector<std::string>& command) {
  const config::Paths& paths = *TRY(engine.Paths());
  std::vector<std::string> argv = command;
  const char* shell = std::getenv("SHELL");
  if (argv.empty()) argv = {shell != nullptr && *shell != '\0' ? shell : "/bin/sh"};
  std::vector<char*> pointers;
  for (std::string& word : argv) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const uid_t uid = ::getuid();
  const gid_t gid = ::getgid();
  const userns::IdMap map = TRY(userns::DefaultMap());
  // A failed exec is told through a pipe that a successful one closes.
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
  const sys::Fd read_end(ends[0]);
  sys::Fd write_end(ends[1]);
  const IgnoreTerminalSignals ignored;
  const Result<int> status = userns::RunInside(map, [&]() -> int {
    ignored.Restore();
    SetEnvironment(paths, uid, gid);
    ::execvp(pointers[0], pointers.data());
    const int err = errno;
    return ::write(write_end.get(), &err, sizeof err) == sizeof err ? 127 : 125;
  });
  if (!status.ok()) return status;
  write_end.Reset();
  int err = 0;
  if (::read(read_end.get(), &err, sizeof err) == sizeof err) return Explain(argv[0], err);
  return *status;
}

Result<bool> IsMounted(const std::string& path) {
  constexpr size_t kMaxMounts = 64 << 20;
  for (const std::string& line : Split(TRY(sys::ReadFile("/proc/self/mountinfo", kMaxMounts)), '\n')) {
    const std::vector<std::string> fields = Split(line, ' ');
    if (fields.size() > 4 && Unescape(fields[4]) == path) return true;
  }
  return false;
}

bool IsUnshared() { return ::geteuid() == 0 && userns::InUserNamespace(); }

Status UnmountPath(const std::string& path) {
  if (::umount2(path.c_str(), MNT_DETACH) < 0) return Error::Sys(errno, "unmount", path);
  return Ok();
}

Result<ContainerMountPoint> MountContainer(Engine& engine, const std::string& name_or_id) {
  RootfsWanted wanted = TRY(WantRootfs(engine, name_or_id));
  wanted.with_mounts = false;
  // Two writers of one upper folder are one too many.
  wanted.writable = wanted.container.state != state::ContainerState::kRunning;
  TRY(engine.RunDir(wanted.container.id, true));
  const ContainerFiles files = TRY(FilesOf(engine, wanted.container.id));
  const ContainerMountPoint point{wanted.container.id, wanted.container.name, files.Merged()};
  if (TRY(IsMounted(point.path))) return point;
  TRY(sys::MakeDirs(point.path, 0700));
  MountedRootfs mounted = TRY(MountRootfs(wanted, files, "", point.path));
  if (!mounted.fuse) return point;
  ::umount2(point.path.c_str(), MNT_DETACH);
  return Error(Code::kUnsupported, "the kernel mounts no overlay here, and fuse-overlayfs would end with this command");
}

Result<std::vector<ContainerMountPoint>> ListMountedContainers(Engine& engine) {
  std::vector<ContainerMountPoint> mounted;
  for (const state::Container& c : TRY(TRY(engine.Db())->ListContainers(state::Database::ContainerFields::kSummary))) {
    const std::string path = TRY(FilesOf(engine, c.id)).Merged();
    if (TRY(IsMounted(path))) mounted.push_back({c.id, c.name, path});
  }
  return mounted;
}

Result<bool> UnmountContainer(Engine& engine, const std::string& id) {
  const std::string path = TRY(FilesOf(engine, id)).Merged();
  if (!TRY(IsMounted(path))) return false;
  TRY(UnmountPath(path));
  return true;
}

}  // namespace ctool::engine
