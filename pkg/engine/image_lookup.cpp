// SPDX-License-Identifier: Apache-2.0
//
// What a name on the command line means among the images that are there. The order is that of
// podman (containers/common libimage, Runtime.LookupImage).
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "config/registries.hpp"
#include "engine/image_lookup_internal.hpp"
#include "spec/reference.hpp"

namespace ctool::engine {
namespace {

using Found = std::optional<FoundImage>;

bool IsFullId(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Found ById(std::optional<state::Image> image) {
  if (!image) return std::nullopt;
  std::string name = image->names.empty() ? "" : image->names.front();
  return FoundImage{std::move(*image), std::move(name)};
}

// The image that has exactly this reference. A digest beats a tag, as it does at a registry.
Result<Found> ByReference(state::Database& db, const spec::Reference& reference) {
  std::optional<state::Image> image =
      reference.digest.empty()
          ? TRY(db.FindImageByName(reference.Name()))
          : TRY(db.FindImageByDigest(reference.Repository(), reference.digest.str()));
  if (!image) return Found();
  const std::string name = reference.digest.empty()
                               ? reference.Name()
                               : reference.Repository() + "@" + reference.digest.str();
  return Found(FoundImage{std::move(*image), name});
}

// True when `repository` ends in `name` as a whole path: "quay.io/team/app" in "team/app", "app".
bool EndsInPath(std::string_view repository, std::string_view name) {
  return EndsWith(repository, name) && repository.size() > name.size() &&
         repository[repository.size() - name.size() - 1] == '/';
}

// podman's last attempt: "app" is also "registry.example/team/app:latest" when nothing nearer is
// there. Only a miss pays for reading every image.
Result<Found> ByEndOfName(state::Database& db, const std::string& name) {
  const spec::Reference wanted = TRY(spec::Reference::ParseWithDomain(name, "localhost"));
  for (state::Image& image : TRY(db.ListImages())) {
    for (const std::string& reference : wanted.digest.empty() ? image.names : image.digests) {
      const Result<spec::Reference> parsed = spec::Reference::Parse(reference);
      if (!parsed.ok() || !EndsInPath(parsed->Repository(), wanted.path)) continue;
      if (parsed->tag != wanted.tag || parsed->digest != wanted.digest) continue;
      std::string found = reference;
      return Found(FoundImage{std::move(image), std::move(found)});
    }
  }
  return Found();
}

// "name:tag@digest" is "name@digest": the tag may have moved since, the digest is what was meant.
std::string WithoutTagBeforeDigest(const std::string& name) {
  const size_t at = name.find('@');
  if (at == std::string::npos) return name;
  const size_t slash = name.rfind('/', at);
  const size_t colon = name.find(':', slash == std::string::npos ? 0 : slash);
  return colon < at ? name.substr(0, colon) + name.substr(at) : name;
}

Result<Found> ByShortName(state::Database& db, const std::string& name) {
  for (const spec::Reference& candidate : TRY(ShortNameCandidates(name)))
    if (Found found = TRY(ByReference(db, candidate))) return found;
  return Found();
}

}  // namespace

Result<std::vector<spec::Reference>> ShortNameCandidates(const std::string& name) {
  std::vector<spec::Reference> candidates;
  const config::Registries registries = TRY(config::Registries::Load());
  for (config::Registries::Candidate& candidate : TRY(registries.Resolve(name)))
    candidates.push_back(std::move(candidate.reference));
  candidates.push_back(TRY(spec::Reference::ParseWithDomain(name, "docker.io")));
  return candidates;
}

Error ImageNotKnown(const std::string& name) {
  return Error(Code::kNotFound, Printable(name) + ": image not known");
}

Result<std::optional<FoundImage>> FindImage(Engine& engine, const std::string& raw_name) {
  state::Database& db = *TRY(engine.Db());
  constexpr std::string_view kIdPrefix = "sha256:";
  if (StartsWith(raw_name, kIdPrefix)) {
    const std::string id = raw_name.substr(kIdPrefix.size());
    if (!IsFullId(id)) return Found();
    return ById(TRY(db.FindImageById(id)));
  }
  if (IsFullId(raw_name)) return ById(TRY(db.FindImageById(raw_name)));

  const std::string name = WithoutTagBeforeDigest(raw_name);
  if (!spec::IsShortName(name)) return ByReference(db, TRY(spec::Reference::Parse(name)));
  if (Found found = TRY(ByShortName(db, name))) return found;
  if (Found found = ById(TRY(db.FindImageById(name)))) return found;
  return ByEndOfName(db, name);
}

Result<FoundImage> RequireImage(Engine& engine, const std::string& name) {
  Found found = TRY(FindImage(engine, name));
  if (!found) return ImageNotKnown(name);
  return std::move(*found);
}

Result<std::string> WithoutTransport(std::string_view name) {
  constexpr std::string_view kDocker = "docker://";
  if (StartsWith(name, kDocker)) return std::string(name.substr(kDocker.size()));
  constexpr std::array<std::string_view, 6> kOthers = {
      "docker-archive:", "oci-archive:", "oci:", "dir:", "containers-storage:", "docker-daemon:"};
  for (const std::string_view transport : kOthers)
    if (StartsWith(name, transport))
      return Error(Code::kUnsupported, Quote(name) + ": only images of registries can be pulled, not \"" +
                                           std::string(transport) + "\"");
  return std::string(name);
}

Result<AskedPlatform> PlatformFrom(const FetchOptions& fetch) {
  AskedPlatform out{spec::Platform::Host(), false};
  if (!fetch.platform.empty()) {
    if (!fetch.arch.empty() || !fetch.os.empty())
      return Error(Code::kInvalidArgument, "--platform option can not be specified with --arch or --os");
    return AskedPlatform{TRY(spec::Platform::Parse(fetch.platform)), true};
  }
  if (fetch.arch.empty() && fetch.os.empty() && fetch.variant.empty()) return out;
  std::string text = fetch.os.empty() ? out.platform.os : fetch.os;
  text += "/" + (fetch.arch.empty() ? out.platform.architecture : fetch.arch);
  if (!fetch.variant.empty()) text += "/" + fetch.variant;
  return AskedPlatform{TRY(spec::Platform::Parse(text)), true};
}

Result<spec::Platform> PlatformOf(const state::Image& image) {
  return TRY(spec::ImageConfig::Parse(image.config)).platform;
}

std::string PlatformMismatch(const spec::Platform& image, const AskedPlatform& expected) {
  if (image.os.empty() || image.architecture.empty()) return "";  // it does not say
  spec::Platform wanted = expected.platform;
  if (!expected.asked) wanted.variant.clear();  // the host's own: an older variant runs here too
  if (wanted.Accepts(image)) return "";
  return "image platform (" + Printable(image.Print()) +
         ") does not match the expected platform (" + Printable(wanted.Print()) + ")";
}

}  // namespace ctool::engine
