// SPDX-License-Identifier: Apache-2.0
#include "registry/client.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "registry/blob_internal.hpp"
#include "registry/explain_internal.hpp"
#include "registry/transport_internal.hpp"

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

  Status GetBlob(const spec::Descriptor& blob, const Sink& sink, Progress* progress) override {
    return FetchBlob(*transport_, blob, sink, progress);
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
