// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "ctool-images/commands.hpp"
#include "ctool/context.hpp"

namespace ctool {

Result<int> RunManifestCreate(Context& context, const ManifestOptions& o) {
  PrintLine(context, TRY(engine::CreateList(context.engine, o.create)));
  return 0;
}

Result<int> RunManifestAdd(Context& context, const ManifestOptions& o) {
  PrintLine(context, TRY(engine::AddToList(context.engine, o.list, o.images, o.all, o.entry, o.push.fetch)));
  return 0;
}

Result<int> RunManifestAnnotate(Context& context, const ManifestOptions& o) {
  if (o.images.empty() && !o.entry.of_index)
    return Error(Code::kInvalidArgument, "which image of the list is meant? (--index: the list itself)");
  if (!o.images.empty() && o.entry.of_index)
    return Error(Code::kInvalidArgument, "--index is for the list itself: no image can be named with it");
  const std::string what = o.images.empty() ? "" : o.images.front();
  PrintLine(context, TRY(engine::AnnotateList(context.engine, o.list, what, o.entry)));
  return 0;
}

Result<int> RunManifestInspect(Context& context, const ManifestOptions& o) {
  const std::string text = TRY(engine::InspectList(context.engine, o.list, o.push.fetch));
  const nlohmann::ordered_json document = nlohmann::ordered_json::parse(text, nullptr, false);
  if (document.is_discarded()) return Error(Code::kCorrupt, "the manifest is no JSON");
  PrintLine(context, document.dump(4, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  return 0;
}

Result<int> RunManifestRemove(Context& context, const ManifestOptions& o) {
  PrintLine(context, TRY(engine::RemoveFromList(context.engine, o.list, o.images.front())));
  return 0;
}

Result<int> RunManifestPush(Context& context, const ManifestOptions& o) {
  TRY_CTX("retrieving local image from image name " + o.list, engine::RequireStoredList(context.engine, o.list));
  engine::PushOptions push = o.push;
  push.image = o.list;
  TRY(engine::Push(context.engine, push));
  if (o.remove) TRY(engine::RemoveImage(context.engine, o.list, {}));
  return 0;
}

}  // namespace ctool
