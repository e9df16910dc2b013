// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mount.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "runtime/init/context_internal.hpp"
#include "sys/file.hpp"
#include "sys/mount.hpp"

namespace ctool::runtime::init {
namespace {

constexpr size_t kMaxAccountFile = 1 << 20;

// The container's own file; one that is missing is empty.
Result<std::string> ReadAccounts(const sys::Root& root, const std::string& path) {
  Result<std::string> text = root.ReadRegular(path, kMaxAccountFile);
  if (text.ok()) return text;
  if (text.error().sys_errno() == ENOENT) return std::string();
  return std::move(text).error().As(Code::kNotExecutable);
}

bool HasEnv(const std::vector<std::string>& env, std::string_view name) {
  return std::any_of(env.begin(), env.end(), [&](const std::string& e) {
    return StartsWith(e, name) && e.size() > name.size() + 1 && e[name.size()] == '=';
  });
}

std::string Replace(std::string text, std::string_view what, std::string_view with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) text.replace(at, what.size(), with);
  return text;
}

// A line of passwd, by the template if there is one. Nothing when a field would hold a separator.
std::string PasswdLine(const Context& c, const std::string& name, const std::string& uid, const std::string& gid,
                       const std::string& gecos, const std::string& home) {
  if ((name + uid + gid + gecos + home).find_first_of(":\n\r") != std::string::npos) return "";
  std::string line = c.plan.spec.Annotation(kPasswdEntryAnnotation);
  if (line.empty()) return name + ":*:" + uid + ":" + gid + ":" + gecos + ":" + home + ":/bin/sh\n";
  line = Replace(Replace(Replace(line, "$USERNAME", name), "$UID", uid), "$GID", gid);
  return Replace(Replace(line, "$NAME", gecos), "$HOME", home) + "\n";
}

bool HasLine(const std::string& accounts, std::string_view name) {
  for (const std::string& line : Split(accounts, '\n'))
    if (line.size() > name.size() && line[name.size()] == ':' && StartsWith(line, name)) return true;
  return false;
}

bool HasId(const std::string& accounts, std::string_view id) {
  for (const std::string& line : Split(accounts, '\n'))
    if (const std::vector<std::string> fields = Split(line, ':'); fields.size() > 2 && fields[2] == id) return true;
  return false;
}

// Users of the host that the image does not know. A home that the container does not have is its working directory.
std::string HostUsers(const Context& c, const std::string& passwd) {
  std::string lines;
  for (const std::string& user : Split(c.plan.spec.Annotation(kHostUsersAnnotation), '\n')) {
    const std::vector<std::string> f = Split(user, ':');
    if (f.size() != 7 || HasLine(passwd, f[0])) continue;
    const bool has_home = c.root->Open(f[5], O_PATH | O_DIRECTORY).ok();
    lines += PasswdLine(c, f[0], f[2], f[3], f[4], has_home ? f[5] : c.plan.spec.process.cwd);
  }
  return lines;
}

std::string WithLines(std::string text, const std::string& lines) {
  if (!text.empty() && text.back() != '\n' && !lines.empty()) text += '\n';
  return text + lines;
}

// The file was opened while our ids owned its folder. Who may not have it chowned (nobody owns it then) reads it all the same.
Result<sys::DetachedMount> FillOpened(const sys::Fd& file, const std::string& path, const std::string& text) {
  TRY(sys::WriteAll(file.get(), text, path));
  if (::fchown(file.get(), 0, 0) < 0) Debug(Error::Sys(errno, "chown", path).Message());
  return sys::DetachedMount::Clone(file.get(), "", false);
}

// `text` in a file of its own, mounted over the container's.
Status Cover(Context& c, const sys::Fd& opened, const std::string& file, const std::string& path, const std::string& text) {
  if (!opened) TRY(sys::WriteFileAtomic(file, text, 0644, sys::Durability::kNone));
  sys::DetachedMount bind = opened ? TRY(FillOpened(opened, path, text)) : TRY(sys::DetachedMount::Clone(AT_FDCWD, file, false));
  TRY(bind.SetAttributes(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, MS_PRIVATE, false));
  const sys::Fd target = TRY(c.root->Open(path, O_PATH));
  return bind.Attach(target.get());
}

// Programs ask passwd who they are: an uid that the image does not know gets a line, as do users of the host.
Status ExtendPasswd(Context& c, const std::string& passwd, const std::string& host_users) {
  const std::string file = c.plan.spec.Annotation(kPasswdAnnotation);
  if (file.empty() || passwd.empty()) return Ok();
  std::string lines = host_users;
  const std::string uid = std::to_string(c.user.uid);
  if (!c.user.in_passwd)
    lines += PasswdLine(c, uid, uid, std::to_string(c.user.gid), "container user", c.plan.spec.process.cwd);
  if (lines.empty()) return Ok();
  return Cover(c, c.passwd, file, "/etc/passwd", WithLines(passwd, lines));
}

// The same for a group by number; a user by number without a group stands for one.
Status ExtendGroup(Context& c, const std::string& wanted, const std::string& group) {
  const std::string file = c.plan.spec.Annotation(kGroupAnnotation);
  const size_t colon = wanted.find(':');
  const std::string user = wanted.substr(0, colon);
  const std::string gid = colon == std::string::npos ? user : wanted.substr(colon + 1);
  if (file.empty() || group.empty() || !ParseUint(gid) || HasId(group, gid)) return Ok();
  std::string line = c.plan.spec.Annotation(kGroupEntryAnnotation);
  if (line.empty()) line = gid + ":x:" + gid + ":" + user;
  else line = Replace(Replace(Replace(line, "$GROUPNAME", gid), "$GID", gid), "$USERLIST", user);
  return Cover(c, c.group, file, "/etc/group", WithLines(group, line + "\n"));
}

}  // namespace

Status ResolveIdentity(Context& c) {
  const spec::RuntimeProcess& process = c.plan.spec.process;
  c.env = process.env;
  const auto wanted = c.plan.spec.annotations.find(kUserAnnotation);
  if (wanted == c.plan.spec.annotations.end()) {
    c.user.uid = process.uid;
    c.user.gid = process.gid;
    c.user.groups = process.additional_gids;
    return Ok();
  }
  const std::string passwd = TRY(ReadAccounts(*c.root, "/etc/passwd"));
  const std::string group = TRY(ReadAccounts(*c.root, "/etc/group"));
  std::vector<std::string> extra = Split(c.plan.spec.Annotation(kGroupAddAnnotation), ' ');
  extra.erase(std::remove(extra.begin(), extra.end(), ""), extra.end());
  const std::string host_users = HostUsers(c, passwd);
  c.user = TRY(ResolveUser(wanted->second, extra, WithLines(passwd, host_users), group));
  if (!HasEnv(c.env, "HOME")) {
    c.env.erase(std::remove(c.env.begin(), c.env.end(), "HOME="), c.env.end());
    c.env.push_back("HOME=" + c.user.home);
    c.home = c.user.home;
  }
  TRY(ExtendPasswd(c, passwd, host_users));
  return ExtendGroup(c, wanted->second, group);
}

}  // namespace ctool::runtime::init
