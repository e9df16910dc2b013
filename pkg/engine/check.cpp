// SPDX-License-Identifier: Apache-2.0
//
// Runs only in the program ctool-images: what is compressed is read.
#include "engine/check.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/artifact.hpp"
#include "engine/check_internal.hpp"
#include "engine/containers.hpp"
#include "engine/image_lookup_internal.hpp"
#include "engine/unused.hpp"
#include "engine/images.hpp"
#include "engine/in_store.hpp"
#include "engine/settle_internal.hpp"
#include "spec/reference.hpp"

namespace ctool::engine {
namespace {

using Json = nlohmann::json;

std::string Encode(const CheckReport& report) {
  Json damage = Json::array();
  for (const Damage& d : report.damage) damage.push_back({static_cast<int>(d.kind), d.id, d.problems});
  return Json{{"damage", damage}, {"mended", report.mended}, {"not", report.not_mended}}.dump(-1, ' ', false,
                                                                                          Json::error_handler_t::replace);
}

Result<CheckReport> Decode(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return Error(Code::kInternal, "the process that checks the store has said nothing of use");
  CheckReport report;
  for (const Json& d : json["damage"])
    report.damage.push_back({static_cast<Damage::Kind>(d[0].get<int>()), d[1].get<std::string>(), d[2].get<std::vector<std::string>>()});
  report.mended = json["mended"].get<std::vector<std::string>>();
  report.not_mended = json["not"].get<std::vector<std::string>>();
  return report;
}

// What killed commands have left is no damage, and goes while nobody adds to the store.
void Sweep(const storage::Store& store, state::Database& db) {
  const Result<bool> discarded = DiscardUnused(store, db);
  if (!discarded.ok()) Warn("what nothing refers to stays for now: " + discarded.error().Message());
}

Result<std::string> CheckInside(const GlobalOptions& where, const userns::IdMap& map, const CheckOptions& options, Interrupt& interrupt) {
  Engine engine(where);
  const storage::Store& store = *TRY(engine.Store());
  state::Database& db = *TRY(engine.Db());
  CheckReport report;
  Sweep(store, db);
  {
    const sys::FileLock reading = TRY(store.LockContent(sys::FileLock::Mode::kShared));
    const CheckWork work{store, db, map, options, interrupt};
    const DamageMap damage = TRY(FindDamage(work));
    if (options.repair && !damage.empty()) TRY(MendHere(work, damage, report));
    for (const auto& [what, problems] : damage) report.damage.push_back({what.first, what.second, problems});
  }
  Sweep(store, db);  // what was removed meanwhile
  return Encode(report);
}

// Name and digest under which a registry has the image.
std::vector<std::string> SourcesOf(const state::Image& image) {
  std::vector<std::string> sources;
  for (const std::string& digest : image.digests)
    if (!StartsWith(digest, "localhost/") && EndsWith(digest, image.manifest_digest)) sources.push_back(digest);
  return sources;
}

// A pull by digest, made to look at everything again: damaged parts are out of its way, and no layer of the image counts as known.
Status Refetch(Engine& engine, const state::Image& image, const CheckReport& report) {
  const std::vector<std::string> sources = SourcesOf(image);
  if (sources.empty()) return Error(Code::kNotFound, "it came from no registry");
  const config::Paths& paths = *TRY(engine.Paths());
  const GlobalOptions where{paths.graph_root, paths.run_root};
  std::vector<state::Layer> rows;
  {
    Engine own(where);
    const storage::Store& store = *TRY(own.Store());
    state::Database& db = *TRY(own.Db());
    const sys::FileLock adding = TRY(store.LockContent(sys::FileLock::Mode::kShared));
    for (const Damage& d : report.damage) {
      if (d.kind != Damage::Kind::kBlob && d.kind != Damage::Kind::kLayer) continue;
      const spec::Digest digest = TRY(spec::Digest::Parse(d.id));
      TRY(store.Discard(d.kind == Damage::Kind::kBlob ? store.BlobPath(digest) : store.LayerPath(digest)));
    }
    for (const state::ImageLayer& layer : image.layers) {
      const std::optional<state::Layer> row = TRY(db.FindLayer(layer.diff_id));
      if (row) rows.push_back(*row);
      TRY(db.RemoveLayer(layer.diff_id));
    }
  }
  FetchOptions fetch;
  fetch.quiet = true;
  const Result<spec::Platform> platform = PlatformOf(image);
  if (platform.ok()) fetch.platform = platform->Print();
  const Result<std::string> pulled = Pull(engine, sources.front(), "always", fetch);
  Engine own(where);
  state::Database& db = *TRY(own.Db());
  if (pulled.ok() && std::find(image.names.begin(), image.names.end(), sources.front()) == image.names.end())
    return db.RemoveName(sources.front());
  if (pulled.ok()) return Ok();
  for (const state::Layer& row : rows) TRY(db.PutLayer(row));
  return pulled.error();
}

// The same for an artifact.
Status MendArtifact(const config::Paths& paths, const std::string& name, const CheckReport& report, CheckReport& out) {
  Engine own({paths.graph_root, paths.run_root});
  const std::optional<state::Artifact> artifact = TRY(TRY(own.Db())->FindArtifact(name));
  if (!artifact) return Ok();
  const storage::Store& store = *TRY(own.Store());
  for (const Damage& d : report.damage)
    for (const auto& [blob, size] : artifact->blobs)
      if (d.kind == Damage::Kind::kBlob && d.id == blob) TRY(store.Discard(store.BlobPath(TRY(spec::Digest::Parse(blob)))));
  const Status fetched = RefetchArtifact(own, *artifact);
  if (fetched.ok()) out.mended.push_back("artifact " + name);
  else out.not_mended.push_back("artifact " + name + ": " + fetched.error().Message());
  return Ok();
}

}  // namespace

Result<CheckReport> CheckStore(Engine& engine, const CheckOptions& options) {
  const config::Paths& paths = *TRY(engine.Paths());
  const GlobalOptions where{paths.graph_root, paths.run_root};
  {
    Engine own(where);
    TRY(SweepContainers(own));
  }
  const userns::IdMap map = TRY(userns::DefaultMap());
  return Decode(TRY(RunInStore(map, where, [&](Interrupt& interrupt) { return CheckInside(where, map, options, interrupt); })));
}

Result<CheckReport> MendFromRegistry(Engine& engine, const CheckReport& report) {
  const config::Paths& paths = *TRY(engine.Paths());
  CheckReport out;
  for (const Damage& d : report.damage) {
    if (d.kind == Damage::Kind::kArtifact) TRY(MendArtifact(paths, d.id, report, out));
    if (d.kind != Damage::Kind::kImage) continue;
    std::optional<state::Image> image;
    {
      Engine own({paths.graph_root, paths.run_root});
      image = TRY(TRY(own.Db())->FindImageById(d.id));
    }
    if (!image) continue;
    const Status fetched = Refetch(engine, *image, report);
    if (fetched.ok()) out.mended.push_back("image " + d.id);
    else out.not_mended.push_back("image " + d.id + ": " + fetched.error().Message());
  }
  return out;
}

// With connections of its own: the next check forks.
Result<RemovedDamage> RemoveDamaged(Engine& caller, const CheckReport& report) {
  const config::Paths& paths = *TRY(caller.Paths());
  Engine engine({paths.graph_root, paths.run_root});
  RemovedDamage out;
  for (const Damage& d : report.damage) {
    if (d.kind == Damage::Kind::kContainer) {
      RemoveContainerOptions force;
      force.force = true;
      TRY(RemoveContainer(engine, d.id, force));
      out.containers.push_back(d.id);
    }
    if (d.kind == Damage::Kind::kArtifact) {
      TRY(TRY(engine.Db())->RemoveArtifact(d.id));
      out.artifacts.push_back(d.id);
    }
    if (d.kind != Damage::Kind::kImage) continue;
    for (const std::string& id : TRY(TRY(engine.Db())->ContainersUsingImage(d.id))) out.containers.push_back(id);
    RemoveImagesOptions force;
    force.force = force.all = force.keep_files = true;
    TRY(RemoveImage(engine, d.id, force));
    out.images.push_back(d.id);
  }
  if (!out.images.empty() || !out.artifacts.empty()) GiveSpaceBack(engine);
  return out;
}

}  // namespace ctool::engine
