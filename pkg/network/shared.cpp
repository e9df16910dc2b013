// SPDX-License-Identifier: Apache-2.0
#include "network/shared.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/mount.hpp"
#include "sys/procfs.hpp"

namespace ctool::network {
namespace {

Status WriteSysctl(const std::string& path, const std::string& value) {
  const sys::Fd file = TRY(sys::Open(path, O_WRONLY));
  return sys::WriteAll(file.get(), value, path);
}

Status BindOver(const std::string& source, const std::string& target) {
  if (::mount(source.c_str(), target.c_str(), nullptr, MS_BIND, nullptr) < 0) return Error::Sys(errno, "mount on", target);
  return Ok();
}

// A resolv.conf that is a link into /run (systemd-resolved, resolvconf) leads nowhere now: its target is made.
Status PutResolvConf(const std::string& text) {
  constexpr char kFile[] = "/etc/resolv.conf";
  const std::string ours = std::string(kSharedState) + "/resolv.conf";
  TRY(sys::WriteFileAtomic(ours, text, 0644, sys::Durability::kNone));
  struct stat st {};
  if (::stat(kFile, &st) == 0) return BindOver(ours, kFile);
  std::string target(4096, '\0');
  const ssize_t size = ::readlink(kFile, target.data(), target.size());
  if (size <= 0) return Ok();  // there is none: aardvark-dns has no upstream, and says so
  target.resize(static_cast<size_t>(size));
  const size_t run = target.find("run/");
  if (run == std::string::npos) return Ok();
  const std::string path = "/" + target.substr(run);
  TRY(sys::MakeDirs(path.substr(0, path.rfind('/')), 0755));
  return sys::WriteFileAtomic(path, text, 0644, sys::Durability::kNone);
}

void RemoveFiles(const SharedFolder& folder) {
  for (const std::string& file : {folder.Status(), folder.Alive(), folder.SlirpSocket(), folder.Resolver()}) ::unlink(file.c_str());
  // Addresses of containers that have lost their interfaces mean nothing.
  const Status removed = sys::RemoveTree(folder.path + "/leases");
  if (!removed.ok()) Debug(removed.error().Message());
}

}  // namespace

Result<SharedMember> JoinShared(const SharedFolder& folder) {
  // Without a reader there is nobody who keeps it: ENXIO (fifo(7)).
  Result<sys::Fd> alive = sys::Open(folder.Alive(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
  if (!alive.ok()) return std::move(alive).error().As(Code::kNotFound);
  const std::string text = TRY(sys::ReadFile(folder.Status(), 128));
  const size_t blank = text.find(' ');
  if (blank == std::string::npos) return Error(Code::kNotFound, "'" + folder.Status() + "' names no process");
  const std::optional<int64_t> pid = ParseInt(text.substr(0, blank)), start = ParseInt(std::string(Trim(text.substr(blank))));
  if (!pid || !start) return Error(Code::kNotFound, "'" + folder.Status() + "' names no process");
  sys::Fd init = TRY(sys::OpenProcess(static_cast<pid_t>(*pid), static_cast<uint64_t>(*start)));
  if (!sys::IsRunning(init.get())) return Error(Code::kNotFound, "the networks' process has ended");
  return SharedMember{static_cast<pid_t>(*pid), std::move(init), std::move(alive).value()};
}

void ForgetShared(const SharedFolder& folder) {
  if (const Result<SharedMember> there = JoinShared(folder); there.ok() || there.error().code() != Code::kNotFound) return;
  RemoveFiles(folder);
}

void RemoveShared(const SharedFolder& folder, int alive) {
  struct stat ours {}, there {};
  if (::fstat(alive, &ours) == 0 && ::lstat(folder.Alive().c_str(), &there) == 0 && (ours.st_dev != there.st_dev || ours.st_ino != there.st_ino)) return;
  RemoveFiles(folder);
}

bool LeaveLast(const SharedFolder& folder) {
  // A reader that comes late is not told of a hang-up by poll(2), but read(2) has an end of file when nobody writes.
  const Result<sys::Fd> alive = sys::Open(folder.Alive(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  char byte = 0;
  if (!alive.ok() || ::read(alive->get(), &byte, 1) != 0) return false;
  RemoveFiles(folder);
  return true;
}
Result<sys::Fd> MakeAlive(const SharedFolder& folder) {
  if (::unlink(folder.Alive().c_str()) < 0 && errno != ENOENT) return Error::Sys(errno, "remove", folder.Alive());
  if (::mkfifo(folder.Alive().c_str(), 0600) < 0) return Error::Sys(errno, "mkfifo", folder.Alive());
  return sys::Open(folder.Alive(), O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
}

bool SomebodyUses(int alive) {
  pollfd polled{alive, POLLIN, 0};
  return ::poll(&polled, 1, 0) == 0 || (polled.revents & POLLHUP) == 0;
}

Status EnterShared(int init) {
  if (::setns(init, CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID) < 0)
    return Error::Sys(errno, "enter the namespaces of the networks");
  return Ok();
}

Status PrepareSharedMounts(const std::string& resolver) {
  TRY(sys::MakeMountsSlave());
  if (::mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0) return Error::Sys(errno, "mount a tmpfs on", "/run");
  TRY(sys::MakeDirs(kSharedState, 0700));
  // Without one of its own the host's file is as good as any.
  return resolver.empty() ? Ok() : PutResolvConf("nameserver " + resolver + "\n");
}

Status PrepareSharedRouting() {
  TRY(WriteSysctl("/proc/sys/net/ipv4/ip_forward", "1"));
  return WriteSysctl("/proc/sys/net/ipv4/conf/tap0/proxy_arp", "1");
}

}  // namespace ctool::network
