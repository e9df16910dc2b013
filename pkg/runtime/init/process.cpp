// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <climits>

#include "base/log.hpp"
#include "base/text.hpp"
#include "runtime/init/context_internal.hpp"
#include "sys/file.hpp"
#include "sys/syscalls.hpp"

namespace ctool::runtime::init {
namespace {

struct LimitName {
  std::string_view name;
  __rlimit_resource resource;
};
constexpr LimitName kLimits[] = {
    {"RLIMIT_CORE", RLIMIT_CORE},         {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},         {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_LOCKS", RLIMIT_LOCKS},       {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},     {"RLIMIT_NPROC", RLIMIT_NPROC},
    {"RLIMIT_RSS", RLIMIT_RSS},           {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
    {"RLIMIT_RTTIME", RLIMIT_RTTIME},     {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
    {"RLIMIT_STACK", RLIMIT_STACK},       {"RLIMIT_AS", RLIMIT_AS}};

// A leaked descriptor of a host directory as working directory shows as "(unreachable)/..." here
// (CVE-2024-21626); glibc's getcwd hides what the kernel says.
Status RequireInside(const std::string& cwd) {
  std::array<char, PATH_MAX> path;
  const long n = ::syscall(SYS_getcwd, path.data(), path.size());
  if (n <= 0) return Error::Sys(errno, "getcwd in", cwd).As(Code::kNotExecutable);
  if (path[0] != '/')
    return Error(Code::kNotExecutable, "workdir " + Quote(cwd) + " is outside of the container");
  return Ok();
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (const std::string& s : strings) out.push_back(const_cast<char*>(s.c_str()));
  out.push_back(nullptr);
  return out;
}

std::string_view SearchPath(const std::vector<std::string>& env) {
  for (const std::string& e : env)
    if (StartsWith(e, "PATH=")) return std::string_view(e).substr(5);
  return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

Error NotFound(const std::string& program) {
  return Error(Code::kNoCommand, "executable file " + Quote(program) + " not found in $PATH: " +
                                     "no such file or directory");
}

Error CannotExecute(int err, const std::string& program) {
  if (err == ENOENT || err == ENOTDIR) return NotFound(program);
  // exec says EACCES of a directory; the user asks what is wrong with it.
  struct stat st {};
  if (err == EACCES && ::stat(program.c_str(), &st) == 0 && S_ISDIR(st.st_mode)) err = EISDIR;
  Error error = Error::Sys(err, "execute", program).As(Code::kNotExecutable);
  if (err == ENOEXEC)
    return std::move(error).Hint("the file is for another architecture, or a script without a #! line");
  return error;
}

// exec's own refusal, after CheckProgram found nothing wrong.
Error Refused(const Context& c, int err, const std::string& program) {
  Error error = CannotExecute(err, program);
  if (err == EACCES && c.plan.landlock.limits_files && error.hint().empty())
    return std::move(error).Hint("no landlock rule lets it be executed: ro= must name its folder, and those of its interpreter and libraries");
  return error;
}

}  // namespace

Status EnterRoot(Context& c) {
  if (::fchdir(c.root->fd()) < 0) return Error::Sys(errno, "fchdir to the root");
  // Both names are the new root: the old one ends up on top of it and is detached at once
  // (pivot_root(2), "pivot_root(".", ".")").
  if (sys::PivotRoot(".", ".") < 0) return Error::Sys(errno, "pivot_root");
  if (::umount2(".", MNT_DETACH) < 0) return Error::Sys(errno, "detach the old root");
  if (::chdir("/") < 0) return Error::Sys(errno, "chdir to the new root");
  return Ok();
}

Status EnterCwd(Context& c) {
  const std::string& cwd = c.plan.spec.process.cwd;
  const bool create = !c.plan.spec.Annotation(kCreateCwdAnnotation).empty();
  Result<sys::Fd> dir = c.root->Open(cwd, O_PATH | O_DIRECTORY);
  if (!dir.ok() && create && dir.error().sys_errno() == ENOENT) {
    dir = c.root->MakeDirs(cwd, 0755);
    if (dir.ok()) {
      // O_PATH handles can't be fchown'ed; the empty path names the handle itself.
      if (::fchownat(dir->get(), "", c.user.uid, c.user.gid, AT_EMPTY_PATH) < 0 && errno != EINVAL && errno != EPERM)
        return Error::Sys(errno, "chown", cwd);
    }
  }
  if (!dir.ok()) {
    const int err = dir.error().sys_errno();
    if (err == ENOENT || err == ENOTDIR || err == ELOOP)
      return Error(Code::kNotExecutable, "workdir " + Quote(cwd) + " does not exist on container " +
                                             c.plan.spec.Annotation(kIdAnnotation));
    return std::move(dir).error().As(Code::kNotExecutable);
  }
  if (::fchdir(dir->get()) < 0) return Error::Sys(errno, "chdir to", cwd).As(Code::kNotExecutable);
  return RequireInside(cwd);
}

Status SetLimits(Context& c) {
  const spec::RuntimeProcess& process = c.plan.spec.process;
  for (const spec::Rlimit& limit : process.rlimits) {
    const LimitName* known = nullptr;
    for (const LimitName& l : kLimits)
      if (l.name == limit.type) known = &l;
    if (known == nullptr)
      return Error(Code::kInvalidArgument, "unknown resource limit " + Quote(limit.type));
    const rlimit value{limit.soft, limit.hard};
    if (::setrlimit(known->resource, &value) < 0)
      return Error::Sys(errno, "set " + limit.type + " to " + std::to_string(limit.soft) + ":" +
                                   std::to_string(limit.hard));
  }
  ::umask(process.umask.value_or(0022));
  const std::string& persona = c.plan.spec.personality;
  if (!persona.empty() && ::personality(persona == "LINUX32" ? PER_LINUX32 : PER_LINUX) < 0)
    return Error::Sys(errno, "set the personality " + persona);
  return Ok();
}

Status SetOomScore(Context& c) {
  const std::optional<int>& score = c.plan.spec.process.oom_score_adj;
  if (!score) return Ok();
  const sys::Fd fd = TRY(sys::Open("/proc/self/oom_score_adj", O_WRONLY));
  const Status written = sys::WriteAll(fd.get(), std::to_string(*score), "oom_score_adj");
  if (!written.ok()) Debug(written.error().Message());  // lower than the caller's needs privilege
  return Ok();
}

Status CheckProgram(Context& c) {
  const std::string& program = c.plan.spec.process.args[0];
  if (program.empty()) return Error(Code::kNoCommand, "executable path is empty");
  if (program.find('/') != std::string::npos) {
    if (::access(program.c_str(), X_OK) < 0) return CannotExecute(errno, program);
    return Ok();
  }
  for (const std::string& dir : Split(SearchPath(c.env), ':'))
    if (::access(((dir.empty() ? "." : dir) + "/" + program).c_str(), X_OK) == 0 || (errno != ENOENT && errno != ENOTDIR)) return Ok();
  return NotFound(program);
}

Error Execute(Context& c) {
  const std::vector<std::string>& args = c.plan.spec.process.args;
  const std::vector<char*> argv = Pointers(args), envp = Pointers(c.env);
  const std::string& program = args[0];
  if (program.empty()) return Error(Code::kNoCommand, "executable path is empty");
  if (program.find('/') != std::string::npos) {
    ::execve(program.c_str(), argv.data(), envp.data());
    return Refused(c, errno, program);
  }
  // As execvp: the first that can be executed; a refusal counts only if nothing else is there.
  int refused = 0;
  std::string refused_path;
  for (const std::string& dir : Split(SearchPath(c.env), ':')) {
    const std::string full = (dir.empty() ? "." : dir) + "/" + program;
    ::execve(full.c_str(), argv.data(), envp.data());
    if (errno == ENOENT || errno == ENOTDIR) continue;
    if (refused == 0) refused = errno, refused_path = full;
    if (errno != EACCES) break;
  }
  return refused == 0 ? NotFound(program) : Refused(c, refused, refused_path);
}

}  // namespace ctool::runtime::init
