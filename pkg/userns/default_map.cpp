// SPDX-License-Identifier: Apache-2.0
//
// The only file of this module that uses NSS (getpwuid_r), which a static program can't: the
// linker leaves it out of programs that only write maps.
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/log.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"
#include "userns/subids_internal.hpp"

namespace ctool::userns {
namespace {

constexpr size_t kMaxFileBytes = 64 << 20;  // a million lines are read, a device is not
constexpr uint64_t kUsualCount = 65536, kUsualFirst = 100000;

struct SubidFile {
  std::string path, text;
  int err = 0;  // why it can't be read; 0: it was
};

Result<SubidFile> Load(const std::string& path) {
  SubidFile file{path, {}, 0};
  // O_NONBLOCK: a FIFO in its place must not hang every command.
  const sys::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) {
    file.err = errno;
    switch (file.err) {
      case ENOENT:
      case ENOTDIR:  // nobody has subordinate ids here
      case EACCES:   // for root's eyes only; newuidmap can still be told nothing
        return file;
      default: return Error::Sys(file.err, "open", path);
    }
  }
  const struct stat st = TRY(sys::StatFd(fd.get(), path));
  if (!S_ISREG(st.st_mode))
    return Error(Code::kCorrupt, "'" + path + "' is not a regular file")
        .Hint("put a file of lines 'user:first:count' there, see subuid(5) and ctool doctor");
  file.text = TRY(sys::ReadAll(fd.get(), path, kMaxFileBytes));
  return file;
}

// The login name of `uid`, or an empty string: users of a directory service that is away, and
// containers that run as a number, have none.
std::string LoginName(uid_t uid) {
  std::array<char, 4096> small;
  std::vector<char> large;
  char* buffer = small.data();
  size_t size = small.size();
  for (;;) {
    passwd entry{};
    passwd* found = nullptr;
    const int err = ::getpwuid_r(uid, &entry, buffer, size, &found);
    if (err == 0) return found == nullptr ? "" : found->pw_name;
    if (err == EINTR) continue;
    if (err != ERANGE || size > (1 << 20)) {
      Debug("can't look up uid " + std::to_string(uid) + ": errno " + std::to_string(err));
      return "";
    }
    size *= 4;
    large.resize(size);
    buffer = large.data();
  }
}

struct User {
  uid_t uid;
  std::string name;  // may be empty
  std::string Describe() const {
    return name.empty() ? "uid " + std::to_string(uid) : "'" + name + "'";
  }
};

std::string HowToAddRanges(const User& user, const SubidFile& uids, const SubidFile& gids) {
  const uint64_t free = std::max({kUsualFirst, FirstFreeId(uids.text), FirstFreeId(gids.text)});
  const std::string first = std::to_string(free), last = std::to_string(free + kUsualCount - 1);
  if (user.name.empty())
    return "as root, add the line '" + std::to_string(user.uid) + ":" + first + ":" +
           std::to_string(kUsualCount) + "' to " + uids.path + " and " + gids.path;
  return "as root: usermod --add-subuids " + first + "-" + last + " --add-subgids " + first + "-" +
         last + " " + user.name;
}

// Why there is no usable range in `file`, as the user should read it.
std::string WhyNone(const User& user, const SubidFile& file, const SubidScan& scan) {
  if (file.err == EACCES) return "'" + file.path + "' can't be read: Permission denied";
  std::string none = "no subordinate ids for " + user.Describe() + " in " + file.path;
  if (file.err != 0) return none + " (no such file)";
  if (scan.first_bad_line != 0)
    return none + " (line " + std::to_string(scan.first_bad_line) + " is malformed)";
  if (!scan.ranges.empty())
    return "the subordinate ids of " + user.Describe() + " in " + file.path +
           " are not mapped in this user namespace";
  return none;
}

std::vector<IdMapping> OwnMap(const char* path) {
  Result<std::string> text = sys::ReadFile(path, 1 << 16);
  std::vector<IdMapping> map;
  if (text.ok()) map = ParseMapFile(*text);
  if (map.empty()) map = {{0, 0, UINT32_MAX}};  // no procfs: let the kernel judge
  return map;
}

std::vector<SubidRange> Everything(const std::vector<IdMapping>& own) {
  std::vector<SubidRange> ranges;
  for (const IdMapping& m : own) ranges.push_back({m.inside, m.count});
  return ranges;
}

// An unprivileged copy (conda and nix bring one) that comes first in PATH must not hide the
// distribution's.
std::string FindHelper(const std::string& name) {
  std::string any;
  for (const std::string& path : {sys::ProgramPath(), std::string("/usr/bin:/bin:/usr/sbin")}) {
    Result<std::string> found = sys::FindProgram(name, path);
    if (!found.ok()) continue;
    if (GainsPrivileges(*found)) return std::move(*found);
    if (any.empty()) any = std::move(*found);
  }
  return any;
}

struct Obstacle {
  std::string reason, hint;
};

// Fills in the helpers, and says why they would fail for certain.
std::optional<Obstacle> FindHelpers(const User& user, IdMap& map) {
  std::string newuidmap = FindHelper("newuidmap"), newgidmap = FindHelper("newgidmap");
  if (!newuidmap.empty() && !newgidmap.empty()) {
    map.newuidmap = std::move(newuidmap);
    map.newgidmap = std::move(newgidmap);
  }
  if (MayWriteMaps()) return std::nullopt;
  if (map.newuidmap.empty())
    return Obstacle{"newuidmap and newgidmap are not installed",
                    "install the package that has them: uidmap (Debian, Ubuntu), shadow-utils "
                    "(Fedora), shadow (Arch, SUSE), shadow-uidmap (Alpine)"};
  for (const std::string& helper : {map.newuidmap, map.newgidmap})
    if (!GainsPrivileges(helper))
      return Obstacle{helper + " has neither the setuid bit nor file capabilities",
                      "as root: chmod u+s " + helper};
  if (NoNewPrivs())
    return Obstacle{"no_new_privs is set, so newuidmap gets no privileges", kLiftNoNewPrivs};
  if (user.name.empty())
    return Obstacle{user.Describe() + " is not in the password database, where newuidmap looks",
                    "add the user to /etc/passwd"};
  return std::nullopt;
}

constexpr const char* kSingleIdOutside =
    "this process already runs in a user namespace with a single id: give the outer one more ids";

bool SingleIdHere() {
  const std::vector<IdMapping> own = OwnMap("/proc/self/uid_map");
  return own.size() == 1 && own.front().count == 1;
}

}  // namespace

Result<IdMap> DefaultMap(const SubidFiles& files) {
  const SubidFile uid_file = TRY(Load(files.subuid)), gid_file = TRY(Load(files.subgid));
  const User user{::geteuid(), LoginName(::geteuid())};
  const SubidScan uid_scan = ScanSubids(uid_file.text, user.name, user.uid);
  const SubidScan gid_scan = ScanSubids(gid_file.text, user.name, user.uid);

  IdMap map;
  const std::vector<IdMapping> own_uids = OwnMap("/proc/self/uid_map"), own_gids = OwnMap("/proc/self/gid_map");
  map.uids = LayOut(::geteuid(), uid_scan.ranges, own_uids);
  map.gids = LayOut(::getegid(), gid_scan.ranges, own_gids);
  // Root inside another container: whoever made that one has given us its ids, all of them.
  if ((map.uids.size() == 1 || map.gids.size() == 1) && InUserNamespace() && MayWriteMaps()) {
    map.uids = LayOut(::geteuid(), Everything(own_uids), own_uids);
    map.gids = LayOut(::getegid(), Everything(own_gids), own_gids);
  }
  const bool no_uids = map.uids.size() == 1, no_gids = map.gids.size() == 1;
  if (no_uids || no_gids) {
    const SubidFile& file = no_uids ? uid_file : gid_file;
    const SubidScan& scan = no_uids ? uid_scan : gid_scan;
    std::string hint = file.err == EACCES ? "as root: chmod 644 " + file.path
                       : SingleIdHere()   ? kSingleIdOutside
                                          : HowToAddRanges(user, uid_file, gid_file);
    return SingleIdMap(WhyNone(user, file, scan), std::move(hint));
  }
  if (std::optional<Obstacle> obstacle = FindHelpers(user, map))
    return SingleIdMap(std::move(obstacle->reason), std::move(obstacle->hint));
  return map;
}

}  // namespace ctool::userns
