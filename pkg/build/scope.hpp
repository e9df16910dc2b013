// SPDX-License-Identifier: Apache-2.0
//
// Which variables an instruction sees: ARG, ENV, --build-arg and the platform's own.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "build/ast.hpp"
#include "spec/platform.hpp"

namespace ctool::build {

using Variables = std::map<std::string, std::string, std::less<>>;

// BUILDPLATFORM, TARGETARCH and so on: set without an ARG before the first FROM, and in a stage by
// an ARG without a default.
const std::vector<std::string_view>& PlatformArguments();
// HTTP_PROXY and so on: --build-arg reaches RUN without an ARG, and is not part of history or cache.
bool IsProxyArgument(std::string_view name);

// Before the first FROM.
class GlobalScope {
 public:
  GlobalScope(Variables given, const spec::Platform& build, const spec::Platform& target);

  // ARGs see those before them, in the same instruction too.
  Status Declare(const Arg& arg, char escape);
  std::optional<std::string> Find(std::string_view name) const;  // what FROM sees
  const Variables& given() const { return given_; }
  // Of --build-arg: what no ARG asked for so far, without the proxies.
  std::vector<std::string> Unused() const;
  // By a stage; stages may be evaluated at the same time.
  void MarkUsed(std::string_view name);

 private:
  Variables given_, values_;
  // Of this scope and its copies.
  struct Used {
    mutable std::mutex mutex;
    std::set<std::string, std::less<>> names;
  };
  std::shared_ptr<Used> used_ = std::make_shared<Used>();
};

// In a stage. Copied for a stage that is FROM another: ARGs and ENV are inherited.
class StageScope {
 public:
  // `environment` is that of the base image, "NAME=value" each.
  StageScope(GlobalScope& global, const std::vector<std::string>& environment);

  // An instruction sees the values from before it, throughout.
  Status Declare(const Arg& arg, char escape);
  Status Set(const Env& env, char escape);

  // ENV wins over ARG of the same name, whichever came last.
  std::optional<std::string> Find(std::string_view name) const;
  const std::vector<KeyValue>& environment() const { return environment_; }  // in order, for the image
  const Variables& arguments() const { return arguments_; }
  // What a RUN step finds: ARGs and given proxies below ENV.
  Variables RunEnvironment() const;

 private:
  void SetOne(std::string key, std::string value);

  GlobalScope* global_;
  std::vector<KeyValue> environment_;
  Variables arguments_;
};

}  // namespace ctool::build
