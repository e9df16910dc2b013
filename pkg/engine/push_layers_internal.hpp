// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "archive/compress.hpp"
#include "base/result.hpp"
#include "engine/interrupt.hpp"
#include "engine/pull_progress_internal.hpp"
#include "engine/push_target_internal.hpp"
#include "spec/image.hpp"
#include "storage/store.hpp"
#include "sys/fd.hpp"

namespace ctool::engine {

// One blob of an image and what becomes of it on the way.
struct PushJob {
  std::string what;        // "Copying blob", "Copying config"
  spec::Descriptor blob;   // as it is in the store
  spec::Digest diff_id;
  sys::Fd file;            // nothing: the store did not keep it; it may be at the destination
  std::optional<archive::CompressOptions> convert;
  std::optional<spec::Descriptor> known;  // what it was converted to an earlier time
  std::vector<std::string> mount_from;
  spec::Descriptor sent;   // set when it is done: digest and size at the destination
};

struct PushWork {
  PushTarget& target;
  const storage::Store& store;
  PullProgress& progress;
  Interrupt& interrupt;
};

// Does all jobs, some of them at once. The first error stops the others and is returned.
Status PushBlobs(const PushWork& work, std::vector<PushJob>& jobs);

}  // namespace ctool::engine
