// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"
#include "userns/subids_internal.hpp"

namespace ctool::userns {
namespace {

// The process's folder in a real procfs, so that a bind mount over /proc can't catch the writes.
Result<sys::Fd> OpenProcess(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid);
  sys::Fd dir = TRY(sys::Open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW));
  struct statfs fs {};
  if (::fstatfs(dir.get(), &fs) < 0) return Error::Sys(errno, "statfs", path);
  if (fs.f_type != PROC_SUPER_MAGIC)
    return Error(Code::kUnsupported, "/proc is not a proc file system");
  return dir;
}

// The kernel wants a whole map in one write.
Status WriteProcFile(int process, const std::string& name, const std::string& text) {
  const sys::Fd file = TRY(sys::OpenAt(process, name, O_WRONLY));
  if (::write(file.get(), text.data(), text.size()) < 0) return Error::Sys(errno, "write", name);
  return Ok();
}

Status WriteDirectly(pid_t pid, const IdMap& map) {
  const sys::Fd process = TRY(OpenProcess(pid));
  // A gid map without CAP_SETGID is only taken once setgroups(2) is off (user_namespaces(7)).
  if (map.single_id) TRY(WriteProcFile(process.get(), "setgroups", "deny"));
  TRY(WriteProcFile(process.get(), "uid_map", PrintMap(map.uids)));
  return WriteProcFile(process.get(), "gid_map", PrintMap(map.gids));
}

// One newuidmap or newgidmap at work.
class Helper {
 public:
  static Result<Helper> Start(const std::string& program, pid_t pid,
                              const std::vector<IdMapping>& mappings) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
    sys::Fd read_end(ends[0]);
    const sys::Fd write_end(ends[1]);
    sys::SpawnOptions options;
    options.argv.reserve(2 + 3 * mappings.size());
    options.argv = {program, std::to_string(pid)};
    for (const IdMapping& m : mappings)
      for (const uint32_t field : {m.inside, m.outside, m.count})
        options.argv.push_back(std::to_string(field));
    options.env = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
    options.fds = {{write_end.get(), STDOUT_FILENO}, {write_end.get(), STDERR_FILENO}};
    options.await_exec = false;  // the other helper starts meanwhile
    sys::Child child = TRY(sys::Spawn(options));
    return Helper(program, std::move(child), std::move(read_end));
  }

  // Waits for the end, which an unreachable directory service may put off for ever. A helper that
  // is given up on is killed by its owner's destructor.
  Status Finish() {
    TRY(ReadOutput());
    const sys::ExitStatus status = TRY(child_.Wait());
    if (status.ok()) return Ok();
    std::string text = program_ + " " + status.Describe();
    if (const std::string_view said = Trim(output_); !said.empty())
      text.append(": ").append(Printable(said));
    const std::string hint = HintFor();
    return Error(Code::kPermission, std::move(text)).Hint(hint + (hint.empty() ? "see: ctool doctor" : "; see: ctool doctor"));
  }

 private:
  Helper(std::string program, sys::Child child, sys::Fd output)
      : program_(std::move(program)), child_(std::move(child)), pipe_(std::move(output)) {}

  Status ReadOutput() {
    constexpr int kPatienceMs = 30000;
    constexpr size_t kMostOutput = 1024;  // more is no message
    std::array<char, 1024> chunk;
    for (;;) {
      pollfd polled{pipe_.get(), POLLIN, 0};
      const int ready = ::poll(&polled, 1, kPatienceMs);
      if (ready < 0 && errno == EINTR) continue;
      if (ready < 0) return Error::Sys(errno, "poll");
      if (ready == 0)
        return Error(Code::kBusy, program_ + " did not end within 30 seconds")
            .Hint("it looks up your login name: is the directory service (LDAP, NIS) reachable? see: ctool doctor");
      const ssize_t n = ::read(pipe_.get(), chunk.data(), chunk.size());
      if (n == 0) return Ok();
      if (n < 0 && errno != EINTR) return Error::Sys(errno, "read output of", program_);
      if (n > 0 && output_.size() < kMostOutput)
        output_.append(chunk.data(),
                       std::min(static_cast<size_t>(n), kMostOutput - output_.size()));
    }
  }

  std::string HintFor() const;

  std::string program_;
  sys::Child child_;
  sys::Fd pipe_;
  std::string output_;
};

std::string Helper::HintFor() const {
  if (!GainsPrivileges(program_))
    return program_ + " has neither the setuid bit nor file capabilities (as root: chmod u+s " +
           program_ + ")";
  if (NoNewPrivs()) return std::string("no_new_privs is set for this process: ") + kLiftNoNewPrivs;
  if (output_.find("not allowed") != std::string::npos)
    return "the ranges must stand in /etc/subuid and /etc/subgid under your login name";
  if (InUserNamespace())
    return "inside a container the outer one must grant CAP_SETUID and CAP_SETGID and map the "
           "subordinate ids";
  if (output_.find("Operation not permitted") != std::string::npos)
    return "is the file system of " + program_ + " mounted nosuid?";
  return "";
}

Error InContext(Error error) { return std::move(error).Wrap("writing the id map"); }

}  // namespace

struct MapWriter::Helpers {
  Helper uids, gids;
};

MapWriter::MapWriter(std::unique_ptr<Helpers> helpers) : helpers_(std::move(helpers)) {}
MapWriter::MapWriter(MapWriter&&) noexcept = default;
MapWriter& MapWriter::operator=(MapWriter&&) noexcept = default;
MapWriter::~MapWriter() = default;

Result<MapWriter> MapWriter::Start(pid_t pid, const IdMap& map) {
  const bool by_helpers = !map.newuidmap.empty() && !map.newgidmap.empty();
  if (map.single_id || !by_helpers || MayWriteMaps()) {
    Status direct = WriteDirectly(pid, map);
    if (direct.ok()) return MapWriter(nullptr);
    // EPERM with the capabilities: an outer namespace lacks an id. The helpers may have more
    // rights than we; nothing was written, as the uid map comes first.
    if (direct.error().sys_errno() == EPERM && ::geteuid() == 0 && (map.single_id || !by_helpers))
      return InContext(std::move(direct).error())
          .Hint("root needs the capability SETFCAP to pass its id on: add it to the outer container (--cap-add SETFCAP), or be another user there; see: ctool doctor");
    if (map.single_id || !by_helpers || direct.error().sys_errno() != EPERM)
      return InContext(std::move(direct).error());
  }
  Result<Helper> uids = Helper::Start(map.newuidmap, pid, map.uids);
  if (!uids.ok()) return InContext(std::move(uids).error());
  Result<Helper> gids = Helper::Start(map.newgidmap, pid, map.gids);
  if (!gids.ok()) return InContext(std::move(gids).error());
  return MapWriter(std::make_unique<Helpers>(Helpers{std::move(uids).value(), std::move(gids).value()}));
}

Status MapWriter::Finish() {
  if (!helpers_) return Ok();
  Status uids = helpers_->uids.Finish();
  Status gids = helpers_->gids.Finish();
  helpers_.reset();
  if (!uids.ok()) return InContext(std::move(uids).error());
  if (!gids.ok()) return InContext(std::move(gids).error());
  return Ok();
}

Status WriteMaps(pid_t pid, const IdMap& map) { return TRY(MapWriter::Start(pid, map)).Finish(); }

}  // namespace ctool::userns
