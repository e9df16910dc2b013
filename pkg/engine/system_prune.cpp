// SPDX-License-Identifier: Apache-2.0
#include "engine/system_prune.hpp"

#include "base/text.hpp"
#include "engine/build_cache.hpp"
#include "engine/container_size_internal.hpp"
#include "engine/disk_usage.hpp"
#include "engine/image_prune.hpp"
#include "engine/images.hpp"
#include "engine/networks.hpp"
#include "engine/settle_internal.hpp"
#include "engine/volumes.hpp"

namespace ctool::engine {
namespace {

bool IsPassedOver(const Error& error) { return error.code() == Code::kNotFound || error.code() == Code::kBusy; }

// Gone, or started, since it was listed: passed over.
Status PruneContainers(Engine& engine, const SystemPruneOptions& options, SystemPruned& out) {
  ListContainersOptions list;
  list.all = true;
  list.filters = options.filters;
  for (const ContainerRow& row : TRY(ListContainers(engine, list))) {
    if (row.state != "created" && row.state != "exited") continue;
    const Result<ContainerSize> size = SizeOf(engine, row.container);
    const Status removed = RemoveContainer(engine, row.container.id, {});
    if (!removed.ok() && !IsPassedOver(removed.error())) return removed;
    if (!removed.ok()) continue;
    out.containers.push_back(row.container.id);
    if (size.ok()) out.reclaimed += size->written;
  }
  return Ok();
}

Status PruneAllVolumes(Engine& engine, const SystemPruneOptions& options, SystemPruned& out) {
  for (const PrunedVolume& volume : TRY(PruneVolumes(engine, {.all = true, .filters = options.filters}))) {
    out.volumes.push_back(volume.name);
    out.reclaimed += volume.size;
  }
  return Ok();
}

}  // namespace

Status SweepLeftovers(Engine& engine) {
  TRY(SweepContainers(engine));
  GiveSpaceBack(engine);
  return Ok();
}

Result<SystemPruned> PruneSystem(Engine& engine, const SystemPruneOptions& options) {
  for (const std::string& filter : options.filters) {
    const std::string key = filter.substr(0, filter.find('='));
    if (filter.find('=') == std::string::npos || (key != "label" && key != "label!" && key != "until"))
      return Error(Code::kInvalidArgument, Printable(key) + " is an invalid filter");
  }
  SystemPruned out;
  TRY(PruneContainers(engine, options, out));
  out.networks = TRY(PruneNetworks(engine, options.filters));
  if (options.volumes) TRY(PruneAllVolumes(engine, options, out));
  const int64_t before = TRY(MeasureImages(engine));
  out.images = TRY(PruneImages(engine, {.all = options.all, .filters = options.filters}));
  out.reclaimed += before - TRY(MeasureImages(engine));
  // A filter names what has labels and a time of its own.
  if (options.filters.empty()) out.reclaimed += TRY(PruneBuildCache(engine, {.all = options.all || options.build, .mounts = options.all || options.build}));
  TRY(SweepContainers(engine));
  TRY(engine.Db())->Tidy();
  return out;
}

}  // namespace ctool::engine
