// SPDX-License-Identifier: Apache-2.0
#include "ctool/candidates.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "bridge/catalog.hpp"
#include "config/paths.hpp"
#include "engine/secrets.hpp"
#include "state/store.hpp"
#include "sys/file.hpp"

namespace ctool {
namespace {

using cli::Candidate;
using cli::Complete;

// By what the records say: settling them would write.
void AddContainers(state::Database& db, const std::string& run_root, Complete what, std::vector<Candidate>& into) {
  const auto containers = db.ListContainers(state::Database::ContainerFields::kSummary);
  if (!containers.ok()) return;
  for (const state::Container& c : *containers) {
    const bool runs = c.state == state::ContainerState::kRunning;
    if (what == Complete::kRunningContainers && !runs) continue;
    if (what == Complete::kStoppedContainers && runs) continue;
    if (what == Complete::kPausedContainers && !(runs && sys::Exists(run_root + "/" + c.id + "/paused"))) continue;
    into.push_back({c.name, c.image_name});
  }
}

// Names are typed from their beginning, and few type the registry: both forms are offered.
std::string_view ShortName(std::string_view name) {
  for (const std::string_view prefix : {"localhost/", "docker.io/library/", "docker.io/"})
    if (StartsWith(name, prefix)) return name.substr(prefix.size());
  return name;
}

// An image without a name is offered by its id.
void AddImages(state::Database& db, std::vector<Candidate>& into) {
  const auto images = db.ListImages();
  if (!images.ok()) return;
  for (const state::Image& image : *images) {
    for (const std::string& name : image.names) {
      into.push_back({name});
      if (const std::string_view brief = ShortName(name); brief != name)
        into.push_back({std::string(brief)});
    }
    if (image.names.empty()) into.push_back({image.id.substr(0, 12)});
  }
}

void AddArtifacts(state::Database& db, std::vector<Candidate>& into) {
  const auto artifacts = db.ListArtifacts();
  if (!artifacts.ok()) return;
  for (const state::Artifact& artifact : *artifacts) into.push_back({artifact.name});
}

void AddVolumes(state::Database& db, std::vector<Candidate>& into) {
  const auto volumes = db.ListVolumes();
  if (!volumes.ok()) return;
  for (const state::Volume& volume : *volumes)
    if (!volume.anonymous) into.push_back({volume.name});
}

void AddNetworks(const std::string& graph_root, std::vector<Candidate>& into) {
  const auto networks = bridge::Catalog(graph_root + "/networks").List();
  if (!networks.ok()) return;
  for (const bridge::Definition& network : *networks) into.push_back({network.name});
}

void AddSecrets(const Globals& globals, std::vector<Candidate>& into) {
  engine::Engine engine({globals.root, globals.run_root});
  const auto secrets = engine::ListSecrets(engine, {});
  if (!secrets.ok()) return;
  for (const engine::Secret& secret : *secrets) into.push_back({secret.name});
}

}  // namespace

std::vector<Candidate> Candidates(const Globals& globals, Complete what) {
  std::vector<Candidate> found;
  SetLogLevel(LogLevel::kError);
  const Result<config::Paths> paths = config::FindPaths(globals.root, globals.run_root);
  if (!paths.ok()) return found;
  // storage::Store::Open would make the folders.
  const std::string file = paths->graph_root + "/ctool.db";
  if (!sys::Exists(file)) return found;
  Result<state::Database> db = state::Database::Open(file);
  if (!db.ok()) return found;
  switch (what) {
    case Complete::kContainers:
    case Complete::kRunningContainers:
    case Complete::kStoppedContainers:
    case Complete::kPausedContainers:
    case Complete::kContainerPaths: AddContainers(*db, paths->run_root, what, found); break;
    case Complete::kImages: AddImages(*db, found); break;
    case Complete::kObjects:
      AddContainers(*db, paths->run_root, what, found);
      AddImages(*db, found);
      AddVolumes(*db, found);
      AddArtifacts(*db, found);
      break;
    case Complete::kArtifacts: AddArtifacts(*db, found); break;
    case Complete::kVolumes: AddVolumes(*db, found); break;
    case Complete::kSecrets: AddSecrets(globals, found); break;
    case Complete::kNetworks: AddNetworks(paths->graph_root, found); break;
    default: break;  // there are no pods
  }
  return found;
}

}  // namespace ctool
