// SPDX-License-Identifier: Apache-2.0
#include "engine/save_blob_internal.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <thread>

#include "archive/compress.hpp"
#include "archive/pipe.hpp"
#include "archive/stream.hpp"
#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "engine/jobs_internal.hpp"
#include "sys/file.hpp"
#include "sys/thread.hpp"
#include "transport/archive.hpp"

namespace ctool::engine {
namespace {

constexpr size_t kChunkBytes = 256 << 10;
// Up to here a blob is hashed before it is copied; above, meanwhile: starting a thread costs as much.
constexpr int64_t kSmallBlob = 1 << 20;

Result<sys::Fd> OpenBlob(const storage::Store& store, const spec::Descriptor& blob) {
  Result<sys::Fd> file = store.OpenBlob(blob.digest);
  if (!file.ok() && file.error().code() == Code::kNotFound)
    return Error(Code::kNotFound, "blob " + blob.digest.str() + " is not in the store").Hint("pull the image again");
  if (!file.ok()) return file;
  const struct stat st = TRY(sys::StatFd(file->get(), "blob " + blob.digest.str()));
  if (st.st_size != blob.size)
    return Error(Code::kCorrupt, "blob " + blob.digest.str() + " is damaged: it has " + std::to_string(st.st_size) +
                                     " bytes instead of " + std::to_string(blob.size))
        .Hint("`ctool system check` finds and mends what is damaged");
  return file;
}

// Hashes what passes through.
class Verifying final : public archive::Source {
 public:
  Verifying(archive::Source& in, const spec::Digest& expected)
      : in_(in), expected_(expected), hasher_(expected.algorithm()) {}

  Result<size_t> Read(std::span<char> into) override {
    const size_t n = TRY(in_.Read(into));
    if (n > 0) {
      hasher_.Update({into.data(), n});
    } else if (!ended_) {
      ended_ = true;
      TRY(Check());
    }
    return n;
  }

 private:
  Status Check() {
    const spec::Digest found = hasher_.Finish();
    if (found == expected_) return Ok();
    return Error(Code::kCorrupt, "blob " + expected_.str() + " is damaged: digest mismatch: expected " +
                                     expected_.str() + ", got " + found.str())
        .Hint("`ctool system check` finds and mends what is damaged");
  }

  archive::Source& in_;
  const spec::Digest& expected_;
  digest::Hasher hasher_;
  bool ended_ = false;
};

Status Drain(archive::Source& in) {
  std::string chunk(kChunkBytes, '\0');
  while (TRY(in.Read({chunk.data(), chunk.size()})) > 0) {}
  return Ok();
}

Status VerifyFile(const sys::Fd& file, const spec::Descriptor& blob) {
  const std::unique_ptr<archive::Source> raw = transport::ReadRange({file.get(), 0, blob.size}, "blob " + blob.digest.str());
  Verifying verifying(*raw, blob.digest);
  return Drain(verifying);
}

// The kernel copies the file; a thread of its own hashes it meanwhile.
Status PutVerified(const sys::Fd& file, const spec::Descriptor& blob, const spec::Descriptor& as,
                   transport::ImageDestination& to, PullProgress::Transfer& transfer) {
  const transport::BlobBytes bytes{nullptr, transport::FileRange{file.get(), 0, blob.size}};
  if (blob.size <= kSmallBlob) {
    TRY(VerifyFile(file, blob));
    return to.PutBlob(as, bytes, transfer.counter());
  }
  Status verified = Ok();
  std::thread verifier = TRY(sys::StartThread([&] { verified = VerifyFile(file, blob); }));
  Status put = to.PutBlob(as, bytes, transfer.counter());
  verifier.join();
  TRY(std::move(put));
  return verified;
}

// The blob as what it decompresses to.
struct Decompressed {
  std::unique_ptr<archive::Source> raw;
  std::unique_ptr<Verifying> verifying;
  std::unique_ptr<archive::Source> tar;
};

Result<Decompressed> Decompress(const sys::Fd& file, const spec::Descriptor& blob) {
  Decompressed out;
  out.raw = transport::ReadRange({file.get(), 0, blob.size}, "blob " + blob.digest.str());
  out.verifying = std::make_unique<Verifying>(*out.raw, blob.digest);
  out.tar = TRY_CTX("blob " + blob.digest.str(), archive::DecompressLayer(*out.verifying));
  return out;
}

Result<int64_t> TarSize(const storage::Store& store, const SavedLayer& layer, const sys::Fd& file) {
  const int64_t known = store.LayerTarSize(layer.diff_id);
  if (known > 0) return known;
  const Decompressed decompressed = TRY(Decompress(file, layer.blob));
  std::string chunk(kChunkBytes, '\0');
  for (int64_t size = 0;;) {
    const size_t n = TRY(decompressed.tar->Read({chunk.data(), chunk.size()}));
    if (n == 0) return size;
    size += static_cast<int64_t>(n);
  }
}

// One thread reads, verifies and decompresses, this one writes.
Status PutPlain(const sys::Fd& file, const SavedLayer& layer, const spec::Descriptor& as,
                transport::ImageDestination& to, PullProgress::Transfer& transfer) {
  const Decompressed decompressed = TRY(Decompress(file, layer.blob));
  archive::Pipe pipe = archive::MakePipe();
  std::thread decompressor =
      TRY(sys::StartThread([&] { pipe.writer.Close(archive::Pump(*decompressed.tar, pipe.writer)); }));
  const Status put = to.PutBlob(as, {pipe.reader.get(), {}}, transfer.counter());
  pipe.reader.reset();  // ends a decompressor that still has something to say
  decompressor.join();
  return put;
}

Result<bool> IsCompressed(const sys::Fd& file, const spec::Descriptor& blob) {
  std::array<char, 6> first{};
  const ssize_t n = ::pread(file.get(), first.data(), first.size(), 0);
  if (n < 0) return Error::Sys(errno, "read", "blob " + blob.digest.str());
  return archive::DetectCompression({first.data(), static_cast<size_t>(n)}) != spec::Compression::kNone;
}

Status WriteAt(const transport::FileRange& range, int64_t at, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(range.fd, bytes.data(), bytes.size(), range.offset + at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error::Sys(errno, "write", "the archive");
    bytes.remove_prefix(static_cast<size_t>(n));
    at += n;
  }
  return Ok();
}

// All of `in`, which must be as long as the range.
Status WriteRange(archive::Source& in, const transport::FileRange& range, PullProgress::Transfer& transfer) {
  std::string chunk(kChunkBytes, '\0');
  for (int64_t at = 0;;) {
    const size_t n = TRY(in.Read({chunk.data(), chunk.size()}));
    if (at + static_cast<int64_t>(n) > range.size || (n == 0 && at < range.size))
      return Error(Code::kCorrupt, "a layer is not as long as it was when it was unpacked");
    if (n == 0) return Ok();
    TRY(WriteAt(range, at, {chunk.data(), n}));
    at += static_cast<int64_t>(n);
    transfer.counter()->received += static_cast<int64_t>(n);
  }
}

bool IsDockerType(std::string_view media_type) { return StartsWith(media_type, "application/vnd.docker."); }

}  // namespace

Status SaveBlob(const storage::Store& store, const spec::Descriptor& blob, const char* what,
                transport::ImageDestination& to, PullProgress& progress) {
  if (TRY(to.TryReuse(blob))) return Ok();
  const sys::Fd file = TRY(OpenBlob(store, blob));
  const auto transfer = progress.Begin(what, blob.digest, blob.size);
  TRY(PutVerified(file, blob, blob, to, *transfer));
  transfer->Finish();
  return Ok();
}

Result<spec::Descriptor> LayerSaver::SavePlain(const SavedLayer& layer) {
  const sys::Fd file = TRY(OpenBlob(store_, layer.blob));
  spec::Descriptor as = layer.blob;
  as.media_type = IsDockerType(layer.blob.media_type) ? spec::kDockerLayer : spec::kOciLayer;
  as.digest = layer.diff_id;
  const bool compressed = TRY(IsCompressed(file, layer.blob));
  as.size = compressed ? TRY(TarSize(store_, layer, file)) : layer.blob.size;
  if (TRY(to_.TryReuse(as))) return as;
  if (compressed) {
    if (const std::optional<transport::FileRange> range = TRY(to_.Reserve(as))) {
      places_.push_back({layer, *range});
      return as;
    }
  }
  const auto transfer = progress_.Begin("Copying blob", as.digest, as.size);
  TRY(compressed ? PutPlain(file, layer, as, to_, *transfer) : PutVerified(file, layer.blob, as, to_, *transfer));
  transfer->Finish();
  return as;
}

// Digest and size are known only when all of it is compressed: it goes to a nameless file first.
Result<spec::Descriptor> LayerSaver::SaveCompressed(const SavedLayer& layer, const sys::Fd& file) {
  const std::unique_ptr<archive::Source> raw =
      transport::ReadRange({file.get(), 0, layer.blob.size}, "blob " + layer.blob.digest.str());
  Verifying verifying(*raw, layer.blob.digest);
  const sys::Fd draft = TRY(sys::Open(store_.root() + "/staging", O_TMPFILE | O_RDWR, 0600));
  spec::Descriptor as = layer.blob;
  as.media_type = IsDockerType(layer.blob.media_type) ? spec::kDockerLayerGzip : spec::kOciLayerGzip;
  as.size = 0;
  digest::Hasher hasher;
  TRY(archive::Compress(verifying, {}, [&](std::string_view chunk) -> Status {
    hasher.Update(chunk);
    as.size += static_cast<int64_t>(chunk.size());
    return sys::WriteAll(draft.get(), chunk, "compressed layer");
  }));
  as.digest = hasher.Finish();
  const auto transfer = progress_.Begin("Copying blob", as.digest, as.size);
  TRY(to_.PutBlob(as, {nullptr, transport::FileRange{draft.get(), 0, as.size}}, transfer->counter()));
  transfer->Finish();
  return as;
}

Result<spec::Descriptor> LayerSaver::Save(const SavedLayer& layer, LayerForm form) {
  if (form == LayerForm::kPlain) return SavePlain(layer);
  if (form == LayerForm::kGzip) {
    const sys::Fd file = TRY(OpenBlob(store_, layer.blob));
    if (!TRY(IsCompressed(file, layer.blob))) return SaveCompressed(layer, file);
  }
  TRY(SaveBlob(store_, layer.blob, "Copying blob", to_, progress_));
  return layer.blob;
}

Status LayerSaver::Fill(const Place& place) const {
  const sys::Fd file = TRY(OpenBlob(store_, place.layer.blob));
  const Decompressed decompressed = TRY(Decompress(file, place.layer.blob));
  const auto transfer = progress_.Begin("Copying blob", place.layer.diff_id, place.range.size);
  // With fewer layers than processors reading and writing are done apart.
  if (places_.size() < std::thread::hardware_concurrency()) {
    archive::Pipe pipe = archive::MakePipe();
    std::thread decompressor = TRY(sys::StartThread([&] { pipe.writer.Close(archive::Pump(*decompressed.tar, pipe.writer)); }));
    const Status written = WriteRange(*pipe.reader, place.range, *transfer);
    pipe.reader.reset();  // ends a decompressor that still has something to say
    decompressor.join();
    TRY(Status(written));
  } else {
    TRY(WriteRange(*decompressed.tar, place.range, *transfer));
  }
  transfer->Finish();
  return Ok();
}

Status LayerSaver::FillPlaces() {
  return RunJobs(places_.size(), std::thread::hardware_concurrency(), [this](size_t i) { return Fill(places_[i]); });
}

}  // namespace ctool::engine
