// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "builder/session.hpp"

namespace ctool::builder {

// The files of an image of the store.
struct ImageFiles {
  std::string id, key;
  std::vector<std::string> folders;  // top first
};
Result<ImageFiles> FilesOfImage(Session& session, const std::string& name, const std::string& platform);

}  // namespace ctool::builder
