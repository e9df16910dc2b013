// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

struct CheckOptions {
  bool quick = false;          // records, names and sizes; no contents
  bool repair = false;         // mend what can be mended here
  bool from_registry = false;  // and fetch what can't
  bool force = false;          // and remove what is damaged still
};

struct Damage {
  enum class Kind { kStore, kBlob, kLayer, kImage, kContainer, kArtifact };
  Kind kind = Kind::kStore;
  std::string id;  // digest, diff id, image or container id, name of an artifact
  std::vector<std::string> problems;
};

const char* KindName(Damage::Kind kind);  // "layer"

struct CheckReport {
  std::vector<Damage> damage;
  std::vector<std::string> mended;  // "layer sha256:..."
  std::vector<std::string> not_mended;  // and why
};

// Runs only in the program ctool-images. Verifies the store, with `repair` mends it; nothing that is not damaged is touched, nothing
// is removed. Clears away what killed commands have left.
Result<CheckReport> CheckStore(Engine& engine, const CheckOptions& options);

// Fetches what is damaged of images and artifacts that came from a registry, by their digests. Returns lines for `mended` and `not_mended`.
Result<CheckReport> MendFromRegistry(Engine& engine, const CheckReport& report);

struct RemovedDamage {
  std::vector<std::string> containers, images, artifacts;
};
// Removes the images and artifacts that a report names as damaged, and the containers made from them.
Result<RemovedDamage> RemoveDamaged(Engine& engine, const CheckReport& report);

}  // namespace ctool::engine
