// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "build/scope.hpp"
#include "builder/options.hpp"
#include "builder/session.hpp"

namespace ctool::builder {

// --build-arg and --build-arg-file.
Result<build::Variables> BuildArguments(const BuildOptions& options);
// --timestamp, --source-date-epoch or SOURCE_DATE_EPOCH, --rewrite-timestamp.
Result<Times> TimesOf(const BuildOptions& options);
// The names of -t, whole.
Result<std::vector<std::string>> NamesOf(const BuildOptions& options);
// --jobs.
size_t JobsOf(const BuildOptions& options);
// "oci-archive:FILE" and the like: an image that is no registry's.
bool NamesTransport(const std::string& where);
// A context of --build-context: "NAME=WHERE".
struct NamedContext {
  std::string name, where;
  bool image = false;  // docker-image://X, docker://X
};
Result<std::vector<NamedContext>> NamedContextsOf(const BuildOptions& options);

}  // namespace ctool::builder
