// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.hpp"
#include "registry/backoff_internal.hpp"
#include "registry/blob_internal.hpp"
#include "registry/explain_internal.hpp"

namespace ctool::registry {
namespace {

// A connection that brings this much before it breaks is worth trying again without end.
constexpr int64_t kWorthwhile = 1 << 20;

Error WrongSize(const std::string& what) { return Error(Code::kCorrupt, "wrong size: " + what); }

struct ContentRange {
  int64_t first = 0, last = 0;
  std::optional<int64_t> total;
};

// "bytes 5-9/10", "bytes 5-9/*"
std::optional<ContentRange> ParseContentRange(std::string_view text) {
  if (!StartsWith(text, "bytes ")) return std::nullopt;
  text.remove_prefix(6);
  const size_t dash = text.find('-'), slash = text.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash)
    return std::nullopt;
  const auto first = ParseInt(text.substr(0, dash));
  const auto last = ParseInt(text.substr(dash + 1, slash - dash - 1));
  const auto total = ParseInt(text.substr(slash + 1));
  if (!first || !last || *first < 0 || *last < *first) return std::nullopt;
  if (!total && text.substr(slash + 1) != "*") return std::nullopt;
  return ContentRange{*first, *last, total};
}

// Puts the answers to several requests together to one stream: that of the bytes from `begin` to `end` of a blob.
class Download {
 public:
  Download(int64_t size, Extent wanted, const Client::Sink& sink, Progress* progress)
      : size_(size), end_(wanted.end), sink_(sink), progress_(progress), got_(wanted.begin) {}

  int64_t got() const { return got_; }  // counted from the blob's begin
  int64_t end() const { return end_; }
  bool complete() const { return got_ == end_; }
  // The last error came from the caller's sink: it is returned as it is.
  bool sink_failed() const { return sink_failed_; }

  // Before each request.
  void Restart() { begun_ = false; }

  Status Take(const http::Response& head, std::string_view chunk) {
    if (!begun_) TRY(Begin(head));
    const int64_t known = std::min<int64_t>(skip_, static_cast<int64_t>(chunk.size()));
    skip_ -= known;
    chunk.remove_prefix(static_cast<size_t>(known));
    if (chunk.empty()) return Ok();
    const auto length = static_cast<int64_t>(chunk.size());
    if (length > end_ - got_)
      return WrongSize("more than the " + std::to_string(size_) + " bytes of the manifest");
    Status taken = sink_(chunk);
    sink_failed_ = !taken.ok();
    if (sink_failed_) return taken;
    got_ += length;
    if (progress_ != nullptr) progress_->received += length;
    return Ok();
  }

 private:
  Status Begin(const http::Response& head) {
    begun_ = true;
    skip_ = 0;
    if (head.status == 206) return BeginPart(head);
    if (head.status != 200)
      return Error(Code::kCorrupt, "unexpected HTTP status " + std::to_string(head.status));
    const auto length = ParseInt(head.Header("content-length"));
    if (length && *length != size_)
      return WrongSize("the registry has " + std::to_string(*length) +
                       " bytes, the manifest says " + std::to_string(size_));
    if (end_ != size_) return Error(Code::kUnsupported, "the registry sends blobs only whole");
    // All of it, although we asked for the rest: what the caller has already is passed over. Its
    // digest tells whether that was the same.
    skip_ = got_;
    return Ok();
  }

  Status BeginPart(const http::Response& head) {
    const auto range = ParseContentRange(head.Header("content-range"));
    if (!range || range->first != got_ || range->last >= end_ ||
        range->total.value_or(size_) != size_)
      return Error(Code::kCorrupt,
                   "wrong Content-Range " + Quote(head.Header("content-range").substr(0, 100)) +
                       ", asked for byte " + std::to_string(got_) + " of " + std::to_string(size_));
    return Ok();
  }

  const int64_t size_, end_;
  const Client::Sink& sink_;
  Progress* const progress_;
  int64_t got_;
  int64_t skip_ = 0;  // bytes of this answer that were delivered by an earlier one
  bool begun_ = false, sink_failed_ = false;
};

std::string Share(const Download& download, int64_t size) {
  return std::to_string(download.got()) + " of " + std::to_string(size) + " bytes";
}

Error Interrupted(const Endpoint& endpoint, const http::Transfer& transfer,
                  const Download& download, int64_t size) {
  const Error error = Explain(endpoint, transfer, "not found");
  const std::string joint =
      transfer.failure == http::Failure::kTruncated ? ": truncated: got " : " after ";
  return Error(error.code(), error.Message() + joint + Share(download, size));
}

// The end of one request: done, not yet, or an error.
Result<bool> Finished(const Endpoint& endpoint, const http::Transfer& transfer,
                      const Download& download, int64_t size) {
  const int status = transfer.response.status;
  switch (transfer.failure) {
    case http::Failure::kNone:
      if (status >= 300) return Explain(endpoint, transfer, "not found");
      if (download.complete()) return true;
      if (status == 206) return false;  // a server may send less than the range at a time
      return WrongSize("got " + Share(download, size));
    case http::Failure::kLost:
    case http::Failure::kTruncated:
    case http::Failure::kStalled: return Interrupted(endpoint, transfer, download, size);
    default: return Explain(endpoint, transfer, "not found");
  }
}

}  // namespace

Status FetchExtent(Transport& transport, const spec::Descriptor& blob, Extent wanted, const Client::Sink& sink,
                   Progress* progress) {
  const Endpoint& endpoint = transport.endpoint();
  const std::string context = "reading blob " + blob.digest.str() + " of " + DisplayName(endpoint);
  if (blob.digest.empty() || blob.size < 0)
    return Error(Code::kCorrupt, context + ": bad descriptor");
  Download download(blob.size, wanted, sink, progress);
  Backoff backoff(transport.options(), endpoint.host);
  const auto take = [&](const http::Response& head, std::string_view chunk) {
    return download.Take(head, chunk);
  };
  for (int64_t mark = wanted.begin;;) {
    const int64_t before = download.got();
    download.Restart();
    http::Request request;
    if (before > 0 || wanted.end < blob.size) request.range_from = before;
    if (wanted.end < blob.size) request.range_last = wanted.end - 1;
    const http::Transfer transfer = transport.Send(request, "blobs/" + blob.digest.str(), take);
    if (download.sink_failed()) return *transfer.error;
    Result<bool> finished = Finished(endpoint, transfer, download, blob.size);
    if (finished.ok() && *finished) return Ok();
    if (download.got() - mark >= kWorthwhile) {
      mark = download.got();
      backoff.Reset();
    }
    if (finished.ok() && download.got() > before) continue;
    if (finished.ok()) return WrongSize("got " + Share(download, blob.size)).Wrap(context);
    if (!MayHelp(transfer, transport.contacted()) || !backoff.Wait(transfer))
      return std::move(finished).error().Wrap(context);
  }
}

}  // namespace ctool::registry
