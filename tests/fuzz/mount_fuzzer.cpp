// SPDX-License-Identifier: Apache-2.0
//
// A mount of a bundle: destination, type, source, and options, a line each. What is taken can be mounted from: absolute
// paths, a type for what is no bind, options of the kernel's own kind and none that only looks like one of ours.
#include <linux/mount.h>
#include <sys/mount.h>

#include <string>

#include "fuzz.hpp"
#include "runtime/plan.hpp"

using namespace ctool::runtime;  // NOLINT: one small program

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest = Text(data, size);
  ctool::spec::RuntimeMount mount;
  mount.destination = Cut(rest, '\n');
  mount.type = Cut(rest, '\n');
  mount.source = Cut(rest, '\n');
  while (!rest.empty()) mount.options.emplace_back(Cut(rest, '\n'));
  const ctool::Result<MountPlan> plan = PlanMount(mount);
  if (!plan.ok()) {
    CHECK(!plan.error().Message().empty());
    return 0;
  }
  constexpr uint64_t kAttributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR__ATIME |
                                   MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOSYMFOLLOW;
  CHECK(plan->destination[0] == '/');
  CHECK((plan->attributes & ~kAttributes) == 0);
  CHECK((plan->propagation & ~uint64_t{MS_PRIVATE | MS_SLAVE | MS_SHARED | MS_UNBINDABLE}) == 0);
  CHECK(plan->kind != MountPlan::Kind::kBind || plan->source[0] == '/');
  for (const auto& [key, value] : plan->data) CHECK(key.find('=') == std::string::npos);
  return 0;
}
