// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "archive/pipe.hpp"
#include "archive/stream.hpp"
#include "engine/import_internal.hpp"
#include "sys/thread.hpp"

namespace ctool::engine {
namespace {

constexpr size_t kChunk = 256 << 10;

// What the blob will be: the bytes as they came if there is an OCI media type for them, else (xz,
// bzip2) what they decompress to.
struct Incoming {
  std::unique_ptr<archive::Source> raw;
  std::string first;  // bytes that were read to recognise the compression
  spec::Compression compression = spec::Compression::kNone;
};

// Gives the first bytes again, then the rest.
class Joined final : public archive::Source {
 public:
  explicit Joined(Incoming& incoming) : rest_(*incoming.raw), first_(incoming.first) {}
  Result<size_t> Read(std::span<char> into) override {
    if (first_.empty()) return rest_.Read(into);
    const size_t n = std::min(into.size(), first_.size());
    first_.copy(into.data(), n);
    first_.remove_prefix(n);
    return n;
  }

 private:
  archive::Source& rest_;
  std::string_view first_;
};

Result<Incoming> OpenIncoming(const ImportPlan& plan, const Interrupt& interrupt) {
  Incoming in;
  in.raw = TRY(OpenInput(plan.input, interrupt));
  constexpr size_t kMagicBytes = 6;
  std::array<char, kMagicBytes> magic;
  while (in.first.size() < kMagicBytes) {
    const size_t n = TRY(in.raw->Read({magic.data(), kMagicBytes - in.first.size()}));
    if (n == 0) break;
    in.first.append(magic.data(), n);
  }
  if (in.first.empty()) return Error(Code::kCorrupt, "not a tar archive: it is empty");
  in.compression = archive::DetectCompression(in.first);
  return in;
}

std::string_view MediaType(spec::Compression compression) {
  if (compression == spec::Compression::kGzip) return spec::kOciLayerGzip;
  if (compression == spec::Compression::kZstd) return spec::kOciLayerZstd;
  return spec::kOciLayer;
}

// Everything from `in` into the blob and the pipe.
Status Copy(archive::Source& in, storage::Store::BlobWriter& blob, archive::PipeWriter& pipe) {
  std::string chunk(kChunk, '\0');
  for (;;) {
    const size_t n = TRY(in.Read({chunk.data(), chunk.size()}));
    if (n == 0) return Ok();
    const std::string_view bytes(chunk.data(), n);
    TRY(blob.Write(bytes));
    TRY(pipe.Write(bytes));
  }
}

}  // namespace

Result<ImportedLayer> ImportLayer(const ImportPlan& plan, const storage::Store& store,
                                  Interrupt& interrupt) {
  Incoming incoming = TRY(OpenIncoming(plan, interrupt));
  Joined joined(incoming);
  spec::Compression kept = incoming.compression;
  std::unique_ptr<archive::Source> decompressed;
  archive::Source* source = &joined;
  if (MediaType(kept) == spec::kOciLayer && kept != spec::Compression::kNone) {
    decompressed = TRY(archive::Decompress(joined, kept));
    source = decompressed.get();
    kept = spec::Compression::kNone;
  }
  archive::UnpackOptions options;
  options.whiteouts = false;  // a root file system may hold any name
  options.ignore_chown_errors = plan.map.single_id;
  const std::unique_ptr<storage::Store::BlobWriter> blob = TRY(store.NewBlob({}));
  archive::Pipe pipe = archive::MakePipe();
  Result<storage::Store::UnpackedLayer> layer = Error(Code::kInternal, "not unpacked");
  std::thread unpacker = TRY(sys::StartThread([&] {
    const std::unique_ptr<archive::Source> reader = std::move(pipe.reader);
    Result<std::unique_ptr<archive::Source>> tar = archive::Decompress(*reader, kept);
    layer = tar.ok() ? store.UnpackLayer(**tar, spec::Digest(), options)
                     : Result<storage::Store::UnpackedLayer>(std::move(tar).error());
    if (!layer.ok()) interrupt.Stop();  // nobody waits for the rest of it
  }));
  Status copied = Copy(*source, *blob, pipe.writer);
  pipe.writer.Close(copied);
  unpacker.join();
  TRY(interrupt.Check());
  // An error of the source went through the pipe to the unpacker, so the unpacker's is the cause.
  if (!layer.ok()) return std::move(layer).error();
  TRY(std::move(copied));
  TRY(blob->Commit());
  ImportedLayer out;
  out.blob.media_type = MediaType(kept);
  out.blob.digest = blob->digest();
  out.blob.size = blob->size();
  out.layer = std::move(*layer);
  return out;
}

}  // namespace ctool::engine
