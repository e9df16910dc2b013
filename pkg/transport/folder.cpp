// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>

#include "base/text.hpp"
#include "sys/file.hpp"
#include "sys/root.hpp"
#include "transport/archive.hpp"

namespace ctool::transport {
namespace {

class Folder final : public Archive {
 public:
  Folder(sys::Fd folder, std::string what) : root_(std::move(folder)), what_(std::move(what)) {}

  const std::string& what() const override { return what_; }
  bool is_folder() const override { return true; }

  bool Has(std::string_view name) const override {
    return root_.Open(std::string(name), O_PATH).ok();
  }

  Result<MemberFile> Open(std::string_view name) const override {
    const std::string member = Quote(name) + " of " + what_;
    // O_NONBLOCK: a FIFO is no reason to wait.
    Result<sys::Fd> file = root_.Open(std::string(name), O_RDONLY | O_NONBLOCK);
    if (!file.ok() && file.error().sys_errno() == ENOENT)
      return Error(Code::kCorrupt, Quote(name) + " is missing in " + what_);
    if (!file.ok() && file.error().sys_errno() == ENXIO) return Irregular(member);
    if (!file.ok()) return std::move(file).error();
    const struct stat st = TRY(sys::StatFd(file->get(), member));
    if (!S_ISREG(st.st_mode)) return Irregular(member);
    MemberFile out{std::move(*file), {}};
    out.range = {out.owned.get(), 0, st.st_size};
    return out;
  }

 private:
  static Error Irregular(const std::string& member) {
    return Error(Code::kCorrupt, member + " is not a regular file");
  }

  const sys::Root root_;
  const std::string what_;
};

}  // namespace

std::shared_ptr<const Archive> OpenFolder(sys::Fd folder, std::string what) {
  return std::make_shared<Folder>(std::move(folder), std::move(what));
}

Result<std::string> Archive::ReadText(std::string_view name, size_t most) const {
  const MemberFile file = TRY(Open(name));
  const std::string member = Quote(name) + " of " + what();
  if (file.range.size > static_cast<int64_t>(most))
    return Error(Code::kCorrupt, member + " is larger than " + std::to_string(most >> 20) + " MiB");
  const std::unique_ptr<archive::Source> source = ReadRange(file.range, member);
  std::string text(static_cast<size_t>(file.range.size), '\0');
  for (size_t have = 0; have < text.size();)
    have += TRY(source->Read(std::span<char>(text).subspan(have)));
  return text;
}

}  // namespace ctool::transport
