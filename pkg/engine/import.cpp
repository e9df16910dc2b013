// SPDX-License-Identifier: Apache-2.0
//
// A root file system's tar becomes an image of one layer. Runs only in the program ctool-images.
#include <unistd.h>

#include <cstdlib>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "engine/unused.hpp"
#include "engine/images.hpp"
#include "engine/import_internal.hpp"
#include "engine/put_manifest.hpp"
#include "engine/commit_image.hpp"
#include "engine/tell.hpp"
#include "spec/reference.hpp"

namespace ctool::engine {
namespace {

Result<std::string> WholeName(const std::string& reference) {
  if (reference.empty()) return std::string();
  const spec::Reference parsed = TRY(spec::Reference::ParseWithDomain(reference, "localhost"));
  if (!parsed.digest.empty())
    return Error(Code::kInvalidArgument, Quote(reference) + ": a digest can't be chosen");
  return parsed.Name();
}

// Reproducible builds set the time (reproducible-builds.org/specs/source-date-epoch).
Result<int64_t> CreationTime() {
  const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
  if (epoch == nullptr || *epoch == '\0') return WallNanos();
  const std::optional<uint64_t> seconds = ParseUint(epoch);
  if (!seconds || *seconds > 253402300799)  // the year 9999
    return Error(Code::kInvalidArgument, "SOURCE_DATE_EPOCH is no time: " + Quote(epoch));
  return static_cast<int64_t>(*seconds) * 1'000'000'000;
}

Result<Input> OpenSource(const std::string& source) {
  if (source == "-" && ::isatty(STDIN_FILENO) == 1)
    return Error(Code::kInvalidArgument, "a tar archive is not read from a terminal")
        .Hint("redirect the standard input, or name a file");
  return FindInput(source);
}

Result<ImportPlan> PlanImport(Engine& engine, const ImportOptions& options) {
  ImportPlan plan;
  plan.name = TRY(WholeName(options.reference));
  for (const std::string& change : options.changes) TRY(ApplyChange(change, plan.config.config));
  plan.config.platform = spec::Platform::Host();
  if (!options.os.empty()) plan.config.platform.os = options.os;
  if (!options.arch.empty()) {
    plan.config.platform.architecture = options.arch;
    plan.config.platform.variant.clear();
  }
  if (!options.variant.empty()) plan.config.platform.variant = options.variant;
  plan.config.platform = TRY(spec::Platform::Parse(plan.config.platform.Print()));
  plan.config.created = Rfc3339Utc(TRY(CreationTime()));
  plan.comment = options.message.empty() ? "imported from tarball" : options.message;
  plan.input = TRY(OpenSource(options.source));
  const config::Paths& paths = *TRY(engine.Paths());
  plan.store = GlobalOptions{paths.graph_root, paths.run_root};
  plan.map = TRY(userns::DefaultMap());
  return plan;
}

Result<state::Image> MakeImage(const ImportPlan& plan, const storage::Store& store,
                               const ImportedLayer& imported) {
  spec::ImageConfig config = plan.config;
  config.diff_ids = {imported.layer.diff_id};
  spec::HistoryEntry entry;
  entry.created = config.created;
  entry.created_by =
      "/bin/sh -c #(nop) ADD file:" + std::string(imported.layer.diff_id.hex()) + " in / ";
  entry.comment = plan.comment;
  config.history = {entry};
  state::Image image;
  image.config = config.Print();
  TRY(PutManifest(store, spec::kOciManifest, {imported.blob}, config.created, plan.name, image));
  image.size = imported.layer.size;
  image.layers = {{imported.layer.diff_id.str(), imported.blob.digest.str(),
                   imported.blob.media_type, imported.blob.size}};
  return image;
}

Result<std::string> AddToStore(const ImportPlan& plan, const storage::Store& store,
                               state::Database& db, Interrupt& interrupt) {
  const sys::FileLock adding = TRY(store.LockContent(sys::FileLock::Mode::kShared));
  const ImportedLayer imported =
      TRY_CTX("import " + plan.input.what, ImportLayer(plan, store, interrupt));
  const state::Image image = TRY(MakeImage(plan, store, imported));
  const state::Layer layer = TRY(DurableLayer(imported.layer.diff_id, imported.layer.size));
  return CommitImage(store, db, image, {layer});
}

Result<std::string> ImportInside(const ImportPlan& plan, Interrupt& interrupt) {
  Engine engine(plan.store);
  const storage::Store& store = *TRY(engine.Store());
  state::Database& db = *TRY(engine.Db());
  TRY(DiscardUnused(store, db));
  Result<std::string> id = AddToStore(plan, store, db, interrupt);
  if (id.ok()) return id;
  const Result<bool> discarded = DiscardUnused(store, db);
  if (!discarded.ok()) Debug(discarded.error().Message());
  return id;
}

}  // namespace

Result<std::string> Import(Engine& engine, const ImportOptions& options) {
  const ImportPlan plan = TRY(PlanImport(engine, options));
  Result<std::string> id = RunInStore(plan.map, plan.store, [&plan](Interrupt& interrupt) {
    return ImportInside(plan, interrupt);
  });
  if (id.ok()) TellImage(engine, "import", *id, options.source);
  return id;
}

}  // namespace ctool::engine
