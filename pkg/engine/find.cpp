// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "engine/settle_internal.hpp"

namespace ctool::engine {

Result<state::Container> FindContainer(Engine& engine, const std::string& name_or_id) {
  const std::string wanted = !name_or_id.empty() && name_or_id[0] == '/' ? name_or_id.substr(1) : name_or_id;
  std::optional<state::Container> found = TRY(TRY(engine.Db())->FindContainer(wanted));
  if (!found || !TRY(Settle(engine, *found)))
    return Error(Code::kNotFound, "no container with name or ID " + Quote(name_or_id) + " found: no such container");
  return std::move(*found);
}

Result<state::Container> LatestContainer(Engine& engine) {
  for (;;) {
    std::optional<state::Container> found = TRY(TRY(engine.Db())->LatestContainer());
    if (!found) return Error(Code::kNotFound, "no containers found: no such container");
    if (TRY(Settle(engine, *found))) return std::move(*found);
  }
}

}  // namespace ctool::engine
