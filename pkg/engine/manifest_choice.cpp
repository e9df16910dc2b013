// SPDX-License-Identifier: Apache-2.0
//
// What `run` needs of lists: nothing here loads HTTP.
#include "base/text.hpp"
#include "engine/image_lookup_internal.hpp"
#include "engine/manifest_list_internal.hpp"

namespace ctool::engine {

bool IsList(const state::Image& image) {
  return image.manifest_type == spec::kOciIndex || image.manifest_type == spec::kDockerList;
}

Result<FoundImage> RequireStoredList(Engine& engine, const std::string& name) {
  FoundImage found = TRY(RequireImage(engine, name));
  if (!IsList(found.image))
    return Error(Code::kInvalidArgument, Printable(name) + ": it is an image, not a manifest list");
  return found;
}

Result<spec::Index> ReadList(Engine& engine, const state::Image& list) {
  const spec::Digest digest = TRY(spec::Digest::Parse(list.manifest_digest));
  return spec::Index::Parse(TRY(TRY(engine.Store())->ReadBlob(digest, spec::kMaxDocumentBytes)));
}

Result<ListChoice> ChooseFromList(Engine& engine, const state::Image& list, const FetchOptions& fetch) {
  const spec::Index index = TRY(ReadList(engine, list));
  const AskedPlatform platform = TRY(PlatformFrom(fetch));
  const spec::Descriptor chosen = TRY(index.Select(platform.platform));
  const auto source = chosen.annotations.find(kEntrySource);
  const std::string where = source == chosen.annotations.end() ? "" : source->second;
  if (StartsWith(where, kStoredImage)) return ListChoice{where.substr(kStoredImage.size()), ""};
  if (StartsWith(where, kInRegistry)) return ListChoice{"", where.substr(kInRegistry.size()) + "@" + chosen.digest.str()};
  return Error(Code::kNotFound, "it is not known where image " + chosen.digest.str() + " of the list is");
}

}  // namespace ctool::engine
