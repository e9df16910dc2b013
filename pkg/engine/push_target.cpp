// SPDX-License-Identifier: Apache-2.0
#include "engine/push_target_internal.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "config/registries.hpp"
#include "engine/endpoint_internal.hpp"

namespace ctool::engine {
namespace {

class RegistryTarget final : public PushTarget {
 public:
  RegistryTarget(std::unique_ptr<registry::Client> client, spec::Reference reference)
      : client_(std::move(client)), reference_(std::move(reference)) {}

  std::string Name() const override { return "docker://" + reference_.Name(); }
  bool WantsCompressed() const override { return true; }
  Result<bool> Has(const spec::Descriptor& blob) override { return client_->HasBlob(blob.digest); }

  Result<registry::BlobSent> Put(const OutgoingBlob& blob, registry::Progress* progress) override {
    return client_->PutBlob(blob.upload, progress);
  }

  Status PutManifest(const transport::Document& manifest, bool part) override {
    const spec::Digest& asked = reference_.digest;
    if (!part && !asked.empty() && asked != manifest.digest)
      return Error(Code::kInvalidArgument, "the manifest's digest is " + manifest.digest.str() + ", not that of " +
                                               reference_.Name());
    const bool by_digest = part || !asked.empty();
    return client_->PutManifest(by_digest ? manifest.digest.str() : reference_.tag, manifest.content_type,
                                manifest.bytes);
  }

  Status Finish() override { return Ok(); }

 private:
  const std::unique_ptr<registry::Client> client_;
  const spec::Reference reference_;
};

Result<std::unique_ptr<PushTarget>> OpenRegistry(Engine& engine, const spec::Reference& reference,
                                                 const PushOptions& options, registry::Client::Options client,
                                                 const std::vector<std::string>& repositories) {
  const config::Registries registries = TRY(config::Registries::Load());
  const std::vector<config::RegistryLocation> locations = TRY(registries.Locations(reference));
  if (locations.empty()) return Error(Code::kInternal, "no registry to push to");
  // Mirrors come first, and nothing is pushed to one.
  registry::Endpoint endpoint = TRY(EndpointFor(*TRY(engine.Paths()), options.fetch, locations.back()));
  client.push = true;
  client.mount_from = repositories;
  std::unique_ptr<registry::Client> connected = TRY(registry::Client::Connect(std::move(endpoint), std::move(client)));
  return std::unique_ptr<PushTarget>(std::make_unique<RegistryTarget>(std::move(connected), reference));
}

}  // namespace

std::string PushDestination::Print() const {
  return name.kind == transport::Kind::kDocker ? "docker://" + reference.Name() : name.Print();
}

Result<PushDestination> ParseDestination(const std::string& destination, const std::string& image_name) {
  const std::string& text = destination.empty() ? image_name : destination;
  PushDestination out;
  std::optional<transport::ImageName> named = TRY(transport::ImageName::Parse(text));
  if (named) out.name = std::move(*named);
  else out.name.reference = text;
  if (out.name.kind == transport::Kind::kContainersStorage)
    return Error(Code::kUnsupported, "an image is not pushed into the store that it is in").Hint("see `ctool tag`");
  if (out.name.kind != transport::Kind::kDocker) return out;
  out.reference = TRY_CTX("invalid destination " + Quote(text),
                          spec::Reference::ParseWithDomain(out.name.reference, "docker.io"));
  if (!out.reference.digest.empty()) out.reference.tag.clear();
  return out;
}

Result<std::unique_ptr<PushTarget>> OpenTarget(Engine& engine, const PushDestination& destination,
                                               const PushOptions& options, registry::Client::Options client,
                                               const std::vector<std::string>& repositories) {
  if (destination.name.kind == transport::Kind::kDocker)
    return OpenRegistry(engine, destination.reference, options, std::move(client), repositories);
  return Error(Code::kUnsupported, "pushing to " + Quote(destination.Print()) + " is not supported");
}

}  // namespace ctool::engine
