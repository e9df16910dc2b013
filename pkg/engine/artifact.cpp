// SPDX-License-Identifier: Apache-2.0
#include "engine/artifact.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "engine/artifact_internal.hpp"
#include "engine/image_lookup_internal.hpp"
#include "spec/artifact.hpp"
#include "spec/reference.hpp"

namespace ctool::engine {
namespace {

using Found = std::optional<state::Artifact>;

Error DoesNotExist(const std::string& name) { return Error(Code::kNotFound, Printable(name) + ": artifact does not exist"); }

Result<Found> ByName(state::Database& db, const std::string& name) {
  if (!spec::IsShortName(name)) {
    const Result<spec::Reference> reference = spec::Reference::Parse(name);
    return reference.ok() ? db.FindArtifact(reference->Name()) : Result<Found>(Found());
  }
  Result<std::vector<spec::Reference>> candidates = ShortNameCandidates(name);
  if (!candidates.ok() && candidates.error().code() == Code::kInvalidArgument) return Found();  // no name at all
  for (const spec::Reference& candidate : TRY(std::move(candidates)))
    if (Found found = TRY(db.FindArtifact(candidate.Name()))) return found;
  return Found();
}

// "sha256:" and all of it, or how the hex characters begin.
Result<Found> ByDigest(state::Database& db, const std::string& text) {
  constexpr std::string_view kAlgorithm = "sha256:";
  const std::string prefix = StartsWith(text, kAlgorithm) ? text : std::string(kAlgorithm) + text;
  Found found;
  if (prefix.size() <= kAlgorithm.size()) return found;
  for (state::Artifact& artifact : TRY(db.ListArtifacts())) {
    if (!StartsWith(artifact.digest, prefix) || (found && found->digest == artifact.digest)) continue;
    if (found)
      return Error(Code::kInvalidArgument, "more than one artifact has a digest that begins with " + Quote(text))
          .Hint("use more characters of the digest");
    found = std::move(artifact);
  }
  return found;
}

}  // namespace

Result<state::Artifact> RequireArtifact(Engine& engine, const std::string& name) {
  if (name.empty()) return Error(Code::kInvalidArgument, "artifact name cannot be empty");
  state::Database& db = *TRY(engine.Db());
  if (Found found = TRY(ByName(db, name))) return std::move(*found);
  if (Found found = TRY(ByDigest(db, name))) return std::move(*found);
  return DoesNotExist(name);
}

Result<std::vector<state::Artifact>> ListArtifacts(Engine& engine) { return TRY(engine.Db())->ListArtifacts(); }

Result<state::Artifact> ArtifactRow(const std::string& name, std::string manifest) {
  const spec::Manifest parsed = TRY(spec::Manifest::Parse(manifest));
  state::Artifact row;
  row.name = name;
  row.digest = digest::Sha256(manifest).str();
  const auto created = parsed.annotations.find(spec::kCreated);
  if (created != parsed.annotations.end()) row.created = ParseRfc3339(created->second).value_or(0);
  std::map<std::string, int64_t> blobs = {{parsed.config.digest.str(), parsed.config.size}};
  for (const spec::Descriptor& file : parsed.layers) {
    if (__builtin_add_overflow(row.size, file.size, &row.size))
      return Error(Code::kCorrupt, "the files of the artifact have more bytes than there can be");
    const auto [place, added] = blobs.emplace(file.digest.str(), file.size);
    if (!added && place->second != file.size)
      return Error(Code::kCorrupt, "blob " + place->first + " has two sizes in the manifest");
  }
  row.blobs.assign(blobs.begin(), blobs.end());
  row.manifest = std::move(manifest);
  return row;
}

std::string TitleOf(const spec::Descriptor& file) {
  const auto title = file.annotations.find(spec::kTitle);
  return title == file.annotations.end() ? "" : title->second;
}

Result<std::string> InspectArtifact(const state::Artifact& artifact) {
  using Json = nlohmann::ordered_json;
  Json out;
  out["Manifest"] = Json::parse(artifact.manifest, nullptr, false);
  out["Name"] = artifact.name;
  out["Digest"] = artifact.digest;
  if (out["Manifest"].is_discarded()) return Error(Code::kCorrupt, "the record of " + artifact.name + " is damaged");
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Status ForgetArtifact(Engine& engine, const state::Artifact& artifact) {
  return TRY(engine.Db())->RemoveArtifact(artifact.name);
}

}  // namespace ctool::engine
