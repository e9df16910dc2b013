// SPDX-License-Identifier: Apache-2.0
// treelist ROOT [--skip PATH]... [--no-time PATH]...: one line for every entry below ROOT, sorted
// by name, so that two trees can be compared with diff. Device numbers, inode numbers and the
// times of access are left out: they differ between two good copies.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

std::set<std::string> skipped, timeless;
std::map<std::pair<dev_t, ino_t>, std::string> first_name;  // of files with several names

std::string Escaped(const std::string& text) {
  std::string out;
  for (const unsigned char c : text) {
    char buffer[8];
    if (c <= ' ' || c >= 0x7f || c == '\\') {
      std::snprintf(buffer, sizeof buffer, "\\x%02x", c);
      out += buffer;
    } else {
      out += static_cast<char>(c);
    }
  }
  return out;
}

std::string Attributes(const std::string& path) {
  std::vector<char> names(65536);
  const ssize_t size = ::llistxattr(path.c_str(), names.data(), names.size());
  std::map<std::string, std::string> sorted;
  for (ssize_t at = 0; at < size; at += static_cast<ssize_t>(std::strlen(&names[at])) + 1) {
    std::vector<char> value(65536);
    const ssize_t n = ::lgetxattr(path.c_str(), &names[at], value.data(), value.size());
    sorted[&names[at]] = n < 0 ? "?" : std::string(value.data(), static_cast<size_t>(n));
  }
  std::string out;
  for (const auto& [name, value] : sorted) out += " " + name + "=" + Escaped(value);
  return out;
}

// FNV-1a over the content: enough to notice a difference.
std::string ContentHash(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return std::string("unreadable:") + std::strerror(errno);
  std::vector<unsigned char> buffer(1 << 16);
  uint64_t hash = 0xcbf29ce484222325;
  for (ssize_t n = 0; (n = ::read(fd, buffer.data(), buffer.size())) > 0;) {
    for (ssize_t i = 0; i < n; ++i) hash = (hash ^ buffer[static_cast<size_t>(i)]) * 0x100000001b3;
  }
  ::close(fd);
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

void List(const std::string& root, const std::string& name) {
  if (skipped.count(name) != 0) return;
  const std::string path = name == "/" ? root + "/" : root + name;
  struct stat st = {};
  if (::lstat(path.c_str(), &st) != 0) {
    std::printf("%s %s\n", Escaped(name).c_str(), std::strerror(errno));
    return;
  }
  std::string extra;
  const char* type = "other";
  if (S_ISREG(st.st_mode)) {
    type = "file";
    extra = " size=" + std::to_string(st.st_size) + " hash=" + ContentHash(path);
    if (st.st_size >= 1 << 20 && st.st_blocks * 512 < st.st_size / 2) extra += " sparse";
    if (st.st_nlink > 1) {
      auto [it, first] = first_name.try_emplace({st.st_dev, st.st_ino}, name);
      extra += first ? " names=" + std::to_string(st.st_nlink) : " same-as=" + Escaped(it->second);
    }
  } else if (S_ISDIR(st.st_mode)) {
    type = "dir";
  } else if (S_ISLNK(st.st_mode)) {
    type = "link";
    std::vector<char> target(8192);
    const ssize_t n = ::readlink(path.c_str(), target.data(), target.size());
    extra = " to=" + Escaped(std::string(target.data(), static_cast<size_t>(std::max<ssize_t>(n, 0))));
  } else if (S_ISFIFO(st.st_mode)) {
    type = "fifo";
  } else if (S_ISCHR(st.st_mode)) {
    type = "char";
  }
  std::string time;
  if (timeless.count(name) == 0) {
    time = " " + std::to_string(st.st_mtim.tv_sec) + "." + std::to_string(st.st_mtim.tv_nsec);
  }
  std::printf("%s %s %04o %u:%u%s%s%s\n", Escaped(name).c_str(), type, st.st_mode & 07777U,
              st.st_uid, st.st_gid, time.c_str(), extra.c_str(), Attributes(path).c_str());
  if (!S_ISDIR(st.st_mode)) return;
  std::vector<std::string> names;
  DIR* dir = ::opendir(path.c_str());
  if (dir == nullptr) {
    std::printf("%s cannot be read: %s\n", Escaped(name).c_str(), std::strerror(errno));
    return;
  }
  while (const dirent* entry = ::readdir(dir)) {
    const std::string leaf = entry->d_name;
    if (leaf != "." && leaf != "..") names.push_back(leaf);
  }
  ::closedir(dir);
  std::sort(names.begin(), names.end());
  for (const std::string& leaf : names) List(root, (name == "/" ? "" : name) + "/" + leaf);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  for (int i = 2; i + 1 < argc; i += 2) {
    (std::strcmp(argv[i], "--skip") == 0 ? skipped : timeless).insert(argv[i + 1]);
  }
  const std::string root = std::strcmp(argv[1], "/") == 0 ? "" : argv[1];
  List(root, "/");
  return 0;
}
