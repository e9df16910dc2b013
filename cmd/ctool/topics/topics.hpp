// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "cli/dispatch.hpp"

namespace ctool {

// The pages of the manual that are no command's.
std::span<const cli::Topic> Topics();

extern const cli::Topic kAuthJsonTopic, kContainerfileTopic, kContainersConfTopic, kPolicyJsonTopic,
    kRegistriesConfTopic, kRootlessTopic, kStorageConfTopic;

}  // namespace ctool
