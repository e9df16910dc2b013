// SPDX-License-Identifier: Apache-2.0
#include "engine/pull_layers_internal.hpp"
#include "base/trace.hpp"

#include <algorithm>
#include <string>
#include <thread>

#include "archive/pipe.hpp"
#include "archive/stream.hpp"
#include "engine/jobs_internal.hpp"
#include "sys/thread.hpp"

namespace ctool::engine {
namespace {

// Layers under way at once. More do not help: two cores are busy with two (DESIGN.md), and each
// holds buffers and a window for its decoder.
constexpr size_t kAtOnce = 3;

// Ends early once the pull is stopped, also while nothing comes from the network.
class StoppableSource final : public archive::Source {
 public:
  StoppableSource(archive::Source& in, const Interrupt& interrupt)
      : in_(in), interrupt_(interrupt) {}
  Result<size_t> Read(std::span<char> into) override {
    if (interrupt_.stopped()) return Error(Code::kIo, "stopped");
    return in_.Read(into);
  }

 private:
  archive::Source& in_;
  const Interrupt& interrupt_;
};

// What is unpacked is counted: it is about what will have to be written to the disk.
class CountedSource final : public archive::Source {
 public:
  CountedSource(archive::Source& in, storage::EarlySync& early_sync) : in_(in), early_sync_(early_sync) {}
  Result<size_t> Read(std::span<char> into) override {
    Result<size_t> read = in_.Read(into);
    if (read.ok()) early_sync_.Add(*read);
    return read;
  }
  Result<uint64_t> Skip(uint64_t bytes) override { return in_.Skip(bytes); }

 private:
  archive::Source& in_;
  storage::EarlySync& early_sync_;
};

Status UnpackTar(const LayerWork& work, LayerJob& job, archive::Source& plain) {
  CountedSource tar(plain, *work.early_sync);
  const storage::Store::UnpackedLayer layer =
      TRY_CTX("layer " + job.blob.digest.str(),
              work.store.UnpackLayer(tar, job.diff_id, work.unpack));
  job.size = layer.size;
  return Ok();
}

// Decompressing costs about as much as hashing and unpacking together. With fewer layers than
// processors it gets a thread of its own: an image of one large layer keeps two cores busy, too.
Status Unpack(const LayerWork& work, LayerJob& job, archive::Source& compressed) {
  StoppableSource source(compressed, work.interrupt);
  // What the bytes are counts, not what the manifest calls them: podman writes "tar+gzip" above layers that are not
  // compressed. The diffID tells whether they are the right ones.
  const std::unique_ptr<archive::Source> tar = TRY(archive::DecompressLayer(source));
  if (!work.decompress_apart || job.compression == spec::Compression::kNone)
    return UnpackTar(work, job, *tar);
  archive::Pipe pipe = archive::MakePipe();
  std::thread decompressor =
      TRY(sys::StartThread([&] { pipe.writer.Close(archive::Pump(*tar, pipe.writer)); }));
  const Status unpacked = UnpackTar(work, job, *pipe.reader);
  pipe.reader.reset();  // ends a decompressor that still has something to say
  decompressor.join();
  return unpacked;
}

// From the registry into the blob file and, at once, into the layer.
Status Download(const LayerWork& work, LayerJob& job, PullProgress::Transfer& transfer) {
  const std::unique_ptr<storage::Store::BlobWriter> blob = TRY(work.store.NewBlob(job.blob));
  if (!job.unpack) {
    TRY(work.source.GetBlob(
        job.blob,
        [&](std::string_view chunk) -> Status {
          if (work.interrupt.stopped()) return Error(Code::kIo, "stopped");
          return blob->Write(chunk);
        },
        transfer.counter()));
    return blob->Commit();
  }
  archive::Pipe pipe = archive::MakePipe();
  Status unpacked = Ok();
  std::thread unpacker = TRY(sys::StartThread([&, reader = std::shared_ptr<archive::Source>(
                                                 std::move(pipe.reader))]() mutable {
    unpacked = Unpack(work, job, *reader);
    reader.reset();  // a writer that waits for room learns that there will be none
  }));
  bool reader_gone = false;
  const Status fetched = work.source.GetBlob(
      job.blob,
      [&](std::string_view chunk) -> Status {
        TRY(blob->Write(chunk));
        if (reader_gone) return Ok();
        Status piped = pipe.writer.Write(chunk);
        if (piped.ok()) return Ok();
        reader_gone = true;
        // Bytes that can't be unpacked are fetched to their end all the same: the digest tells
        // whether the image is broken or something on the way to us.
        const bool corrupt = !unpacked.ok() && unpacked.error().code() == Code::kCorrupt;
        return corrupt ? Ok() : piped;
      },
      transfer.counter());
  pipe.writer.Close(fetched);
  unpacker.join();
  // Whichever side failed first made the other fail: the cause is the one to tell.
  if (!fetched.ok() && !reader_gone) return fetched;
  if (fetched.ok()) TRY(blob->Commit());
  return unpacked;
}

Status UnpackBlob(const LayerWork& work, LayerJob& job) {
  const sys::Fd blob = TRY(work.store.OpenBlob(job.blob.digest));
  const std::unique_ptr<archive::Source> source =
      archive::FromFd(blob.get(), "blob " + job.blob.digest.str());
  return Unpack(work, job, *source);
}

Status DoJob(const LayerWork& work, LayerJob& job) {
  const std::unique_ptr<PullProgress::Transfer> transfer =
      work.progress.Begin("Copying blob", job.blob.digest, job.fetch ? job.blob.size : 0);
  if (job.fetch)
    TRY(Download(work, job, *transfer));
  else if (job.unpack)
    TRY(UnpackBlob(work, job));
  transfer->Finish(job.fetch || job.unpack ? "done" : "skipped: already exists");
  Mark("layer " + std::string(job.blob.digest.hex().substr(0, 12)));
  return Ok();
}

}  // namespace

Status FetchLayers(LayerWork work, std::vector<LayerJob>& jobs) {
  const auto layers = std::count_if(jobs.begin(), jobs.end(),
                                    [](const LayerJob& job) { return job.unpack; });
  for (const LayerJob& job : jobs)
    if (job.fetch) work.progress.Expect(job.blob.size);
  work.decompress_apart = static_cast<size_t>(layers) < std::thread::hardware_concurrency();
  storage::EarlySync early_sync(work.store);
  work.early_sync = &early_sync;
  TRY(RunJobs(jobs.size(), kAtOnce, [&](size_t i) { return DoJob(work, jobs[i]); }, &work.interrupt));
  return early_sync.Finish();
}

}  // namespace ctool::engine
