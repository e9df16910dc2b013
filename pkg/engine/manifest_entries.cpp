// SPDX-License-Identifier: Apache-2.0
#include "engine/manifest_entries_internal.hpp"

#include "base/text.hpp"
#include "config/registries.hpp"
#include "digest/sha256.hpp"
#include "engine/endpoint_internal.hpp"
#include "engine/image_lookup_internal.hpp"
#include "engine/manifest_list_internal.hpp"
#include "transport/image_name.hpp"

namespace ctool::engine {
namespace {

// An image that a registry has, and the registry.
struct Remote {
  std::unique_ptr<registry::Client> client;
  spec::Reference reference;
  registry::FetchedDocument document;
};

Result<Remote> ReadFrom(Engine& engine, const config::Registries& registries, const spec::Reference& reference,
                        const FetchOptions& fetch) {
  std::optional<Error> last;
  for (const config::RegistryLocation& location : TRY(registries.Locations(reference))) {
    registry::Endpoint endpoint = TRY(EndpointFor(*TRY(engine.Paths()), fetch, location));
    Remote out;
    out.client = TRY(registry::Client::Connect(std::move(endpoint), TRY(ClientOptions(fetch))));
    out.reference = reference;
    Result<registry::FetchedDocument> document = out.client->GetManifest(reference.TagOrDigest());
    if (document.ok()) {
      out.document = std::move(*document);
      return out;
    }
    last = std::move(document).error();
  }
  if (!last) return Error(Code::kInternal, "no registry to ask");
  return std::move(*last);
}

Result<Remote> OpenRemote(Engine& engine, const std::string& name, const FetchOptions& fetch) {
  const config::Registries registries = TRY(config::Registries::Load());
  std::optional<Error> last;
  for (const config::Registries::Candidate& candidate :
       TRY(registries.ResolveForPull(name, config::Registries::Prompt::kImpossible))) {
    Result<Remote> remote = ReadFrom(engine, registries, candidate.reference, fetch);
    if (remote.ok()) return remote;
    last = std::move(remote).error();
  }
  if (!last) return ImageNotKnown(name);
  return std::move(*last);
}

Result<spec::Platform> RemotePlatform(registry::Client& client, const spec::Descriptor& config) {
  if (config.size > static_cast<int64_t>(spec::kMaxDocumentBytes))
    return Error(Code::kCorrupt, "image config: larger than 4 MiB");
  std::string bytes;
  TRY(client.GetBlob(
      config,
      [&](std::string_view chunk) -> Status {
        bytes += chunk;
        return Ok();
      },
      nullptr));
  TRY_CTX("image config", digest::Verify(bytes, config.digest));
  return TRY(spec::ImageConfig::Parse(bytes)).platform;
}

Result<std::vector<spec::Descriptor>> RemoteEntries(Engine& engine, const std::string& name, bool all,
                                                    const FetchOptions& fetch) {
  const Remote remote = TRY(OpenRemote(engine, name, fetch));
  const registry::FetchedDocument& document = remote.document;
  const std::string source = std::string(kInRegistry) + remote.reference.Repository();
  std::vector<spec::Descriptor> entries;
  if (TRY(spec::IsIndex(document.bytes, document.content_type))) {
    const spec::Index index = TRY(spec::Index::Parse(document.bytes));
    if (all) entries = index.manifests;
    else entries = {TRY(index.Select(TRY(PlatformFrom(fetch)).platform))};
  } else {
    const spec::Manifest manifest = TRY(spec::Manifest::Parse(document.bytes));
    spec::Descriptor entry;
    entry.media_type = manifest.media_type;
    entry.digest = document.digest;
    entry.size = static_cast<int64_t>(document.bytes.size());
    entry.platform = TRY(RemotePlatform(*remote.client, manifest.config));
    entries = {std::move(entry)};
  }
  for (spec::Descriptor& entry : entries) entry.annotations[kEntrySource] = source;
  return entries;
}

Result<std::vector<spec::Descriptor>> StoredEntries(Engine& engine, const state::Image& image, bool all,
                                                    const FetchOptions& fetch) {
  if (IsList(image)) {
    const spec::Index index = TRY(ReadList(engine, image));
    if (all) return index.manifests;
    return std::vector<spec::Descriptor>{TRY(index.Select(TRY(PlatformFrom(fetch)).platform))};
  }
  spec::Descriptor entry;
  entry.media_type = image.manifest_type;
  entry.digest = TRY(spec::Digest::Parse(image.manifest_digest));
  entry.size = static_cast<int64_t>(TRY(TRY(engine.Store())->ReadBlob(entry.digest, spec::kMaxDocumentBytes)).size());
  entry.platform = TRY(PlatformOf(image));
  entry.annotations[kEntrySource] = std::string(kStoredImage) + image.id;
  return std::vector<spec::Descriptor>{entry};
}

}  // namespace

Result<std::vector<spec::Descriptor>> FindEntries(Engine& engine, const std::string& name, bool all,
                                                  const FetchOptions& fetch) {
  const std::optional<transport::ImageName> named = TRY(transport::ImageName::Parse(name));
  const auto kind = named ? named->kind : transport::Kind::kContainersStorage;
  if (named && kind != transport::Kind::kDocker && kind != transport::Kind::kContainersStorage)
    return Error(Code::kUnsupported, "images of " + Quote(name) + " can't be in a list: load them first");
  const std::string& plain = named ? named->reference : name;
  if (kind == transport::Kind::kContainersStorage) {
    const Result<std::optional<FoundImage>> found = FindImage(engine, plain);
    if (found.ok() && *found) return StoredEntries(engine, (*found)->image, all, fetch);
    if (named) return ImageNotKnown(plain);
  }
  return RemoteEntries(engine, plain, all, fetch);
}

Result<std::string> ReadRemoteDocument(Engine& engine, const std::string& name, const FetchOptions& fetch) {
  return TRY(OpenRemote(engine, TRY(WithoutTransport(name)), fetch)).document.bytes;
}

Result<std::unique_ptr<registry::Client>> OpenRepository(Engine& engine, const std::string& repository,
                                                         const FetchOptions& fetch, const std::atomic<bool>* cancel) {
  const config::Registries registries = TRY(config::Registries::Load());
  const std::vector<config::RegistryLocation> locations =
      TRY(registries.Locations(TRY(spec::Reference::Parse(repository))));
  registry::Client::Options options = TRY(ClientOptions(fetch));
  options.cancel = cancel;
  return registry::Client::Connect(TRY(EndpointFor(*TRY(engine.Paths()), fetch, locations.back())), std::move(options));
}

}  // namespace ctool::engine
