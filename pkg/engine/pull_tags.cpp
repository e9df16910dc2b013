// SPDX-License-Identifier: Apache-2.0
//
// pull --all-tags: what a repository has.
#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/images.hpp"
#include "engine/pull_plan_internal.hpp"

namespace ctool::engine {
namespace {

Result<std::vector<std::string>> TagsFrom(const PullPlan& plan, const PullSource& source) {
  if (source.refused) return *source.refused;
  std::optional<Error> last;
  for (const registry::Endpoint& endpoint : source.endpoints) {
    Result<std::unique_ptr<registry::Client>> client = registry::Client::Connect(endpoint, plan.client);
    Result<std::vector<std::string>> tags = client.ok() ? (*client)->ListTags() : Result<std::vector<std::string>>(client.error());
    if (tags.ok()) return tags;
    last = std::move(tags).error();
    Debug(last->Message());
  }
  if (!last) last = Error(Code::kInternal, "no registry to ask");
  return std::move(*last);
}

}  // namespace

Result<std::vector<std::string>> AllTags(Engine& engine, const std::string& name, const FetchOptions& fetch) {
  const size_t slash = name.rfind('/');
  const std::string last_part = slash == std::string::npos ? name : name.substr(slash + 1);
  if (last_part.find_first_of(":@") != std::string::npos)
    return Error(Code::kInvalidArgument, "tag can't be used with --all-tags/-a: " + Printable(name));
  const PullPlan plan = TRY(PlanPull(engine, name, "always", fetch));
  std::optional<Error> failed;
  for (const PullSource& source : plan.sources) {
    const Result<std::vector<std::string>> tags = TagsFrom(plan, source);
    if (!tags.ok()) {
      failed = tags.error();
      continue;
    }
    std::vector<std::string> names;
    for (const std::string& tag : *tags) names.push_back(source.reference.Repository() + ":" + tag);
    return names;
  }
  if (!failed) failed = Error(Code::kNotFound, "no registry to ask");
  return std::move(*failed).Wrap("fetching tags list");
}

}  // namespace ctool::engine
