// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <optional>

#include "base/log.hpp"
#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "http/url.hpp"
#include "registry/backoff_internal.hpp"
#include "registry/explain_internal.hpp"
#include "registry/upload_internal.hpp"

namespace ctool::registry {
namespace {

// A connection that carries this much before it breaks is worth trying again without end.
constexpr int64_t kWorthwhile = 1 << 20;

// Where an upload stands, as a Range header says it: "0-1023" means that 1024 bytes are there. "0-0" is what some
// registries say of one byte, and of none.
std::optional<int64_t> OffsetIn(std::string_view range) {
  const size_t dash = range.find('-');
  if (dash == std::string_view::npos || range.substr(0, dash) != "0") return std::nullopt;
  const auto last = ParseInt(range.substr(dash + 1));
  if (!last || *last < 0) return std::nullopt;
  return *last == 0 ? 0 : *last + 1;
}

// One blob on its way: a session of the registry (POST), the bytes (PUT, or PATCH and PUT), and what goes wrong.
class Sending {
 public:
  Sending(Transport& transport, const BlobUpload& blob, Progress* progress)
      : transport_(transport),
        blob_(blob),
        progress_(progress),
        backoff_(transport.options(), transport.endpoint().host),
        digest_(blob.digest),
        size_(blob.size) {}

  Result<BlobSent> Run() {
    for (;;) {
      if (location_.empty() && TRY(Begin())) return BlobSent::kMounted;
      const http::Transfer transfer = TRY(SendBytes());
      if (transfer.ok() && transfer.response.status == 201) return Finished(transfer.response);
      TRY(Recover(transfer));
    }
  }

 private:
  const Endpoint& endpoint() const { return transport_.endpoint(); }

  // Opens a session; true: none is needed, for the registry had the blob in one of the other repositories.
  Result<bool> Begin() {
    offset_ = 0;
    if (!digest_.empty() && !mounted_) {
      mounted_ = true;
      for (const std::string& from : blob_.mount_from) {
        const std::string path = "blobs/uploads/?mount=" + digest_.str() + "&from=" + from;
        const http::Transfer transfer = transport_.SendPersistently(Post(), path);
        if (transfer.ok() && transfer.response.status == 201) return true;
        if (transfer.ok() && transfer.response.status == 202) {
          TRY(TakeLocation(transfer.response));
          return false;  // the session can be used; a second try to mount would leave it open for nothing
        }
        Debug("mounting blob " + digest_.str() + " from " + from + ": " +
              (transfer.ok() ? "HTTP status " + std::to_string(transfer.response.status) : transfer.error->Message()));
      }
    }
    const http::Transfer transfer = transport_.SendPersistently(Post(), "blobs/uploads/");
    if (!transfer.ok() || transfer.response.status != 202) return ExplainUpload(endpoint(), transfer);
    TRY(TakeLocation(transfer.response));
    return false;
  }

  static http::Request Post() {
    http::Request request;
    request.method = "POST";
    return request;
  }

  Status TakeLocation(const http::Response& response) {
    const std::string location(response.Header("location"));
    if (location.empty())
      return Error(Code::kCorrupt, DisplayHost(endpoint()) + " began an upload and did not say where (no Location)");
    location_ = TRY(http::ResolveUrl(response.url, location));
    return Ok();
  }

  // All of it in one PUT; what is resumed, or has no digest yet, in a PATCH with a PUT behind it.
  Result<http::Transfer> SendBytes() {
    if (offset_ > 0 && digest_.empty()) TRY(LearnDigest());
    const bool whole = !digest_.empty() && offset_ == 0;
    if (!whole && offset_ == size_) return Close();
    http::Upload upload;
    upload.size = size_ < 0 ? -1 : size_ - offset_;
    int64_t counted = 0;
    upload.read = [&](int64_t offset, std::span<char> into) -> Result<size_t> {
      const size_t n = TRY(blob_.read(offset_ + offset, into));
      const int64_t now = offset + static_cast<int64_t>(n);
      if (progress_ != nullptr) progress_->received += now - counted;
      counted = now;
      return n;
    };
    http::Request request;
    request.method = whole ? "PUT" : "PATCH";
    request.headers = {"Content-Type: application/octet-stream"};
    if (offset_ > 0)
      request.headers.push_back("Content-Range: " + std::to_string(offset_) + "-" + std::to_string(size_ - 1));
    request.upload = &upload;
    const std::string url = whole ? TRY(http::AppendQuery(location_, {{"digest", digest_.str()}})) : location_;
    http::Transfer transfer = transport_.SendTo(std::move(request), url);
    if (transfer.failure == http::Failure::kUpload) return std::move(*transfer.error);
    if (whole || !transfer.ok()) return transfer;
    if (transfer.response.status != 202 && transfer.response.status != 204) return transfer;
    if (digest_.empty()) TRY(LearnDigest());
    TRY(TakeLocation(transfer.response));
    const std::string_view range = transfer.response.Header("range");
    if (!range.empty() && size_ > 1 && OffsetIn(range) != size_)
      return Error(Code::kCorrupt, DisplayHost(endpoint()) + " has got " + Quote(range.substr(0, 100)) + " of " +
                                       std::to_string(size_) + " bytes");
    return Close();
  }

  Status LearnDigest() {
    const spec::Descriptor what = TRY(blob_.finish());
    digest_ = what.digest;
    size_ = what.size;
    return Ok();
  }

  Result<http::Transfer> Close() {
    offset_ = size_;  // what is left to be done when this breaks
    http::Request request;
    request.method = "PUT";
    return transport_.SendTo(std::move(request), TRY(http::AppendQuery(location_, {{"digest", digest_.str()}})));
  }

  Result<BlobSent> Finished(const http::Response& response) {
    const std::string_view named = response.Header("docker-content-digest");
    if (!named.empty() && named != digest_.str())
      return Error(Code::kCorrupt, "digest mismatch: " + DisplayHost(endpoint()) + " says that it has got " +
                                       Quote(named.substr(0, 200)));
    return BlobSent::kUploaded;
  }

  // After a failure that a further try may mend: goes on where the registry is, or anew. Any other failure is returned.
  Status Recover(const http::Transfer& transfer) {
    const bool lost_session = transfer.ok() && (transfer.response.status == 404 || transfer.response.status == 416);
    if (!lost_session && !MayHelp(transfer, transport_.contacted())) return ExplainUpload(endpoint(), transfer);
    if (!backoff_.Wait(transfer)) return ExplainUpload(endpoint(), transfer);
    const int64_t before = offset_;
    if (lost_session || !TRY(AskOffset())) {
      location_.clear();
      offset_ = 0;
    }
    if (offset_ - before >= kWorthwhile) backoff_.Reset();
    if (progress_ != nullptr) progress_->received = offset_;
    return Ok();
  }

  // Where the session stands; false: it can't be gone on with.
  Result<bool> AskOffset() {
    const http::Transfer transfer = transport_.SendTo(http::Request{}, location_);
    if (transfer.failure == http::Failure::kCancelled) return *transfer.error;
    if (!transfer.ok() || transfer.response.status != 204) return false;
    const std::optional<int64_t> offset = OffsetIn(transfer.response.Header("range"));
    if (!offset || *offset == 0 || (size_ >= 0 && *offset > size_)) return false;
    offset_ = *offset;
    if (!transfer.response.Header("location").empty()) TRY(TakeLocation(transfer.response));
    return true;
  }

  Transport& transport_;
  const BlobUpload& blob_;
  Progress* const progress_;
  Backoff backoff_;
  spec::Digest digest_;
  int64_t size_;
  std::string location_;  // of the session
  int64_t offset_ = 0;    // what the registry has got
  bool mounted_ = false;  // it was tried
};

}  // namespace

Result<bool> FindBlob(Transport& transport, const spec::Digest& digest) {
  http::Request request;
  request.method = "HEAD";
  const http::Transfer transfer = transport.SendPersistently(request, "blobs/" + digest.str());
  if (transfer.ok() && transfer.response.status == 200) return true;
  if (transfer.ok() && transfer.response.status == 404) return false;
  return ExplainUpload(transport.endpoint(), transfer).Wrap("checking whether a blob " + digest.str() + " exists in " +
                                                            DisplayName(transport.endpoint()));
}

Result<BlobSent> SendBlob(Transport& transport, const BlobUpload& blob, Progress* progress) {
  if (!blob.digest.empty() && TRY(FindBlob(transport, blob.digest))) return BlobSent::kPresent;
  const std::string name = blob.digest.empty() ? "" : " " + blob.digest.str();
  return TRY_CTX("writing blob" + name + " to " + DisplayName(transport.endpoint()),
                 Sending(transport, blob, progress).Run());
}

Status SendManifest(Transport& transport, const std::string& tag_or_digest, const std::string& media_type,
                    const std::string& bytes) {
  const std::string context =
      "writing manifest " + Printable(tag_or_digest.substr(0, 200)) + " to " + DisplayName(transport.endpoint());
  http::Request request;
  request.method = "PUT";
  request.headers = {"Content-Type: " + media_type};
  request.body = bytes;
  const http::Transfer transfer = transport.SendPersistently(request, "manifests/" + tag_or_digest);
  // 201 it is; some registries say 202.
  if (!transfer.ok() || (transfer.response.status != 201 && transfer.response.status != 202))
    return ExplainUpload(transport.endpoint(), transfer).Wrap(context);
  const std::string_view named = transfer.response.Header("docker-content-digest");
  if (named.empty()) return Ok();
  Result<spec::Digest> digest = spec::Digest::Parse(named);
  if (!digest.ok()) return std::move(digest).error().Wrap("Docker-Content-Digest").Wrap(context);
  return TRY_CTX(context + ": the registry says that it has got another one", digest::Verify(bytes, *digest));
}

}  // namespace ctool::registry
