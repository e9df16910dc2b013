// SPDX-License-Identifier: Apache-2.0
#include "ctool/candidates.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "bridge/catalog.hpp"
#include "config/auth.hpp"
#include "config/paths.hpp"
#include "config/registries.hpp"
#include "engine/secrets.hpp"
#include "state/store.hpp"
#include "sys/file.hpp"

namespace ctool {
namespace {

using cli::Candidate;
using cli::Complete;

constexpr size_t kShortId = 12;
constexpr size_t kMaxTable = 1 << 20;  // of a table of the host: users, time zones

// By what the records say: settling them would write. After a reboot the folder of who ran is gone.
std::string_view StateOf(const state::Container& c, const std::string& run_root) {
  if (c.state == state::ContainerState::kCreated) return "created";
  if (c.state != state::ContainerState::kRunning) return "exited";
  const std::string folder = run_root + "/" + c.id;
  if (!sys::Exists(folder)) return "exited";
  return sys::Exists(folder + "/paused") ? "paused" : "running";
}

bool Fits(Complete what, std::string_view state) {
  switch (what) {
    case Complete::kRunningContainers: return state == "running" || state == "paused";
    case Complete::kActiveContainers: return state == "running";
    case Complete::kPausedContainers: return state == "paused";
    case Complete::kStoppedContainers: return state == "created" || state == "exited";
    default: return true;
  }
}

void AddContainers(state::Database& db, const std::string& run_root, Complete what, std::vector<Candidate>& into) {
  const auto containers = db.ListContainers(state::Database::ContainerFields::kSummary);
  if (!containers.ok()) return;
  for (const state::Container& c : *containers) {
    const std::string_view state = StateOf(c, run_root);
    if (!Fits(what, state)) continue;
    into.push_back({c.name, fmt::format("{}, {}", c.image_name, state)});
    into.push_back({c.id.substr(0, kShortId), fmt::format("{}, {}", c.name, state), true});
  }
}

// Names are typed from their beginning, and few type the registry: both forms are offered.
std::string_view ShortName(std::string_view name) {
  for (const std::string_view prefix : {"localhost/", "docker.io/library/", "docker.io/"})
    if (StartsWith(name, prefix)) return name.substr(prefix.size());
  return name;
}

// An image without a name is offered by its id alone.
void AddImages(state::Database& db, std::vector<Candidate>& into) {
  const auto images = db.ListImages();
  if (!images.ok()) return;
  for (const state::Image& image : *images) {
    const std::string id = image.id.substr(0, kShortId);
    for (const std::string& name : image.names) {
      into.push_back({name, id});
      if (const std::string_view brief = ShortName(name); brief != name)
        into.push_back({std::string(brief), id});
    }
    into.push_back({id, image.names.empty() ? "without a name" : image.names[0], !image.names.empty()});
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
    into.push_back({volume.name, volume.anonymous ? "anonymous" : volume.driver, volume.anonymous});
}

void AddNetworks(const std::string& graph_root, std::vector<Candidate>& into) {
  const auto networks = bridge::Catalog(graph_root + "/networks").List();
  if (!networks.ok()) return;
  for (const bridge::Definition& network : *networks) into.push_back({network.name, network.driver});
}

void AddSecrets(const Globals& globals, std::vector<Candidate>& into) {
  engine::Engine engine({globals.root, globals.run_root});
  const auto secrets = engine::ListSecrets(engine, {});
  if (!secrets.ok()) return;
  for (const engine::Secret& secret : *secrets) into.push_back({secret.name, secret.driver});
}

// Those that somebody has logged in to, and those of registries.conf.
void AddRegistries(Complete what, std::vector<Candidate>& into) {
  const std::string_view end = what == Complete::kRemoteImages ? "/" : "";
  for (const std::string& key : config::CredentialKeys()) into.push_back({fmt::format("{}{}", key, end), "logged in"});
  const Result<config::Registries> registries = config::Registries::Load();
  if (!registries.ok()) return;
  for (const std::string& host : registries->search()) {
    const auto is_there = [&](const Candidate& c) { return c.text == fmt::format("{}{}", host, end); };
    if (std::none_of(into.begin(), into.end(), is_there)) into.push_back({fmt::format("{}{}", host, end), "registries.conf"});
  }
}

// The first fields of /etc/passwd: not the name service, which may ask the network.
void AddUsers(std::vector<Candidate>& into) {
  const Result<std::string> passwd = sys::ReadFile("/etc/passwd", kMaxTable);
  if (!passwd.ok()) return;
  for (const std::string& line : Split(*passwd, '\n')) {
    const std::vector<std::string> fields = Split(line, ':');
    if (fields.size() >= 3) into.push_back({fields[0], fields[2]});
  }
}

// tzdata's table: country, place, zone.
void AddTimeZones(std::vector<Candidate>& into) {
  const Result<std::string> table = sys::ReadFile("/usr/share/zoneinfo/zone1970.tab", kMaxTable);
  into.push_back({"UTC"});
  if (!table.ok()) return;
  for (const std::string& line : Split(*table, '\n')) {
    const std::vector<std::string> fields = Split(line, '\t');
    if (fields.size() >= 3 && !StartsWith(line, "#")) into.push_back({fields[2]});
  }
}

// Names only: a value may be a password.
void AddEnvironment(std::vector<Candidate>& into) {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (const size_t equals = text.find('='); equals != text.npos && equals > 0) into.push_back({std::string(text.substr(0, equals))});
  }
}

// What is known without a store.
void AddOfTheHost(Complete what, std::vector<Candidate>& into) {
  switch (what) {
    case Complete::kRegistries:
    case Complete::kRemoteImages: return AddRegistries(what, into);
    case Complete::kUsers: return AddUsers(into);
    case Complete::kTimeZones: return AddTimeZones(into);
    case Complete::kEnvironment: return AddEnvironment(into);
    default: return;
  }
}

void AddOfTheStore(const Globals& globals, const config::Paths& paths, Complete what, std::vector<Candidate>& into) {
  // storage::Store::Open would make the folders.
  const std::string file = paths.graph_root + "/ctool.db";
  if (!sys::Exists(file)) return;
  Result<state::Database> db = state::Database::Open(file);
  if (!db.ok()) return;
  switch (what) {
    case Complete::kContainers:
    case Complete::kRunningContainers:
    case Complete::kActiveContainers:
    case Complete::kStoppedContainers:
    case Complete::kPausedContainers:
    case Complete::kContainerPaths: return AddContainers(*db, paths.run_root, what, into);
    case Complete::kImages:
    case Complete::kRemoteImages: return AddImages(*db, into);
    case Complete::kObjects:
      AddContainers(*db, paths.run_root, what, into);
      AddImages(*db, into);
      AddVolumes(*db, into);
      AddNetworks(paths.graph_root, into);
      return AddArtifacts(*db, into);
    case Complete::kArtifacts: return AddArtifacts(*db, into);
    case Complete::kVolumes:
    case Complete::kVolumeSources: return AddVolumes(*db, into);
    case Complete::kSecrets: return AddSecrets(globals, into);
    case Complete::kNetworks: return AddNetworks(paths.graph_root, into);
    default: return;  // there are no pods
  }
}

}  // namespace

std::vector<Candidate> Candidates(const Globals& globals, Complete what) {
  std::vector<Candidate> found;
  SetLogLevel(LogLevel::kError);
  AddOfTheHost(what, found);
  const Result<config::Paths> paths = config::FindPaths(globals.root, globals.run_root);
  if (paths.ok()) AddOfTheStore(globals, *paths, what, found);
  return found;
}

}  // namespace ctool
