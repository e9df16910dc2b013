// SPDX-License-Identifier: Apache-2.0
#include "storage/check.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "archive/compare.hpp"
#include "digest/sha256.hpp"
#include "storage/hashing_source_internal.hpp"
#include "storage/store_internal.hpp"
#include "sys/file.hpp"

namespace ctool::storage {
namespace {

constexpr char kMissing[] = "missing";

// A file that is not there, or is no file, has no descriptor; `problem` says why.
sys::Fd OpenChecked(const Store& store, const spec::Digest& digest, int64_t size, std::string& problem) {
  Result<sys::Fd> fd = store.OpenBlob(digest);
  if (!fd.ok()) {
    problem = fd.error().sys_errno() == ENOENT ? kMissing : fd.error().Message();
    return {};
  }
  struct stat st {};
  if (::fstat(fd->get(), &st) < 0) problem = Error::Sys(errno, "stat").Message();
  else if (size >= 0 && st.st_size != size) problem = std::to_string(st.st_size) + " bytes, not " + std::to_string(size);
  return std::move(*fd);
}

Status HashRest(archive::Source& source) {
  std::string chunk(256 << 10, '\0');
  while (TRY(source.Read({chunk.data(), chunk.size()})) > 0) {
  }
  return Ok();
}

std::string Mismatch(const spec::Digest& found) { return "its content is that of " + found.str(); }

std::string CheckContent(const sys::Fd& fd, const spec::Digest& digest) {
  const std::unique_ptr<archive::Source> file = archive::FromFd(fd.get(), "blob " + digest.str());
  HashingSource hashed(*file, digest.algorithm(), HashingSource::Where::kInRead);
  const Status read = HashRest(hashed);
  if (!read.ok()) return read.error().Message();
  const spec::Digest found = hashed.Finish();
  return found == digest ? "" : Mismatch(found);
}

// From a good blob.
Result<std::vector<std::string>> CompareLayer(const Store& store, const spec::Digest& diff_id, archive::Source& compressed,
                                              const LayerCheckOptions& options) {
  const std::unique_ptr<archive::Source> tar = TRY(archive::DecompressDetected(compressed));
  HashingSource hashed(*tar, diff_id.algorithm(), HashingSource::Where::kInRead);
  const sys::Root tree = TRY(sys::Root::Open(store.LayerDiffPath(diff_id)));
  std::vector<std::string> problems = TRY(archive::Compare(hashed, tree, {.owners = options.owners}));
  const spec::Digest found = hashed.Finish();
  if (found != diff_id) problems.push_back("its blob holds another layer, " + found.str());
  return problems;
}

}  // namespace

std::string CheckBlob(const Store& store, const spec::Digest& digest, int64_t size, bool quick) {
  std::string problem;
  const sys::Fd fd = OpenChecked(store, digest, size, problem);
  if (!problem.empty() || quick) return problem;
  return CheckContent(fd, digest);
}

LayerCheck CheckLayer(const Store& store, const spec::Digest& diff_id, const spec::Digest& blob, int64_t blob_size,
                      const LayerCheckOptions& options) {
  LayerCheck check;
  const Result<LayerMeta> meta = ReadLayerMeta(store.LayerPath(diff_id));
  if (!sys::Exists(store.LayerDiffPath(diff_id))) check.layer.emplace_back(kMissing);
  else if (!meta.ok()) check.layer.push_back(meta.error().Message());
  if (blob.empty()) return check;
  const sys::Fd fd = OpenChecked(store, blob, blob_size, check.blob);
  if (!check.blob.empty() || options.quick) return check;
  if (!check.layer.empty()) {
    check.blob = CheckContent(fd, blob);
    return check;
  }
  const std::unique_ptr<archive::Source> file = archive::FromFd(fd.get(), "blob " + blob.str());
  HashingSource hashed(*file, blob.algorithm(), HashingSource::Where::kInRead);
  Result<std::vector<std::string>> compared = CompareLayer(store, diff_id, hashed, options);
  if (compared.ok()) {
    const spec::Digest found = hashed.Finish();
    if (found != blob) check.blob = Mismatch(found);
    check.layer = std::move(*compared);
    return check;
  }
  // A damaged blob says nothing about the folder.
  if (::lseek(fd.get(), 0, SEEK_SET) < 0) check.blob = Error::Sys(errno, "seek").Message();
  else check.blob = CheckContent(fd, blob);
  if (check.blob.empty()) check.layer.push_back(compared.error().Message());
  return check;
}

}  // namespace ctool::storage
