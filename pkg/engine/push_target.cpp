// SPDX-License-Identifier: Apache-2.0
#include "engine/push_target_internal.hpp"

#include <unistd.h>

#include <array>
#include <mutex>

#include "archive/stream.hpp"
#include "base/text.hpp"
#include "config/registries.hpp"
#include "engine/endpoint_internal.hpp"
#include "transport/destinations.hpp"

namespace ctool::engine {
namespace {

class RegistryTarget final : public PushTarget {
 public:
  RegistryTarget(std::unique_ptr<registry::Client> client, spec::Reference reference)
      : client_(std::move(client)), reference_(std::move(reference)) {}

  std::string Name() const override { return "docker://" + reference_.Name(); }
  Layers WantedLayers() const override { return Layers::kCompressed; }
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

// An archive or a folder: one blob after the other.
class FileTarget final : public PushTarget {
 public:
  FileTarget(std::unique_ptr<transport::ImageDestination> to, transport::Kind kind, std::vector<std::string> names,
             bool compress)
      : to_(std::move(to)), kind_(kind), names_(std::move(names)), compress_(compress) {}

  std::string Name() const override { return to_->Name(); }
  Layers WantedLayers() const override {
    if (kind_ == transport::Kind::kDockerArchive) return Layers::kPlain;
    return kind_ == transport::Kind::kDir && !compress_ ? Layers::kAsTheyAre : Layers::kCompressed;
  }
  std::string OnlyFormat() const override {
    if (kind_ == transport::Kind::kDir) return "";
    return kind_ == transport::Kind::kDockerArchive ? "v2s2" : "oci";
  }

  Result<bool> Has(const spec::Descriptor& blob) override {
    const std::lock_guard lock(mutex_);
    return to_->TryReuse(blob);
  }

  Result<registry::BlobSent> Put(const OutgoingBlob& blob, registry::Progress* progress) override {
    spec::Descriptor what;
    what.media_type = blob.media_type;
    what.digest = blob.upload.digest;
    what.size = blob.upload.size;
    if (!what.digest.empty() && TRY(Has(what))) return registry::BlobSent::kPresent;
    if (blob.upload.finish) {
      const spec::Descriptor came = TRY(blob.upload.finish());
      if (!what.digest.empty() && came.digest != what.digest)
        return Error(Code::kCorrupt, "digest mismatch: expected " + what.digest.str() + ", got " + came.digest.str());
      what.digest = came.digest;
      what.size = came.size;
    }
    std::array<char, 1> first{};
    if (what.size > 0) static_cast<void>(TRY(blob.upload.read(0, first)));  // says so when the bytes are not there
    const std::lock_guard lock(mutex_);
    if (TRY(to_->TryReuse(what))) return registry::BlobSent::kPresent;
    if (::lseek(blob.file, 0, SEEK_SET) < 0) return Error::Sys(errno, "lseek");
    const std::unique_ptr<archive::Source> stream = archive::FromFd(blob.file, "blob " + what.digest.str());
    TRY(to_->PutBlob(what, {stream.get(), transport::FileRange{blob.file, 0, what.size}}, progress));
    return registry::BlobSent::kUploaded;
  }

  Status PutManifest(const transport::Document& manifest, bool part) override {
    return part ? to_->PutPart(manifest) : to_->PutImage(manifest, names_);
  }

  Status Finish() override { return to_->Finish(); }

 private:
  const std::unique_ptr<transport::ImageDestination> to_;
  const transport::Kind kind_;
  const std::vector<std::string> names_;
  const bool compress_;
  std::mutex mutex_;
};

Result<std::unique_ptr<PushTarget>> OpenFile(const transport::ImageName& name, const PushOptions& options) {
  if (name.index) return Error(Code::kInvalidArgument, Quote(name.Print()) + ": an index names what is there already");
  std::vector<std::string> names;
  if (name.kind == transport::Kind::kDockerArchive && !name.reference.empty())
    names = {TRY(spec::Reference::ParseWithDomain(name.reference, "docker.io")).Name()};
  else if (!name.reference.empty())
    names = {name.reference};
  return std::unique_ptr<PushTarget>(std::make_unique<FileTarget>(TRY(transport::OpenDestination(name)), name.kind,
                                                                  std::move(names), options.compress));
}

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
  return OpenFile(destination.name, options);
}

}  // namespace ctool::engine
