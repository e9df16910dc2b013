// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

struct sqlite3;

namespace ctool::state {

// --- rows ------------------------------------------------------------------------------------

struct Layer {
  std::string diff_id;  // "sha256:..."
  int64_t size = 0;     // bytes of regular files, unpacked
  bool durable = false;  // its files survived a syncfs
  std::string boot_id;   // boot in which it was unpacked
};

struct ImageLayer {
  std::string diff_id;
  std::string blob;  // digest as received; empty when the blob was not kept
  std::string media_type;
  int64_t blob_size = 0;
};

struct Image {
  std::string id;               // 64 hex: sha256 of the config
  std::string manifest_digest;  // "sha256:..." of the platform manifest as received
  std::string manifest_type;
  std::string config;           // the image config, bytes as received
  int64_t created = 0;          // wall ns, from the config; 0 unknown
  int64_t pulled = 0;           // wall ns of the last pull, load or import
  int64_t size = 0;             // sum of layer sizes
  std::vector<ImageLayer> layers;  // bottom first
  std::vector<std::string> names;   // "docker.io/library/alpine:latest", newest name last
  std::vector<std::string> digests;  // repo digests "docker.io/library/alpine@sha256:..."
  // Names of directory-fixup layers go on top of `layers` in an overlay; see storage/DESIGN.md.
  std::string fixup_layer;
};

enum class ContainerState { kCreated, kRunning, kExited, kRemoving };

struct Container {
  std::string id, name;
  std::string image_id, image_name;
  std::string command;    // for ps: argv joined by blanks
  std::string labels;     // JSON object
  std::string spec;       // engine::ContainerSpec as JSON: what was asked for, whole
  int64_t created = 0;    // wall ns
  ContainerState state = ContainerState::kCreated;
  int64_t started = 0, finished = 0;  // wall ns; 0: never
  int exit_code = 0;
  bool auto_remove = false;
  std::string ports;       // for ps: "0.0.0.0:8080->80/tcp"
  std::string network_mode;
  int64_t restart_count = 0;
  std::string error;       // why the last start failed
};

struct Volume {
  std::string name, driver;
  std::string labels, options;  // JSON objects
  int64_t created = 0;
  bool anonymous = false;
  bool needs_copy_up = true;
};

// --- the database ----------------------------------------------------------------------------

// One connection to ctool.db. Not thread safe: one per thread. Every call that writes outside
// Transaction is a transaction of its own. kBusy "store busy" after 100 s of waiting.
class Database {
 public:
  // Creates the schema on first use (parallel first runs are safe). `read_only` for a store on a
  // read-only file system. kUnsupported "store is from a newer version" for a later schema.
  static Result<Database> Open(const std::string& path);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // BEGIN IMMEDIATE; `work`; COMMIT, or ROLLBACK when it returns an error. Not nested.
  // kDurable: on disk when it returns. kOrdered: survives our crash, and after a power cut the
  // database is consistent but may be older (for what nobody needs after a reboot).
  enum class Commit { kDurable, kOrdered };
  Status Transaction(Commit commit, const std::function<Status()>& work);
  // The same in two halves, so that the caller can do other work while the commit reaches the
  // disk: Begin, statements, then Finish (or Rollback).
  Status Begin(Commit commit);
  Status Finish();
  void Rollback();

  // images. Names are whole references. Setting a name that another image has moves it.
  Status PutImage(const Image& image);  // insert or update; layers replaced; names added
  Status SetName(const std::string& name, const std::string& image_id);
  Status RemoveName(const std::string& name);
  Status RemoveImage(const std::string& id);
  Result<std::optional<Image>> FindImageByName(const std::string& name);
  // `prefix`: 2..64 hex characters; ambiguous prefixes are kInvalidArgument.
  Result<std::optional<Image>> FindImageById(const std::string& prefix);
  Result<std::optional<Image>> FindImageByDigest(const std::string& repository,
                                                 const std::string& digest);
  Result<std::vector<Image>> ListImages();
  Result<std::vector<std::string>> ContainersUsingImage(const std::string& image_id);

  // layers
  Status PutLayer(const Layer& layer);
  Status SetLayersDurable(const std::vector<std::string>& diff_ids);
  Result<std::optional<Layer>> FindLayer(const std::string& diff_id);
  Result<std::vector<std::string>> UnreferencedLayers();
  Result<std::vector<std::string>> ReferencedBlobs();
  Status RemoveLayer(const std::string& diff_id);

  // containers. PutContainer inserts; a taken name is kAlreadyExists with the holder's id as
  // object: the engine makes podman's sentence of it.
  Status PutContainer(const Container& container);
  Status UpdateContainer(const Container& container);  // everything but id
  Status RemoveContainer(const std::string& id);
  Result<std::optional<Container>> FindContainer(const std::string& name_or_id_prefix);
  Result<std::optional<Container>> FindContainerByName(const std::string& name);
  Result<std::vector<Container>> ListContainers(bool with_spec);  // newest first
  Result<std::optional<Container>> LatestContainer();

  // exit codes outlive `--rm` for `wait` (kept five minutes at least)
  Status PutExitCode(const std::string& container_id, int code);
  Result<std::optional<int>> FindExitCode(const std::string& container_id);

  // volumes
  Status PutVolume(const Volume& volume);
  Status UpdateVolume(const Volume& volume);
  Result<std::optional<Volume>> FindVolume(const std::string& name);
  Result<std::vector<Volume>> ListVolumes();
  Status RemoveVolume(const std::string& name);
  Status UseVolume(const std::string& name, const std::string& container_id);
  Result<std::vector<std::string>> VolumeUsers(const std::string& name);
  Result<std::vector<std::string>> VolumesOf(const std::string& container_id);

 private:
  struct Statements;
  Database(sqlite3* db, std::unique_ptr<Statements> statements);
  sqlite3* db_ = nullptr;
  std::unique_ptr<Statements> statements_;
};

}  // namespace ctool::state
