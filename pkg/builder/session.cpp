// SPDX-License-Identifier: Apache-2.0
#include "builder/session.hpp"

namespace ctool::builder {

void Slots::Take() {
  std::unique_lock lock(mutex_);
  given_.wait(lock, [this] { return free_ > 0; });
  --free_;
}

void Slots::Give() {
  {
    const std::lock_guard lock(mutex_);
    ++free_;
  }
  given_.notify_one();
}

Status Session::GoOn() const {
  TRY(interrupt.Check());
  return interrupt.stopped() ? Status(Error(Code::kIo, "another stage has failed")) : Ok();
}

}  // namespace ctool::builder
