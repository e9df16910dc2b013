// SPDX-License-Identifier: Apache-2.0
#include "ctool/topics/topics.hpp"

#include <array>

namespace ctool {

std::span<const cli::Topic> Topics() {
  static const std::array<cli::Topic, 7> kTopics = {
      kAuthJsonTopic,       kContainerfileTopic, kContainersConfTopic, kPolicyJsonTopic,
      kRegistriesConfTopic, kRootlessTopic,      kStorageConfTopic};
  return kTopics;
}

}  // namespace ctool
