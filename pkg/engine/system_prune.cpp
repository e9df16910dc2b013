// SPDX-License-Identifier: Apache-2.0
#include "engine/system_prune.hpp"

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "engine/container_size_internal.hpp"
#include "engine/disk_usage.hpp"
#include "engine/filter_time.hpp"
#include "engine/image_prune.hpp"
#include "engine/images.hpp"
#include "engine/label_filter_internal.hpp"
#include "engine/networks.hpp"
#include "engine/settle_internal.hpp"
#include "engine/tell.hpp"

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

std::map<std::string, std::string> LabelsOf(const state::Volume& volume) {
  std::map<std::string, std::string> labels;
  const nlohmann::json json = nlohmann::json::parse(volume.labels, nullptr, false);
  if (!json.is_object()) return labels;
  for (const auto& [key, value] : json.items())
    if (value.is_string()) labels[key] = value.get<std::string>();
  return labels;
}

Result<bool> IsWanted(const state::Volume& volume, const std::vector<std::string>& filters) {
  for (const std::string& filter : filters) {
    const std::string value = filter.substr(filter.find('=') + 1);
    if (StartsWith(filter, "until=") && volume.created >= TRY(ParseFilterTime(value))) return false;
    if (StartsWith(filter, "label=") && !MatchesLabel(LabelsOf(volume), value)) return false;
    if (StartsWith(filter, "label!=") && MatchesLabel(LabelsOf(volume), value)) return false;
  }
  return true;
}

// The record first: a folder without one is rubbish, a record without one would be broken.
Status PruneVolumes(Engine& engine, const SystemPruneOptions& options, SystemPruned& out) {
  state::Database& db = *TRY(engine.Db());
  const storage::Store& store = *TRY(engine.Store());
  for (const state::Volume& volume : TRY(db.ListVolumes())) {
    if (!TRY(db.VolumeUsers(volume.name)).empty() || !TRY(IsWanted(volume, options.filters))) continue;
    const std::string data = store.VolumePath(volume.name);
    const Result<std::vector<int64_t>> size = TreeSizes({data});
    const Status removed = db.RemoveVolume(volume.name);
    if (!removed.ok() && !IsPassedOver(removed.error())) return removed;
    if (!removed.ok()) continue;
    TRY(store.Discard(data.substr(0, data.rfind('/'))));
    TellVolume(engine, "remove", volume.name);
    out.volumes.push_back(volume.name);
    if (size.ok()) out.reclaimed += size->front();
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
  if (options.volumes) TRY(PruneVolumes(engine, options, out));
  const int64_t before = TRY(MeasureImages(engine));
  out.images = TRY(PruneImages(engine, {.all = options.all, .filters = options.filters}));
  out.reclaimed += before - TRY(MeasureImages(engine));
  TRY(SweepContainers(engine));
  TRY(engine.Db())->Tidy();
  return out;
}

}  // namespace ctool::engine
