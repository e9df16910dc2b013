// SPDX-License-Identifier: Apache-2.0
//
// Runs only in the program ctool-images. The process that the user started plans the pull; a child
// that is root in the user namespace of the store does it.
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/unused.hpp"
#include "engine/images.hpp"
#include "engine/manifest_list.hpp"
#include "engine/load.hpp"
#include "engine/pull_image_internal.hpp"
#include "engine/in_store.hpp"
#include "engine/tell.hpp"

namespace ctool::engine {
namespace {

Result<std::string> FetchInside(const PullPlan& plan, Interrupt& interrupt) {
  PullProgress progress(PullProgress::StyleFor(STDERR_FILENO, plan.quiet));
  return FetchImage(plan, interrupt, progress);
}

// What a list in the store of that name has for the platform. The database is closed again.
Result<std::optional<ListChoice>> ChooseFromStoredList(Engine& engine, const std::string& name, const FetchOptions& fetch) {
  const config::Paths& paths = *TRY(engine.Paths());
  Engine here(GlobalOptions{paths.graph_root, paths.run_root});
  const std::optional<FoundImage> found = TRY(FindImage(here, TRY(WithoutTransport(name))));
  if (!found || !IsList(found->image)) return std::optional<ListChoice>();
  return std::optional<ListChoice>(TRY_CTX(Printable(name), ChooseFromList(here, found->image, fetch)));
}

}  // namespace

Result<std::string> Pull(Engine& engine, const std::string& name, const std::string& policy,
                         const FetchOptions& fetch) {
  const std::optional<transport::ImageName> elsewhere = TRY(transport::ImageName::Parse(name));
  if (elsewhere && elsewhere->kind != transport::Kind::kDocker) return PullFrom(engine, *elsewhere, fetch.quiet);
  if (const std::optional<ListChoice> choice = TRY(ChooseFromStoredList(engine, name, fetch)))
    return choice->image_id.empty() ? Pull(engine, choice->reference, policy, fetch) : Result<std::string>(choice->image_id);
  const PullPlan plan = TRY(PlanPull(engine, name, policy, fetch));
  if (plan.policy == "never") return plan.local->image.id;
  Result<std::string> id = RunInStore(plan.map, plan.store, [&plan](Interrupt& interrupt) {
    return FetchInside(plan, interrupt);
  });
  if (id.ok()) TellImage(engine, "pull", *id, name);
  return id;
}

}  // namespace ctool::engine
