// SPDX-License-Identifier: Apache-2.0
#include "engine/pull_signatures_internal.hpp"

#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "http/client.hpp"
#include "signature/signature.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

using config::SignatureRequirement;

constexpr std::string_view kSigstoreLayer = "application/vnd.dev.cosign.simplesigning.v1+json";
constexpr char kSigstoreAnnotation[] = "dev.cosignproject.cosign/signature";
constexpr size_t kMaxSignature = 1 << 20;
constexpr int kMostSignatures = 128;  // of one image: each costs a look

struct Signature {
  SignatureRequirement::Kind kind;
  std::string bytes;   // an OpenPGP message, or the signed document
  std::string base64;  // sigstore: the signature of it
};

// The first path that does not exist is the end of the list.
Result<std::optional<std::string>> ReadLookaside(const std::string& url, http::Client& http) {
  constexpr std::string_view kFile = "file://";
  if (StartsWith(url, kFile)) {
    Result<std::string> bytes = sys::ReadFile(url.substr(kFile.size()), kMaxSignature);
    if (bytes.ok()) return std::optional(std::move(*bytes));
    if (bytes.error().code() == Code::kNotFound) return std::optional<std::string>();
    return std::move(bytes).error();
  }
  http::Request request;
  request.url = url;
  request.max_body = kMaxSignature;
  const http::Transfer transfer = http.Perform(request);
  if (!transfer.ok()) return *transfer.error;
  if (transfer.response.status == 404) return std::optional<std::string>();
  if (transfer.response.status != 200)
    return Error(Code::kNetwork, url + ": HTTP status " + std::to_string(transfer.response.status));
  return std::optional(transfer.response.body);
}

Status AddLookaside(const PullSource& source, const registry::Client::Options& options, const spec::Digest& manifest,
                    std::vector<Signature>& into) {
  std::string base = source.signature_store.lookaside;
  while (EndsWith(base, "/")) base.pop_back();
  http::Options http_options;
  http_options.allow_http = StartsWith(base, "http://");  // what is signed need not come by a safe way
  http_options.cancel = options.cancel;
  const std::unique_ptr<http::Client> http = TRY(http::Client::Create(http_options));
  const std::string folder = base + "/" + source.reference.path + "@" + std::string(manifest.algorithm()) + "=" +
                             std::string(manifest.hex());
  for (int i = 1; i <= kMostSignatures; ++i) {
    std::optional<std::string> bytes =
        TRY_CTX("reading signatures", ReadLookaside(folder + "/signature-" + std::to_string(i), *http));
    if (!bytes) return Ok();
    into.push_back({SignatureRequirement::Kind::kGpg, std::move(*bytes), ""});
  }
  return Error(Code::kCorrupt, "reading signatures: there are more than " + std::to_string(kMostSignatures));
}

// cosign keeps signatures as an image of the tag sha256-HEX.sig, each a layer that holds the document.
Status AddAttachments(const registry::Endpoint& endpoint, const registry::Client::Options& options,
                      const spec::Digest& manifest, std::vector<Signature>& into) {
  const std::unique_ptr<registry::Client> client = TRY(registry::Client::Connect(endpoint, options));
  const std::string tag = std::string(manifest.algorithm()) + "-" + std::string(manifest.hex()) + ".sig";
  Result<registry::FetchedDocument> document = client->GetManifest(tag);
  if (!document.ok() && document.error().code() == Code::kNotFound) return Ok();
  if (!document.ok()) return std::move(document).error().Wrap("reading signatures");
  const spec::Manifest attached = TRY_CTX("reading signatures", spec::Manifest::Parse(document->bytes));
  int count = 0;
  for (const spec::Descriptor& layer : attached.layers) {
    const auto signature = layer.annotations.find(kSigstoreAnnotation);
    if (layer.media_type != kSigstoreLayer || signature == layer.annotations.end()) continue;
    if (++count > kMostSignatures || layer.size > static_cast<int64_t>(kMaxSignature))
      return Error(Code::kCorrupt, "reading signatures: too many, or too large");
    std::string bytes;
    TRY_CTX("reading signatures", client->GetBlob(
                                      layer,
                                      [&](std::string_view chunk) -> Status {
                                        bytes += chunk;
                                        return Ok();
                                      },
                                      nullptr));
    TRY_CTX("reading signatures", digest::Verify(bytes, layer.digest));
    into.push_back({SignatureRequirement::Kind::kSigstore, std::move(bytes), signature->second});
  }
  return Ok();
}

Status Verify(const SignatureRequirement& requirement, const Signature& signature, const spec::Reference& wanted,
              const spec::Digest& manifest) {
  std::string document = signature.bytes;
  const bool gpg = requirement.kind == SignatureRequirement::Kind::kGpg;
  if (gpg) document = TRY(signature::OpenGpg(signature.bytes, requirement.keys));
  else TRY(signature::VerifySigstore(document, signature.base64, requirement.keys));
  const signature::Claim claim = TRY(
      signature::ParseClaim(document, gpg ? signature::Kind::kSimpleSigning : signature::Kind::kSigstore));
  if (claim.manifest != manifest)
    return Error(Code::kPermission, "Signature for docker digest " + Quote(claim.manifest.str()) + " does not match");
  return signature::MatchIdentity(requirement.identity, claim.reference, wanted);
}

Status CheckOne(const SignatureRequirement& requirement, const std::vector<Signature>& signatures,
                const PullSource& source, const spec::Digest& manifest) {
  const std::string rejected = "Source image rejected: ";
  std::vector<std::string> reasons;
  for (const Signature& signature : signatures) {
    if (signature.kind != requirement.kind) continue;
    const Status good = Verify(requirement, signature, source.reference, manifest);
    if (good.ok()) return Ok();
    // Without gpg, or with keys that are none, no other signature will do either.
    if (good.error().code() == Code::kUnsupported || good.error().code() == Code::kInvalidArgument) return good;
    reasons.push_back(good.error().Message());
  }
  if (reasons.empty()) {
    Error error(Code::kPermission, rejected + "A signature was required, but no signature exists");
    const bool off = requirement.kind == SignatureRequirement::Kind::kSigstore && !source.signature_store.sigstore_attachments;
    if (off)
      return std::move(error).Hint("signatures in registries are only looked for with use-sigstore-attachments: true in "
                                   "registries.d");
    return error;
  }
  if (reasons.size() == 1) return Error(Code::kPermission, rejected + reasons.front());
  return Error(Code::kPermission, rejected + "None of the signatures were accepted, reasons: " + Join(reasons, "; "));
}

}  // namespace

Status CheckSignatures(const PullSource& source, const registry::Endpoint& endpoint,
                       const registry::Client::Options& options, const spec::Digest& manifest) {
  std::vector<Signature> signatures;
  bool gpg = false, sigstore = false;
  for (const SignatureRequirement& one : source.signatures)
    (one.kind == SignatureRequirement::Kind::kGpg ? gpg : sigstore) = true;
  if (gpg) TRY(AddLookaside(source, options, manifest, signatures));
  if (sigstore && source.signature_store.sigstore_attachments)
    TRY(AddAttachments(endpoint, options, manifest, signatures));
  for (const SignatureRequirement& one : source.signatures) TRY(CheckOne(one, signatures, source, manifest));
  return Ok();
}

}  // namespace ctool::engine
