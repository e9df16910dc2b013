// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

#include "base/result.hpp"
#include "engine/interrupt.hpp"

namespace ctool::engine {

// Does the jobs 0 to `count` - 1, each once and in this order, up to `at_once` of them at a time: our own thread is one
// of those that work, and where there can be no further threads the only one. After the first error, which is returned,
// nobody begins another. With `interrupt` that error stops it, too, so that jobs under way end early; nobody begins one
// once it is stopped; and a signal counts more than an error.
Status RunJobs(size_t count, size_t at_once, const std::function<Status(size_t)>& job, Interrupt* interrupt = nullptr);

}  // namespace ctool::engine
