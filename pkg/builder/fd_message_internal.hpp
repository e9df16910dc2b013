// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::builder {

// One datagram that carries descriptors; its single byte means nothing.
Status SendDescriptors(int socket, const std::vector<int>& descriptors);
// None: the other side is gone.
Result<std::vector<sys::Fd>> ReceiveDescriptors(int socket);

}  // namespace ctool::builder
