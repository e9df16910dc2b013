// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "base/result.hpp"
#include "transport/archive.hpp"
#include "transport/image.hpp"
#include "transport/image_name.hpp"

namespace ctool::transport {

using Images = std::vector<std::unique_ptr<ImageSource>>;

// The images in an archive or folder, in its order, by what is in it: an OCI image layout, a
// docker-archive, or a "dir". kCorrupt: neither, or one that is broken; it holds no images.
Result<Images> FindImages(std::shared_ptr<const Archive> archive);

// Those that `name` means: all of them when it says nothing but the path.
// kNotFound: none of that name. kInvalidArgument: the archive is of another kind.
Result<Images> FindImages(std::shared_ptr<const Archive> archive, const ImageName& name);

}  // namespace ctool::transport
