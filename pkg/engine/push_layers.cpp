// SPDX-License-Identifier: Apache-2.0
#include "engine/push_layers_internal.hpp"

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "engine/jobs_internal.hpp"
#include "engine/push_spool_internal.hpp"
#include "sys/thread.hpp"

namespace ctool::engine {
namespace {

// Blobs under way at once: most of the time is the registry's, or that of the way there.
constexpr size_t kAtOnce = 6;

Error NotKept(const spec::Descriptor& blob) {
  return Error(Code::kNotFound, "blob " + blob.digest.str() + " was not kept in the store")
      .Hint("pull the image again, or push to a registry that has it");
}

std::string_view Word(registry::BlobSent sent) {
  switch (sent) {
    case registry::BlobSent::kPresent: return "skipped: already exists";
    case registry::BlobSent::kMounted: return "skipped: mounted from another repository";
    default: return "done";
  }
}

Result<registry::BlobSent> SendAsItIs(const PushWork& work, PushJob& job, registry::Progress* progress) {
  OutgoingBlob out;
  out.media_type = job.blob.media_type;
  out.file = job.file.get();
  out.upload.digest = job.blob.digest;
  out.upload.size = job.blob.size;
  out.upload.mount_from = job.mount_from;
  out.upload.read = [&job](int64_t offset, std::span<char> into) -> Result<size_t> {
    if (!job.file) return NotKept(job.blob);
    const int64_t left = job.blob.size - offset;
    const size_t want = std::min(into.size(), static_cast<size_t>(std::max<int64_t>(left, 0)));
    if (want == 0) return size_t{0};
    const ssize_t n = ::pread(job.file.get(), into.data(), want, offset);
    if (n < 0) return Error::Sys(errno, "read", "blob " + job.blob.digest.str());
    if (n == 0) return Error(Code::kCorrupt, "blob " + job.blob.digest.str() + " is damaged: it is too short");
    return static_cast<size_t>(n);
  };
  job.sent = job.blob;
  return work.target.Put(out, progress);
}

// The blob goes out while it is being compressed.
Result<registry::BlobSent> SendConverted(const PushWork& work, PushJob& job, registry::Progress* progress) {
  if (job.known && TRY(work.target.Has(*job.known))) {
    job.sent = *job.known;
    return registry::BlobSent::kPresent;
  }
  if (!job.file) return NotKept(job.blob);
  const std::unique_ptr<Spool> spool = TRY(Spool::Make(work.store, work.interrupt));
  std::thread compressor = TRY(sys::StartThread([&] {
    spool->Close(Recompress(job.file.get(), job.blob, job.diff_id, *job.convert, *spool));
  }));
  OutgoingBlob out;
  out.media_type = job.blob.media_type;
  out.file = spool->fd();
  out.upload.read = [&](int64_t offset, std::span<char> into) { return spool->ReadAt(offset, into); };
  out.upload.finish = [&] { return spool->Finish(); };
  Result<registry::BlobSent> sent = work.target.Put(out, progress);
  spool->Stop();
  compressor.join();
  if (sent.ok()) job.sent = TRY(spool->Finish());
  return sent;
}

Status DoJob(const PushWork& work, PushJob& job) {
  const std::unique_ptr<PullProgress::Transfer> transfer = work.progress.Begin(job.what, job.blob.digest, job.blob.size);
  const registry::BlobSent sent = TRY(job.convert ? SendConverted(work, job, transfer->counter())
                                                  : SendAsItIs(work, job, transfer->counter()));
  transfer->Finish(Word(sent));
  return Ok();
}

}  // namespace

Status PushBlobs(const PushWork& work, std::vector<PushJob>& jobs) {
  return RunJobs(jobs.size(), kAtOnce, [&](size_t i) { return DoJob(work, jobs[i]); }, &work.interrupt);
}

}  // namespace ctool::engine
