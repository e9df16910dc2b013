// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mount.h>

#include <algorithm>

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

// Programs ask passwd who they are: an uid that the image does not know gets a line, in a copy of
// the file that is mounted over it.
Status ExtendPasswd(Context& c, const std::string& passwd) {
  const std::string file = c.plan.spec.Annotation(kPasswdAnnotation);
  if (file.empty() || passwd.empty() || c.user.in_passwd) return Ok();
  const std::string& cwd = c.plan.spec.process.cwd;
  // The line's own separators can't be part of a field.
  if (cwd.find_first_of(":\n\r") != std::string::npos) return Ok();
  const std::string uid = std::to_string(c.user.uid);
  std::string text = passwd;
  if (text.back() != '\n') text += '\n';
  text += uid + ":*:" + uid + ":" + std::to_string(c.user.gid) + ":container user:" + cwd + ":/bin/sh\n";
  TRY(sys::WriteFileAtomic(file, text, 0644, sys::Durability::kNone));
  sys::DetachedMount bind = TRY(sys::DetachedMount::Clone(AT_FDCWD, file, false));
  TRY(bind.SetAttributes(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, MS_PRIVATE, false));
  const sys::Fd target = TRY(c.root->Open("/etc/passwd", O_PATH));
  return bind.Attach(target.get());
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
  c.user = TRY(ResolveUser(wanted->second, extra, passwd, group));
  if (!HasEnv(c.env, "HOME")) {
    c.env.erase(std::remove(c.env.begin(), c.env.end(), "HOME="), c.env.end());
    c.env.push_back("HOME=" + c.user.home);
  }
  return ExtendPasswd(c, passwd);
}

}  // namespace ctool::runtime::init
