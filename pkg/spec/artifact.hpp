// SPDX-License-Identifier: Apache-2.0
//
// Artifacts: manifests of image-spec v1.1 whose layers are files (manifest.md, "Guidelines for Artifact Usage").
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "spec/image.hpp"

namespace ctool::spec {

inline constexpr std::string_view kEmptyType = "application/vnd.oci.empty.v1+json";
inline constexpr std::string_view kEmptyConfig = "{}";
// A manifest with the empty config must say what it is; this is what says nothing.
inline constexpr std::string_view kUnknownArtifact = "application/vnd.unknown.artifact.v1";
inline constexpr char kTitle[] = "org.opencontainers.image.title";
inline constexpr char kCreated[] = "org.opencontainers.image.created";

// The manifest of an artifact without files yet. `created` is RFC 3339.
std::string NewArtifact(std::string_view type, const std::string& created);
// `manifest` with `files` behind the layers that it has; everything else stays as it is, what we don't know too.
Result<std::string> AppendFiles(std::string_view manifest, const std::vector<Descriptor>& files);

// What a file is by its first bytes, in the words of https://mimesniff.spec.whatwg.org: "text/plain; charset=utf-8",
// "application/x-gzip", "application/octet-stream" for whatever it does not know. Looks at 512 of them.
std::string_view SniffType(std::string_view bytes);

}  // namespace ctool::spec
