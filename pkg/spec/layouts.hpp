// SPDX-License-Identifier: Apache-2.0
//
// The small documents that say what is in an archive or folder of images. Limits and refusals as
// in image.hpp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace ctool::spec {

inline constexpr std::string_view kOciLayoutFile = "oci-layout";
inline constexpr std::string_view kOciIndexFile = "index.json";
inline constexpr std::string_view kOciLayoutText = R"({"imageLayoutVersion": "1.0.0"})";
inline constexpr std::string_view kRefNameAnnotation = "org.opencontainers.image.ref.name";

// kCorrupt unless this is the oci-layout file of a layout of version 1.
// Spec: OCI image-spec v1.1 image-layout.md.
Status CheckOciLayout(std::string_view bytes);

// One image in the manifest.json of a docker-archive.
struct ArchivedImage {
  std::string config;                  // a member's name
  std::vector<std::string> repo_tags;  // as they stand there
  std::vector<std::string> layers;     // members' names, bottom first
};
// Spec: the Docker image specification v1.2, "Combined Image JSON + Filesystem Changeset Format".
Result<std::vector<ArchivedImage>> ParseArchiveManifest(std::string_view bytes);
std::string PrintArchiveManifest(const std::vector<ArchivedImage>& images);
// The "repositories" beside it: repository, tag, id of the topmost layer in the oldest format.
std::string PrintRepositories(const std::map<std::string, std::map<std::string, std::string>>& repositories);

}  // namespace ctool::spec
