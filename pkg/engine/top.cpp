// SPDX-License-Identifier: Apache-2.0
#include "engine/top.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <set>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "engine/settle_internal.hpp"
#include "engine/top_internal.hpp"
#include "sys/file.hpp"
#include "sys/procfs.hpp"
#include "sys/root.hpp"

namespace ctool::engine {
namespace {

constexpr size_t kMaxAccounts = 1 << 20;  // of passwd or group in a container
constexpr size_t kMaxArgs = 64 << 10;     // of a command line: a process decides how long its own is

Error NotRunning() { return Error(Code::kInvalidArgument, "top can only be used on running containers"); }

// At most `limit` bytes of a file below /proc; empty for a process that is gone, or not to be looked at.
std::string ReadProc(int proc, const std::string& name, size_t limit = 64 << 10) {
  const Result<sys::Fd> fd = sys::OpenAt(proc, name, O_RDONLY);
  if (!fd.ok()) return "";
  std::string text(std::min<size_t>(limit, 4096), '\0');
  size_t size = 0;
  for (;;) {
    const ssize_t got = ::read(fd->get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<size_t>(got);
    if (size == limit) break;
    if (size == text.size()) text.resize(std::min(limit, text.size() * 2));
  }
  text.resize(size);
  return text;
}

// A namespace, by the inode number of /proc/PID/ns/NAME; 0: gone, or not to be looked at.
ino_t NamespaceOf(int proc, const std::string& pid, const char* name) {
  struct stat st{};
  return ::fstatat(proc, (pid + "/ns/" + name).c_str(), &st, 0) == 0 ? st.st_ino : 0;
}

// Which processes are the container's.
class Membership {
 public:
  Membership(int proc, pid_t init)
      : proc_(proc), init_(std::to_string(init)), ours_(NamespaceOf(proc, "self", "pid")), inits_(NamespaceOf(proc, init_, "pid")) {}

  bool found() const { return inits_ != 0; }
  bool host_pids() const { return inits_ == ours_; }

  bool Has(const std::string& pid) {
    const ino_t ns = NamespaceOf(proc_, pid, "pid");
    if (ns == 0 || ns == ours_) return false;
    if (ns == inits_) return true;
    if (const auto it = below_.find(ns); it != below_.end()) return it->second;
    return below_[ns] = IsBelow(pid);
  }

 private:
  // True for a namespace that was made inside the container's.
  bool IsBelow(const std::string& pid) const {
    Result<sys::Fd> ns = sys::OpenAt(proc_, pid + "/ns/pid", O_RDONLY);
    while (ns.ok()) {
      struct stat st{};
      if (::fstat(ns->get(), &st) != 0) return false;
      if (st.st_ino == inits_) return true;
      const int parent = ::ioctl(ns->get(), NS_GET_PARENT);
      if (parent < 0) return false;
      ns = sys::Fd(parent);
    }
    return false;
  }

  int proc_;
  std::string init_;
  ino_t ours_, inits_;
  std::map<ino_t, bool> below_;
};

std::vector<std::string> AllPids(int proc) {
  std::vector<std::string> pids;
  const int copy = ::openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* dir = copy < 0 ? nullptr : ::fdopendir(copy);
  if (dir == nullptr) return pids;
  while (const dirent* entry = ::readdir(dir))
    if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') pids.emplace_back(entry->d_name);
  ::closedir(dir);
  return pids;
}

// The kernel's own threads: half of what /proc lists, in none of the container's namespaces, and found by one read.
// Nothing where 2 is a process like any other, as in a container, or the kernel does not list children.
std::set<std::string> KernelThreads(int proc) {
  constexpr int64_t kIsKernelThread = 0x00200000;  // PF_KTHREAD
  const std::string stat = ReadProc(proc, "2/stat");
  const size_t end = stat.rfind(") ");
  constexpr size_t kFlags = 6;  // counted from the state (proc(5))
  const std::vector<std::string> fields = end == std::string::npos ? std::vector<std::string>() : Split(stat.substr(end + 2), ' ');
  if (fields.size() <= kFlags || (ParseInt(fields[kFlags]).value_or(0) & kIsKernelThread) == 0) return {};
  std::set<std::string> threads = {"2"};
  for (std::string& pid : Split(ReadProc(proc, "2/task/2/children", 1 << 20), ' ')) threads.insert(std::move(pid));
  return threads;
}

// With the host's pid namespace: what descends from the first process, and what was put beside it (it sees
// the same mounts).
std::vector<std::string> Descendants(int proc, pid_t init) {
  std::multimap<std::string, std::string> children;
  std::set<std::string> members = {std::to_string(init)};
  const ino_t mounts = NamespaceOf(proc, std::to_string(init), "mnt");
  const bool own_mounts = mounts != 0 && mounts != NamespaceOf(proc, "self", "mnt");
  for (const std::string& pid : AllPids(proc)) {
    TopProcess process;
    if (!ParseProcessStat(ReadProc(proc, pid + "/stat"), process)) continue;
    children.emplace(std::to_string(process.ppid), pid);
    if (own_mounts && NamespaceOf(proc, pid, "mnt") == mounts) members.insert(pid);
  }
  std::vector<std::string> queue(members.begin(), members.end());
  for (size_t i = 0; i < queue.size(); ++i) {
    const auto [first, last] = children.equal_range(queue[i]);
    for (auto it = first; it != last; ++it)
      if (members.insert(it->second).second) queue.push_back(it->second);
  }
  return queue;
}

// Through the container's root, as its processes see it; empty when there is none, or it can't be trusted.
IdNames NamesInside(int proc, pid_t init, const char* file) {
  Result<sys::Fd> dir = sys::OpenAt(proc, std::to_string(init) + "/root", O_PATH | O_DIRECTORY);
  if (!dir.ok()) return {};
  const Result<std::string> text = sys::Root(std::move(*dir)).ReadRegular(file, kMaxAccounts);
  return text.ok() ? IdNames(*text) : IdNames();
}

IdNames NamesOutside(const char* file) {
  const Result<std::string> text = sys::ReadFile(file);
  return text.ok() ? IdNames(*text) : IdNames();
}

// The words of a command line with a blank between them; "[name]" of one that has none.
std::string Args(int proc, const std::string& pid, const std::string& comm) {
  std::string args = ReadProc(proc, pid + "/cmdline", kMaxArgs);
  while (!args.empty() && args.back() == '\0') args.pop_back();
  std::replace(args.begin(), args.end(), '\0', ' ');
  return args.empty() ? "[" + comm + "]" : args;
}

int64_t SinceBoot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// What is the same for all processes of a container.
struct View {
  int proc;
  size_t levels = 0;
  std::vector<userns::IdMapping> uids = {}, gids = {};
  int64_t now = SinceBoot(), wall = WallNanos();
};

bool ReadProcess(const View& view, const std::string& pid, const TopWanted& wanted, TopProcess& p) {
  if (!ParseProcessStat(ReadProc(view.proc, pid + "/stat"), p)) return false;
  if (!ParseProcessStatus(ReadProc(view.proc, pid + "/status"), view.levels, p)) return false;
  p.host_pid = static_cast<pid_t>(ParseInt(pid).value_or(0));
  for (uint32_t* uid : {&p.uid, &p.ruid}) *uid = InsideId(view.uids, *uid);
  for (uint32_t* gid : {&p.gid, &p.rgid}) *gid = InsideId(view.gids, *gid);
  for (uint32_t& gid : p.gids) gid = InsideId(view.gids, gid);
  p.elapsed = std::max<int64_t>(view.now - p.started, 0);
  p.started = view.wall - p.elapsed;
  if (wanted.args) p.args = Args(view.proc, pid, p.comm);
  if (wanted.label) {
    p.label = ReadProc(view.proc, pid + "/attr/current");
    while (!p.label.empty() && (p.label.back() == '\n' || p.label.back() == '\0')) p.label.pop_back();
    if (p.label.empty()) p.label = "?";
  }
  return true;
}

void AddNames(int proc, pid_t init, const TopWanted& wanted, std::vector<TopProcess>& processes) {
  if (wanted.names) {
    const IdNames users = NamesInside(proc, init, "/etc/passwd"), groups = NamesInside(proc, init, "/etc/group");
    for (TopProcess& p : processes) {
      p.user = users.Of(p.uid);
      p.ruser = users.Of(p.ruid);
      p.group = groups.Of(p.gid);
      p.rgroup = groups.Of(p.rgid);
      p.groups = groups.Of(p.gids);
    }
  }
  if (!wanted.host_names) return;
  const IdNames users = NamesOutside("/etc/passwd"), groups = NamesOutside("/etc/group");
  for (TopProcess& p : processes) {
    p.host_user = users.Of(p.host_uid);
    p.host_group = groups.Of(p.host_gid);
    p.host_groups = groups.Of(p.host_gids);
  }
}

// A parent outside of the container is none.
void TranslateParents(std::vector<TopProcess>& processes) {
  std::map<pid_t, pid_t> inside;
  for (const TopProcess& p : processes) inside[p.host_pid] = p.pid;
  for (TopProcess& p : processes) {
    const auto it = inside.find(p.ppid);
    p.ppid = it == inside.end() ? 0 : it->second;
  }
}

}  // namespace

Result<std::vector<TopProcess>> Top(Engine& engine, const state::Container& container, const TopWanted& wanted) {
  const std::optional<LiveProcess> live = TRY(FindProcess(engine, container.id));
  if (!live) return NotRunning();
  const pid_t init = live->status.pid;
  const std::string first = std::to_string(init);
  const sys::Fd proc = TRY(sys::Open("/proc", O_RDONLY | O_DIRECTORY));
  Membership membership(proc.get(), init);
  if (!membership.found()) return NotRunning();
  View view{.proc = proc.get()};
  view.levels = PidLevels(ReadProc(proc.get(), first + "/status"));
  view.uids = ParseIdMap(ReadProc(proc.get(), first + "/uid_map"));
  view.gids = ParseIdMap(ReadProc(proc.get(), first + "/gid_map"));
  std::vector<TopProcess> processes;
  const bool host_pids = membership.host_pids();
  const std::set<std::string> kernels = host_pids ? std::set<std::string>() : KernelThreads(proc.get());
  for (const std::string& pid : host_pids ? Descendants(proc.get(), init) : AllPids(proc.get())) {
    TopProcess process;
    if (!host_pids && (kernels.count(pid) != 0 || !membership.Has(pid))) continue;
    if (ReadProcess(view, pid, wanted, process)) processes.push_back(std::move(process));
  }
  AddNames(proc.get(), init, wanted, processes);
  // Else what was read may be another's that got the pid.
  if (!sys::IsRunning(live->pidfd.get())) return NotRunning();
  TranslateParents(processes);
  std::sort(processes.begin(), processes.end(), [](const TopProcess& a, const TopProcess& b) { return a.pid < b.pid; });
  return processes;
}

}  // namespace ctool::engine
