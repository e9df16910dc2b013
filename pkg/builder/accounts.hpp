// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "base/result.hpp"
#include "sys/root.hpp"

namespace ctool::builder {

// "user[:group]", by names or numbers, as the accounts of the image below `root` have it: what a RUN there would be.
Result<std::pair<uid_t, gid_t>> FindAccount(const std::string& user, const sys::Root& root);

}  // namespace ctool::builder
