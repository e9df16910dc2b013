// SPDX-License-Identifier: Apache-2.0
#include "config/paths.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "base/text.hpp"
#include "config/paths_internal.hpp"
#include "sys/file.hpp"

namespace ctool::config {
namespace {

constexpr size_t kMaxConfigBytes = 4 << 20;

Result<std::string> Absolute(const std::string& path) {
  std::filesystem::path full(path);
  if (full.is_relative()) {
    char cwd[PATH_MAX];
    if (::getcwd(cwd, sizeof cwd) == nullptr || cwd[0] != '/')
      return Error::Sys(errno == 0 ? ENOENT : errno, "resolve", path)
          .Hint("the current directory is gone: give an absolute path");
    full = cwd / full;
  }
  std::string text = full.lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

Result<std::string> GraphRoot(const std::string& root, const std::string& home) {
  if (!root.empty()) return Absolute(root);
  const std::string data = EnvPath("XDG_DATA_HOME");
  return Absolute((data.empty() ? home + "/.local/share" : data) + "/ctool");
}

Result<std::string> RunRoot(const std::string& runroot) {
  if (!runroot.empty()) return Absolute(runroot);
  const std::string uid = std::to_string(::getuid());
  for (const std::string& base : {EnvPath("XDG_RUNTIME_DIR"), "/run/user/" + uid})
    if (!base.empty() && IsOwnDirectory(base)) return Absolute(base + "/ctool");
  // /tmp is everybody's: what is there under our name must be ours, closed and no link.
  const std::string fallback = "/tmp/ctool-" + uid;
  struct stat st {};
  if (::lstat(fallback.c_str(), &st) != 0) {
    if (errno == ENOENT) return fallback;
    return Error::Sys(errno, "lstat", fallback);
  }
  if (!S_ISDIR(st.st_mode) || st.st_uid != ::getuid() || (st.st_mode & 077) != 0)
    return Error(Code::kPermission,
                 "run directory '" + fallback + "' is not a directory of our own with mode 0700")
        .Hint("somebody else may have made it: set XDG_RUNTIME_DIR, or use --runroot; see: ctool doctor");
  return fallback;
}

// `<exe dir>/../libexec/ctool`: the shape of an installation and of the build tree.
Result<std::string> Libexec() {
  char exe[PATH_MAX];
  const ssize_t n = ::readlink("/proc/self/exe", exe, sizeof exe);
  if (n < 0) return Error::Sys(errno, "readlink", "/proc/self/exe").Hint("is /proc mounted? see: ctool doctor");
  const std::filesystem::path path(std::string(exe, static_cast<size_t>(n)));
  const std::filesystem::path folder = path.parent_path();
  // One of the programs that are there asks for another.
  if (folder.filename() == "ctool" && folder.parent_path().filename() == "libexec") return folder.string();
  return (folder / "../libexec/ctool").lexically_normal().string();
}

void ListDropIns(const std::string& folder, std::map<std::string, std::string>& by_name) {
  DIR* dir = ::opendir(folder.c_str());
  if (dir == nullptr) return;
  while (const dirent* entry = ::readdir(dir))
    if (EndsWith(entry->d_name, ".conf") && entry->d_type != DT_DIR)
      by_name[entry->d_name] = folder + "/" + entry->d_name;
  ::closedir(dir);
}

}  // namespace

std::string Env(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string EnvPath(const char* name) {
  std::string value = Env(name);
  return StartsWith(value, "/") ? value : "";
}

Result<std::string> FindHome() {
  std::string home = Env("HOME");
  if (home.empty()) {
    const passwd* entry = ::getpwuid(::getuid());
    if (entry != nullptr && entry->pw_dir != nullptr) home = entry->pw_dir;
  }
  if (!StartsWith(home, "/"))
    return Error(Code::kInvalidArgument, "home directory " + Quote(home) + " is no absolute path")
        .Hint("set HOME to an absolute path; see: ctool doctor");
  return home;
}

bool IsOwnDirectory(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == ::getuid() &&
         (st.st_mode & 022) == 0;
}

Result<Paths> FindPaths(const std::string& root, const std::string& runroot) {
  Paths paths;
  paths.home = TRY(FindHome());
  paths.config_home = EnvPath("XDG_CONFIG_HOME");
  if (paths.config_home.empty()) paths.config_home = paths.home + "/.config";
  paths.graph_root = TRY(GraphRoot(root, paths.home));
  paths.run_root = TRY(RunRoot(runroot));
  paths.libexec = TRY(Libexec());
  for (const std::string& folder : {paths.graph_root, paths.run_root})
    if (folder == "/")
      return Error(Code::kInvalidArgument, "'/' can't be the folder for containers or images");
  if (paths.graph_root == paths.run_root)
    return Error(Code::kInvalidArgument,
                 "--root and --runroot are the same folder: '" + paths.run_root + "'");
  return paths;
}

std::vector<std::string> ConfigFilesIn(const std::vector<std::string>& folders,
                                       const std::string& name, uid_t uid) {
  std::vector<std::string> files;
  for (const std::string& folder : folders) {
    if (!sys::Exists(folder + "/" + name)) continue;
    files.push_back(folder + "/" + name);
    break;
  }
  const size_t dot = name.rfind('.');
  const std::string stem = name.substr(0, dot);
  const std::string rest = dot == std::string::npos ? "" : name.substr(dot);
  std::map<std::string, std::string> drop_ins;
  for (size_t i = folders.size(); i-- > 0;) {  // lowest first: a later file of the same name wins
    ListDropIns(folders[i] + "/" + name + ".d", drop_ins);
    if (i == 0) break;  // the user's own folder has no variants
    const std::string variant =
        folders[i] + "/" + stem + (uid == 0 ? ".rootful" : ".rootless") + rest + ".d";
    ListDropIns(variant, drop_ins);
    if (uid != 0) ListDropIns(variant + "/" + std::to_string(uid), drop_ins);
  }
  for (auto& [basename, path] : drop_ins) files.push_back(std::move(path));
  return files;
}

std::vector<std::string> ConfigFiles(const Paths& paths, const std::string& name) {
  return ConfigFilesIn(
      {paths.config_home + "/containers", "/etc/containers", "/usr/share/containers"}, name,
      ::getuid());
}

Result<std::vector<std::string>> ConfigFolders() {
  std::string config_home = EnvPath("XDG_CONFIG_HOME");
  if (config_home.empty()) config_home = TRY(FindHome()) + "/.config";
  return std::vector<std::string>{config_home + "/containers", "/etc/containers",
                                  "/usr/share/containers"};
}

Result<std::string> ReadConfigText(const std::string& path) {
  const sys::Fd fd = TRY(sys::Open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  const struct stat st = TRY(sys::StatFd(fd.get(), path));
  if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3)) return std::string();  // /dev/null
  if (!S_ISREG(st.st_mode))
    return Error(Code::kCorrupt, "configuration '" + path + "' is not a regular file");
  return sys::ReadAll(fd.get(), path, kMaxConfigBytes);
}

}  // namespace ctool::config
