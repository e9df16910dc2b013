// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "transport/image.hpp"
#include "transport/image_name.hpp"
#include "transport/output_file.hpp"

namespace ctool::transport {

// An OCI image layout as a tar archive: blobs in the order in which they come, index.json at the end.
std::unique_ptr<ImageDestination> ToOciArchive(OutputFile file);

// The same as a folder, made if it is missing. Images that are in it stay, but for those whose names are taken over.
// kAlreadyExists: the folder holds something else.
Result<std::unique_ptr<ImageDestination>> ToOciFolder(const std::string& path);

// A docker-archive with the links and files of docker's oldest format. Its layers are not compressed and are known by
// their diffIDs: that is what PutBlob wants, and in the manifest of PutImage. No index.
std::unique_ptr<ImageDestination> ToDockerArchive(OutputFile file);

// The "dir" of containers-transports(5): one image, manifest.json and each blob by its hex digest. An earlier one in the
// folder is replaced; anything else in it is kAlreadyExists.
Result<std::unique_ptr<ImageDestination>> ToDir(const std::string& path);

// What `name` stands for. kUnsupported: a registry or the local store.
Result<std::unique_ptr<ImageDestination>> OpenDestination(const ImageName& name);

}  // namespace ctool::transport
