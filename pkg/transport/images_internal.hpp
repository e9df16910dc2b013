// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "transport/images.hpp"

namespace ctool::transport {

Result<Images> OciImages(const std::shared_ptr<const Archive>& archive);
Result<Images> DockerImages(const std::shared_ptr<const Archive>& archive);
Result<Images> DirImages(const std::shared_ptr<const Archive>& archive);

inline constexpr std::string_view kArchiveManifest = "manifest.json";
inline constexpr std::string_view kDirVersion = "version";
inline constexpr std::string_view kDirVersionText = "Directory Transport Version: 1.1\n";

// Where an OCI layout keeps a blob.
std::string BlobMember(const spec::Digest& digest);

// A manifest or index of at most 4 MiB, verified against `digest` unless that is empty.
Result<Document> ReadDocument(const Archive& archive, const std::string& member,
                              const spec::Digest& digest, std::string media_type);
// All of a member into `sink`; kCorrupt unless it has `size` bytes.
Status SendMember(const Archive& archive, const std::string& member, int64_t size, const Sink& sink,
                  Progress* progress);
// All of a stream into `sink`; the number of bytes.
Result<int64_t> Send(archive::Source& source, const Sink& sink, Progress* progress);

}  // namespace ctool::transport
