// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/transport_internal.hpp"

namespace ctool::registry {

// Client::GetBlob.
Status FetchBlob(Transport& transport, const spec::Descriptor& blob, const Client::Sink& sink,
                 Progress* progress);

}  // namespace ctool::registry
