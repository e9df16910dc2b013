// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

namespace ctool {

// Runs `undo` at the end of the scope unless Commit() was called: for creations of several steps.
template <class F>
class [[nodiscard]] ScopeFail {
 public:
  explicit ScopeFail(F undo) : undo_(std::move(undo)) {}
  ScopeFail(const ScopeFail&) = delete;
  ScopeFail& operator=(const ScopeFail&) = delete;
  ~ScopeFail() {
    if (armed_) undo_();
  }
  void Commit() { armed_ = false; }

 private:
  F undo_;
  bool armed_ = true;
};

}  // namespace ctool
