// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

#include "archive/pipe.hpp"
#include "engine/commit_internal.hpp"
#include "engine/pack_tree.hpp"
#include "sys/file.hpp"
#include "sys/thread.hpp"

namespace ctool::engine {
namespace {

constexpr std::string_view kPlaceholders[] = {"etc/hosts", "etc/hostname", "etc/resolv.conf", "run/.containerenv",
                                              "run/podman-init"};

// The empty files on which a start mounts are its maker's, not the container's.
bool IsPlaceholder(const std::string& path, const struct stat& st) {
  return S_ISREG(st.st_mode) && st.st_size == 0 &&
         std::find(std::begin(kPlaceholders), std::end(kPlaceholders), path) != std::end(kPlaceholders);
}

// A change of the root directory itself is part of the layer; most containers leave it alone.
Result<bool> IsRootChanged(const CommitPlan& plan, int root) {
  if (plan.whole || plan.wanted.spec.layers.empty()) return true;
  const sys::Fd below = TRY(sys::Open(plan.wanted.spec.layers.front(), O_PATH | O_DIRECTORY));
  const struct stat now = TRY(sys::StatFd(root, "root")), before = TRY(sys::StatFd(below.get(), "root"));
  return now.st_mode != before.st_mode || now.st_uid != before.st_uid || now.st_gid != before.st_gid;
}

Result<sys::Fd> OpenTree(const CommitPlan& plan, const storage::Store& store, MountedRootfs& mounted) {
  constexpr int kReadDir = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
  if (!plan.whole) return sys::Open(plan.files->Upper(), kReadDir);
  mounted = TRY(MountRootfs(plan.wanted, *plan.files, store.root() + "/volumes", plan.files->folder));
  return sys::Open(plan.files->folder, kReadDir);
}

Status Pack(const CommitPlan& plan, sys::Fd tree, archive::TarWriter& tar) {
  PackTreeOptions options;
  options.layer = !plan.whole;
  options.skip = IsPlaceholder;
  TreePacker packer(tar, options);
  if (TRY(IsRootChanged(plan, tree.get()))) TRY(packer.PackRoot(tree.get()));
  TRY(packer.PackContents(std::move(tree)));
  return tar.Finish();
}

}  // namespace

Result<ImportedLayer> CommitLayer(const CommitPlan& plan, const storage::Store& store, Interrupt& interrupt) {
  MountedRootfs mounted;
  sys::Fd tree = TRY(OpenTree(plan, store, mounted));
  archive::UnpackOptions options;
  options.whiteouts = !plan.whole;
  options.ignore_chown_errors = plan.map.single_id;
  const std::unique_ptr<storage::Store::BlobWriter> blob = TRY(store.NewBlob({}));
  archive::Pipe pipe = archive::MakePipe();
  Result<storage::Store::UnpackedLayer> layer = Error(Code::kInternal, "not unpacked");
  std::thread unpacker = TRY(sys::StartThread([&] {
    const std::unique_ptr<archive::Source> reader = std::move(pipe.reader);
    layer = store.UnpackLayer(*reader, spec::Digest(), options);
  }));
  archive::TarWriter tar([&](std::string_view bytes) -> Status {
    TRY(interrupt.Check());
    TRY(blob->Write(bytes));
    return pipe.writer.Write(bytes);
  });
  Status packed = Pack(plan, std::move(tree), tar);
  pipe.writer.Close(packed);
  unpacker.join();
  TRY(interrupt.Check());
  // An error of the packing went through the pipe to the unpacker, so the unpacker's is the cause.
  if (!layer.ok()) return std::move(layer).error().Wrap("committing container " + plan.wanted.container.name);
  TRY(std::move(packed));
  TRY(blob->Commit());
  ImportedLayer out;
  out.blob.media_type = spec::kOciLayer;
  out.blob.digest = blob->digest();
  out.blob.size = blob->size();
  out.layer = std::move(*layer);
  return out;
}

}  // namespace ctool::engine
