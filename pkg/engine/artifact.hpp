// SPDX-License-Identifier: Apache-2.0
//
// Artifacts: files with a manifest, kept in the store and in registries beside images, and never taken for one.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"
#include "engine/options.hpp"
#include "engine/push.hpp"
#include "state/store.hpp"

namespace ctool::engine {

// By name, or by the digest of its manifest or how that begins. kNotFound "NAME: artifact does not exist".
Result<state::Artifact> RequireArtifact(Engine& engine, const std::string& name);
Result<std::vector<state::Artifact>> ListArtifacts(Engine& engine);  // by name

struct AddArtifactOptions {
  std::string name;
  std::vector<std::string> files;        // of the host
  std::vector<std::string> annotations;  // KEY=VALUE, of each file
  std::string type, file_type;           // media types; empty: unknown, found out
  bool append = false, replace = false;
};
// All files or none. Returns the digest of the manifest.
Result<std::string> AddArtifact(Engine& engine, const AddArtifactOptions& options);

// {"Manifest": ..., "Name": ..., "Digest": ...}, the manifest as it is.
Result<std::string> InspectArtifact(const state::Artifact& artifact);

// The row only: GiveSpaceBack (images.hpp) comes after the last one.
Status ForgetArtifact(Engine& engine, const state::Artifact& artifact);

struct ExtractArtifactOptions {
  std::string name, target;   // a folder that is there, or a file
  std::string digest, title;  // only this file of it
};
// Writes files of an artifact, each verified; none gets its name before all are written. Nothing outside the folder is
// written, whatever they are called.
Status ExtractArtifact(Engine& engine, const ExtractArtifactOptions& options);

// --- in the program ctool-images only ---

// Both return the digest of the manifest. `name` of a pull may be what registries.conf makes a name of.
Result<std::string> PullArtifact(Engine& engine, const std::string& name, const FetchOptions& fetch);
Result<std::string> PushArtifact(Engine& engine, const PushOptions& options);  // `image`: the artifact
// What the artifact was, from where it came: for a store that is damaged.
Status RefetchArtifact(Engine& engine, const state::Artifact& artifact);

}  // namespace ctool::engine
