// SPDX-License-Identifier: Apache-2.0
#include "registry/client.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "registry/blob_internal.hpp"
#include "registry/explain_internal.hpp"
#include "registry/transport_internal.hpp"
#include "registry/upload_internal.hpp"

namespace ctool::registry {
namespace {

constexpr std::string_view kAccepted[] = {spec::kOciIndex, spec::kOciManifest, spec::kDockerList,
                                          spec::kDockerManifest};

// What a tag or a digest consists of: nothing else may get into a URL.
bool ValidTagOrDigest(std::string_view text) {
  return !text.empty() && text.size() <= 256 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '.' || c == '-' || c == ':';
         });
}

bool NamesItsType(const std::string& document) {
  const nlohmann::json json = nlohmann::json::parse(document, nullptr, false);
  return json.is_object() && json.contains("mediaType");
}

// Only what can be in a URL: anything else is no tag.
Result<std::vector<std::string>> TagsIn(const std::string& document) {
  const nlohmann::json json = nlohmann::json::parse(document, nullptr, false);
  if (!json.is_object() || !json.contains("tags")) return Error(Code::kCorrupt, "the answer is no list of tags");
  std::vector<std::string> tags;
  if (!json["tags"].is_array()) return tags;  // null: none
  for (const nlohmann::json& tag : json["tags"]) {
    if (!tag.is_string()) return Error(Code::kCorrupt, "the answer is no list of tags");
    std::string text = tag.get<std::string>();
    if (!ValidTagOrDigest(text) || text.find(':') != text.npos)
      return Error(Code::kCorrupt, "invalid tag " + Quote(text.substr(0, 200)));
    tags.push_back(std::move(text));
  }
  return tags;
}

class HttpClient : public Client {
 public:
  explicit HttpClient(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {}

  Result<FetchedDocument> GetManifest(const std::string& tag_or_digest) override {
    const std::string context = Context(tag_or_digest);
    const http::Transfer transfer = TRY_CTX(context, Request("GET", tag_or_digest));
    return TRY_CTX(context, Checked(transfer.response, tag_or_digest));
  }

  Result<FetchedDocument> HeadManifest(const std::string& tag_or_digest) override {
    const http::Transfer transfer = TRY_CTX(Context(tag_or_digest), Request("HEAD", tag_or_digest));
    Result<spec::Digest> digest =
        spec::Digest::Parse(transfer.response.Header("docker-content-digest"));
    // The header is a should, not a must: the document itself always tells.
    if (!digest.ok()) return GetManifest(tag_or_digest);
    return FetchedDocument{"", transfer.response.ContentType(), std::move(*digest)};
  }

  Result<std::vector<std::string>> ListTags() override {
    constexpr size_t kMost = 100'000;
    const std::string context = "reading tags of " + DisplayName(transport_->endpoint());
    std::vector<std::string> tags;
    std::set<std::string> seen;
    for (std::string path = "tags/list?n=1000";;) {
      http::Request request;
      request.method = "GET";
      request.max_body = spec::kMaxDocumentBytes;
      const http::Transfer transfer = transport_->SendPersistently(request, path);
      if (!transfer.ok() || transfer.response.status != 200)
        return Explain(transport_->endpoint(), transfer, "repository unknown").Wrap(context);
      const size_t before = tags.size();
      for (std::string& tag : TRY_CTX(context, TagsIn(transfer.response.body)))
        if (seen.insert(tag).second) tags.push_back(std::move(tag));
      // The link only says that there is more: where it leads is the server's idea.
      if (transfer.response.Header("link").empty() || tags.size() == before) return tags;
      if (tags.size() > kMost) return Error(Code::kCorrupt, "too many tags").Wrap(context);
      path = "tags/list?n=1000&last=" + tags.back();
    }
  }

  Status GetBlob(const spec::Descriptor& blob, const Sink& sink, Progress* progress) override {
    return FetchBlob(*transport_, blob, sink, progress);
  }

  Result<bool> HasBlob(const spec::Digest& digest) override { return FindBlob(*transport_, digest); }

  Result<BlobSent> PutBlob(const BlobUpload& blob, Progress* progress) override {
    return SendBlob(*transport_, blob, progress);
  }

  Status PutManifest(const std::string& tag_or_digest, const std::string& media_type,
                     const std::string& bytes) override {
    if (!ValidTagOrDigest(tag_or_digest)) return Error(Code::kInvalidArgument, "neither a tag nor a digest");
    return SendManifest(*transport_, tag_or_digest, media_type, bytes);
  }

 private:
  std::string Context(const std::string& tag_or_digest) const {
    return "reading manifest " + Printable(tag_or_digest.substr(0, 200)) + " in " +
           DisplayName(transport_->endpoint());
  }

  Result<http::Transfer> Request(const std::string& method, const std::string& tag_or_digest) {
    if (!ValidTagOrDigest(tag_or_digest))
      return Error(Code::kInvalidArgument, "neither a tag nor a digest");
    http::Request request;
    request.method = method;
    request.max_body = spec::kMaxDocumentBytes;
    for (const std::string_view type : kAccepted)
      request.headers.push_back("Accept: " + std::string(type));
    http::Transfer transfer =
        transport_->SendPersistently(request, "manifests/" + tag_or_digest);
    if (!transfer.ok() || transfer.response.status != 200)
      return Explain(transport_->endpoint(), transfer, "manifest unknown");
    return transfer;
  }

  // The bytes are what was asked for (or what the registry says they are), and a manifest.
  static Result<FetchedDocument> Checked(const http::Response& response,
                                         const std::string& tag_or_digest) {
    FetchedDocument out{response.body, response.ContentType(), {}};
    const Result<spec::Digest> asked = spec::Digest::Parse(tag_or_digest);
    const std::string_view header = response.Header("docker-content-digest");
    if (asked.ok()) {
      TRY(digest::Verify(out.bytes, *asked));
      out.digest = *asked;
    } else {
      if (!header.empty()) {
        const spec::Digest named = TRY_CTX("Docker-Content-Digest", spec::Digest::Parse(header));
        TRY(digest::Verify(out.bytes, named));
      }
      out.digest = digest::Sha256(out.bytes);
    }
    TRY(spec::IsIndex(out.bytes, out.content_type));
    // Without a type on either side only the shape would be left to go by.
    if (out.content_type.empty() && !NamesItsType(out.bytes))
      return Error(Code::kCorrupt, "not a manifest (no content type)");
    return out;
  }

  std::unique_ptr<Transport> transport_;
};

}  // namespace

Result<std::unique_ptr<Client>> Client::Connect(Endpoint endpoint, Options options) {
  // The name of Docker Hub in references is not the name of its registry.
  if (endpoint.host == "docker.io" || endpoint.host == "index.docker.io")
    endpoint.host = "registry-1.docker.io";
  std::unique_ptr<Transport> transport =
      TRY(Transport::Create(std::move(endpoint), std::move(options)));
  return std::unique_ptr<Client>(std::make_unique<HttpClient>(std::move(transport)));
}

}  // namespace ctool::registry
