// SPDX-License-Identifier: Apache-2.0
//
// `cp -`: an archive in place of files of the host. It may be compressed: only in the program ctool-images.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "archive/stream.hpp"
#include "archive/tar_reader.hpp"
#include "archive/unpack.hpp"
#include "base/text.hpp"
#include "engine/container_copy_internal.hpp"

namespace ctool::engine {
namespace {

constexpr size_t kBlock = 512;

// The first block was read to see whether it is one of an archive; it comes again, and then the rest.
class Peeked final : public archive::Source {
 public:
  explicit Peeked(archive::Source& in) : in_(in) {}
  Status Fill() {
    first_.resize(kBlock);
    size_t have = 0;
    while (have < kBlock) {
      const size_t n = TRY(in_.Read({first_.data() + have, kBlock - have}));
      if (n == 0) break;
      have += n;
    }
    first_.resize(have);
    return Ok();
  }
  std::string_view first() const { return first_; }
  Result<size_t> Read(std::span<char> into) override {
    if (taken_ == first_.size()) return in_.Read(into);
    const size_t n = std::min(into.size(), first_.size() - taken_);
    first_.copy(into.data(), n, taken_);
    taken_ += n;
    return n;
  }

 private:
  archive::Source& in_;
  std::string first_;
  size_t taken_ = 0;
};

Error NoArchive() {
  return Error(Code::kInvalidArgument, "source must be a (compressed) tar archive when copying from stdin");
}
Error NoDirectory() { return Error(Code::kInvalidArgument, "destination must be a directory when copying from stdin"); }

Status Receive(const CopyEnd& to, const std::string& user, const CopyOptions& how) {
  const ResolvedPath destination = TRY(FindDestination(to));
  if (!destination.is_directory) return NoDirectory();
  archive::UnpackOptions options;
  options.whiteouts = false;
  options.merge = true;
  options.replace = how.overwrite;
  options.ignore_chown_errors = true;
  if (how.archive) options.owner = TRY(ContainerUser(*to.root, user));
  const std::unique_ptr<archive::Source> raw = archive::FromFd(STDIN_FILENO, "the standard input");
  const Result<std::unique_ptr<archive::Source>> plain = archive::DecompressDetected(*raw);
  if (!plain.ok()) return plain.error().code() == Code::kCorrupt ? NoArchive() : plain.error();
  Peeked tar(**plain);
  const Status filled = tar.Fill();
  if (!filled.ok() && filled.error().code() != Code::kCorrupt) return filled;
  if (!filled.ok() || !archive::LooksLikeTar(tar.first())) return NoArchive();
  sys::Root folder(TRY(to.root->Open(destination.path, O_PATH | O_DIRECTORY)));
  TRY(archive::Unpack(tar, folder, options));
  return Ok();
}

}  // namespace

Status CopyFromArchive(Engine& engine, const CopyOptions& options) {
  const CopyPath to = ParseCopyPath(options.destination);
  TRY(CheckArchiveEnd(to, options));
  const RootfsWanted wanted = TRY(WantCopied(engine, to.container, true));
  CopyEnd end{nullptr, to.container, to.path, wanted.spec.working_dir};
  TRY(WithRootfs(engine, {wanted}, [&](const std::vector<sys::Root>& roots) -> Result<std::string> {
    end.root = &roots[0];
    TRY(Receive(end, wanted.spec.user, options));
    return std::string();
  }));
  return Ok();
}

}  // namespace ctool::engine
