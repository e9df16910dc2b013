// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/interrupt.hpp"
#include "engine/pull_plan_internal.hpp"
#include "engine/pull_progress_internal.hpp"
#include "transport/image.hpp"

namespace ctool::engine {

// A source's registry, and what its reference stands for there.
struct OpenedSource {
  std::unique_ptr<transport::ImageSource> image;
  transport::Document top;  // without bytes when only its digest was asked for
  const registry::Endpoint* endpoint = nullptr;  // of the source
};

// The first mirror that has the manifest serves the whole image.
Result<OpenedSource> OpenSource(const PullSource& source, registry::Client::Options options, const Interrupt& interrupt,
                                bool only_digest);

// What to say when no source has given the image; there is one error at least.
Error AllFailed(std::vector<Error> errors);

// The inner half of a pull: tries the sources in order until one gives the image, puts it into the
// store and returns its id. Runs inside the user namespace. When it fails, nothing is left.
Result<std::string> FetchImage(const PullPlan& plan, Interrupt& interrupt, PullProgress& progress);

}  // namespace ctool::engine
