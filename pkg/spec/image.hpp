// SPDX-License-Identifier: Apache-2.0
//
// Documents of OCI image-spec v1.1 and Docker image manifest v2 schema 2, as plain values.
// Reading tolerates unknown fields and refuses what is unsafe or ambiguous: more than 4 MiB, more
// than 64 levels, duplicate keys, a document that is both index and manifest, schema 1, null where
// a value must be, negative or out-of-range numbers, NUL bytes in what will be executed, invalid
// ports, more than 500 layers. Every error is kCorrupt and names the field.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "spec/digest.hpp"
#include "spec/platform.hpp"

namespace ctool::spec {

inline constexpr size_t kMaxDocumentBytes = 4 << 20;

inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kOciConfig = "application/vnd.oci.image.config.v1+json";
inline constexpr std::string_view kOciLayer = "application/vnd.oci.image.layer.v1.tar";
inline constexpr std::string_view kOciLayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";
inline constexpr std::string_view kOciLayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";
inline constexpr std::string_view kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerConfig = "application/vnd.docker.container.image.v1+json";
inline constexpr std::string_view kDockerLayer = "application/vnd.docker.image.rootfs.diff.tar";
inline constexpr std::string_view kDockerLayerGzip =
    "application/vnd.docker.image.rootfs.diff.tar.gzip";

struct Descriptor {
  std::string media_type;
  Digest digest;
  int64_t size = 0;
  std::optional<Platform> platform;
  std::map<std::string, std::string> annotations;
};

struct Manifest {
  std::string media_type;  // kOciManifest or kDockerManifest
  Descriptor config;
  std::vector<Descriptor> layers;  // bottom first
  std::map<std::string, std::string> annotations;

  static Result<Manifest> Parse(std::string_view bytes);
  std::string Print() const;  // compact JSON: for manifests that we make
};

struct Index {
  std::string media_type;  // kOciIndex or kDockerList
  std::vector<Descriptor> manifests;
  std::map<std::string, std::string> annotations;

  static Result<Index> Parse(std::string_view bytes);
  std::string Print() const;
  // The first manifest that `wanted` accepts (an exact variant first); attestation entries
  // ("unknown/unknown") never match. kNotFound names what there is.
  Result<Descriptor> Select(const Platform& wanted) const;
};

// Whether `bytes` is an index (true) or a manifest (false), from mediaType and shape together;
// `content_type` (may be empty) must agree with them. kCorrupt when they don't, or when it is
// neither ("not a manifest (text/html)").
Result<bool> IsIndex(std::string_view bytes, std::string_view content_type);

struct HealthCheck {
  std::vector<std::string> test;  // {"NONE"}, {"CMD", ...}, {"CMD-SHELL", "..."}
  int64_t interval = 0, timeout = 0, start_period = 0;  // nanoseconds; 0: not set
  int64_t retries = 0;
  bool operator==(const HealthCheck&) const = default;
};

struct HistoryEntry {
  std::string created, created_by, author, comment;
  bool empty_layer = false;
};

// config.md: the "config" object, what a container made from the image gets by default.
struct ImageDefaults {
  std::string user, working_dir, stop_signal;
  std::vector<std::string> env, entrypoint, cmd;
  std::vector<std::string> exposed_ports;  // keys: "80/tcp"
  std::vector<std::string> volumes;        // keys: "/data"
  std::map<std::string, std::string> labels;
  std::vector<std::string> on_build;
  std::vector<std::string> shell;
  std::optional<HealthCheck> healthcheck;
};

struct ImageConfig {
  std::string created;  // RFC 3339, may be empty
  std::string author, comment;
  Platform platform;
  ImageDefaults config;
  std::vector<Digest> diff_ids;  // bottom first
  std::vector<HistoryEntry> history;

  static Result<ImageConfig> Parse(std::string_view bytes);
  std::string Print() const;
};

// Layer media types that can be unpacked; everything else is kUnsupported "unsupported layer type".
enum class Compression { kNone, kGzip, kZstd, kXz, kBzip2 };
Result<Compression> LayerCompression(std::string_view media_type);

}  // namespace ctool::spec
