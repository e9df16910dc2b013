// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace ctool::state {

class Connection;

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

// A blob in another compression. `kind` says which, with all that decides about the bytes: "gzip:6".
struct BlobVariant {
  std::string blob, kind;
  std::string digest;
  int64_t size = 0;
};

// Files with a manifest, under a name. The manifest is in the row alone, its blobs are the store's.
struct Artifact {
  std::string name;      // "quay.io/team/model:1"
  std::string digest;    // "sha256:..." of the manifest
  std::string manifest;  // bytes as received
  int64_t created = 0;   // wall ns
  int64_t size = 0;      // of its files
  std::vector<std::pair<std::string, int64_t>> blobs;  // digest and size of all that the manifest names, each once
};

// What a step of a build has made.
struct BuildRecord {
  std::string key;      // of all that it depends on
  std::string diff_id;  // "sha256:..."; empty: it made no layer
  std::string blob;     // its archive
  int64_t blob_size = 0, size = 0;  // size: bytes of regular files
  std::string image;        // id, of a record for a whole image
  std::string same_as;      // another key, whose record is meant
  std::string description;  // the instruction, for people
  int64_t created = 0, used = 0;  // wall ns
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

// One connection to ctool.db. Not thread safe: one per thread, and none across a fork (the child
// opens its own). Every call that writes outside Transaction is a durable transaction of its own.
// Errors of every call: kBusy "store busy" after 100 s of waiting, kPermission "store is
// read-only", kIo with errno (ENOSPC, EIO), kCorrupt for a damaged database.
//
// Removing something, and saying that a container has ended, works on a full disk: the database keeps a reserve file of which
// pieces are given up for it.
class Database {
 public:
  // Makes the database on first use (parallel first runs are safe). A store on a read-only file
  // system or without write permission opens for reading. kUnsupported "store is from a newer
  // version" for a later schema.
  static Result<Database> Open(const std::string& path);
  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();  // rolls back what was not finished

  // BEGIN IMMEDIATE; `work`; COMMIT, or ROLLBACK when it returns an error. Not nested. `work` may
  // run several times: a transaction that removes something and finds the disk full is tried again.
  // kDurable: on disk when it returns. kOrdered: survives our crash, and after a power cut the
  // database is consistent but may be older (for what nobody needs after a reboot).
  enum class Commit { kDurable, kOrdered };
  Status Transaction(Commit commit, const std::function<Status()>& work);
  // The same in two halves, so that the caller can do other work while the commit reaches the
  // disk: Begin, statements, then Finish (or Rollback). A Finish that fails has rolled back.
  Status Begin(Commit commit);
  Status Finish();
  void Rollback();

  // Brings what kOrdered transactions committed to the disk. Best effort.
  void Sync();

  // Shortens the log that commits append to, a matter of two fsyncs, if it is untidy: longer than each opener likes
  // to read. To be called when nobody waits for this process (a container's cleanup). Best effort.
  bool IsUntidy() const;
  void Tidy();

  // What is wrong with the file, one line each (integrity_check, foreign_key_check).
  Result<std::vector<std::string>> Check();

  // images. Names are whole references. Setting a name that another image has moves it.
  // PutImage inserts or updates: layers are replaced, names and digests added.
  Status PutImage(const Image& image);
  Status SetName(const std::string& name, const std::string& image_id);  // kNotFound: no such image
  Status RemoveName(const std::string& name);  // a missing name is no error
  // With its names. kBusy while a container was made from it; a missing image is no error.
  Status RemoveImage(const std::string& id);
  Result<std::optional<Image>> FindImageByName(const std::string& name);
  // `prefix`: 2..64 lower-case hex characters, anything else finds nothing; an ambiguous one is
  // kInvalidArgument.
  Result<std::optional<Image>> FindImageById(const std::string& prefix);
  // By repo digest; the image pulled last when several have it.
  Result<std::optional<Image>> FindImageByDigest(const std::string& repository,
                                                 const std::string& digest);
  // Newest `created` first. `config` of each is empty with ImageFields::kSummary.
  enum class ImageFields { kSummary, kAll };
  Result<std::vector<Image>> ListImages(ImageFields fields = ImageFields::kAll);
  Result<std::vector<std::string>> ContainersUsingImage(const std::string& image_id);
  // Beside the one that the container was made from: it can't be removed before the container. kNotFound: it is gone.
  Status UseImage(const std::string& image_id, const std::string& container_id);
  Result<std::vector<std::string>> UsedImages();  // ids of those that containers were made from

  // layers
  Status PutLayer(const Layer& layer);
  Status SetLayersDurable(const std::vector<std::string>& diff_ids);
  Result<std::optional<Layer>> FindLayer(const std::string& diff_id);
  Result<std::vector<std::string>> UnreferencedLayers();  // diff ids that neither an image nor the build cache has
  Result<std::vector<Layer>> ListLayers();
  // What images and the build cache are made of: diff ids, and names of fix-up layers.
  Result<std::vector<std::string>> ReferencedLayers();
  Result<std::vector<std::string>> ReferencedFixups();
  // Digests of every blob that a row names: manifests, configs, layers, repo digests of images; blobs of artifacts.
  Result<std::vector<std::string>> ReferencedBlobs();
  Status RemoveLayer(const std::string& diff_id);  // a missing one is no error

  // Variants. Put forgets those of blobs that no image has any more.
  Result<std::optional<BlobVariant>> FindBlobVariant(const std::string& blob, const std::string& kind);
  Status PutBlobVariant(const BlobVariant& variant);
  // The repositories below `registry` ("host:5000") from which an image with the blob came, or whose name one has:
  // pairs of blob and repository, without the registry.
  Result<std::vector<std::pair<std::string, std::string>>> BlobRepositories(const std::string& registry);

  // artifacts. PutArtifact inserts, or replaces the one of that name.
  Status PutArtifact(const Artifact& artifact);
  Result<std::optional<Artifact>> FindArtifact(const std::string& name);
  Result<std::vector<Artifact>> ListArtifacts();      // by name
  Status RemoveArtifact(const std::string& name);     // a missing one is no error

  // The build cache. Put inserts or replaces; its layers and blobs count as referenced.
  Status PutBuildRecord(const BuildRecord& record);
  Result<std::optional<BuildRecord>> FindBuildRecord(const std::string& key);
  Result<std::vector<BuildRecord>> ListBuildRecords();  // used last first
  Status UseBuildRecords(const std::vector<std::string>& keys, int64_t now);
  Status RemoveBuildRecords(const std::vector<std::string>& keys);  // a missing one is no error

  // containers. PutContainer inserts; a taken name is kAlreadyExists and the error's text() is the
  // id of the holder: the engine makes podman's sentence of it. kNotFound when `image_id` is set
  // and the image is gone.
  Status PutContainer(const Container& container);
  // Everything but id; an empty `spec` keeps the stored one (ListContainers leaves it out).
  // kNotFound when the container is gone, kAlreadyExists as above.
  Status UpdateContainer(const Container& container);
  Status RemoveContainer(const std::string& id);  // and its volume uses; a missing one is no error
  // Exact name, then full id, then unique id prefix; kInvalidArgument when that is ambiguous.
  Result<std::optional<Container>> FindContainer(const std::string& name_or_id_prefix);
  Result<std::optional<Container>> FindContainerByName(const std::string& name);
  // `spec` of each is empty with ContainerFields::kSummary. Newest first.
  enum class ContainerFields { kSummary, kAll };
  Result<std::vector<Container>> ListContainers(ContainerFields fields);
  Result<std::optional<Container>> LatestContainer();

  // Exit codes outlive `--rm` for `wait`: kept five minutes at least.
  Status PutExitCode(const std::string& container_id, int code);
  Result<std::optional<int>> FindExitCode(const std::string& container_id);

  // volumes. PutVolume inserts; a taken name is kAlreadyExists.
  Status PutVolume(const Volume& volume);
  Status UpdateVolume(const Volume& volume);  // kNotFound
  Result<std::optional<Volume>> FindVolume(const std::string& name);
  Result<std::vector<Volume>> ListVolumes();       // by name
  Status RemoveVolume(const std::string& name);    // kBusy while in use; missing is no error
  // Both must be there, else kNotFound. The use ends with the container.
  Status UseVolume(const std::string& name, const std::string& container_id);
  Result<std::vector<std::string>> VolumeUsers(const std::string& name);
  Result<std::vector<std::string>> VolumesOf(const std::string& container_id);

 private:
  explicit Database(std::unique_ptr<Connection> connection);
  std::unique_ptr<Connection> connection_;
};

}  // namespace ctool::state
