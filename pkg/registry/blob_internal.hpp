// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "registry/transport_internal.hpp"

namespace ctool::registry {

// Bytes of a blob, the end not included.
struct Extent {
  int64_t begin = 0, end = 0;
};

// A part of a blob, or all of it, over one connection at a time. kUnsupported when a registry has no parts of blobs.
Status FetchExtent(Transport& transport, const spec::Descriptor& blob, Extent wanted, const Client::Sink& sink,
                   Progress* progress);

// The same over several connections at once, still in order.
Status FetchSegments(Transport& transport, const spec::Descriptor& blob, Extent wanted, const Client::Sink& sink,
                     Progress* progress);

// Client::GetBlob: over one connection, and over several when that is slow.
Status FetchBlob(Transport& transport, const spec::Descriptor& blob, const Client::Sink& sink, Progress* progress);

}  // namespace ctool::registry
