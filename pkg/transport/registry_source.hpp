// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "registry/client.hpp"
#include "spec/reference.hpp"
#include "transport/image.hpp"

namespace ctool::transport {

// The image that `reference` names in the repository of `client`.
std::unique_ptr<ImageSource> FromRegistry(std::unique_ptr<registry::Client> client,
                                          spec::Reference reference);

}  // namespace ctool::transport
