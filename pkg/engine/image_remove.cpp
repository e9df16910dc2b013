// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/containers.hpp"
#include "engine/image_list_internal.hpp"
#include "engine/image_lookup_internal.hpp"
#include "engine/unused.hpp"
#include "engine/manifest_list.hpp"
#include "engine/tell.hpp"

namespace ctool::engine {
namespace {

// True when what was typed is one of the image's names, not its id or digest: these stand for all
// of it.
bool IsOneName(const FoundImage& found, const std::string& typed) {
  const std::vector<std::string>& names = found.image.names;
  return !StartsWith(typed, "sha256:") && !StartsWith(found.image.id, typed) &&
         std::find(names.begin(), names.end(), found.name) != names.end();
}

Error InUse(const std::string& container) {
  return Error(Code::kBusy,
               "image used by " + container +
                   ": image is in use by a container: consider listing external containers and "
                   "force-removing image");
}

Status RemoveContainers(Engine& engine, const state::Image& image, bool force) {
  for (const std::string& id : TRY(TRY(engine.Db())->ContainersUsingImage(image.id))) {
    if (!force) return InUse(id);
    RemoveContainerOptions options;
    options.force = true;
    options.volumes = true;
    Status removed = RemoveContainer(engine, id, options);
    if (!removed.ok() && removed.error().code() != Code::kNotFound) return removed;
  }
  return Ok();
}

bool SameBase(const state::Image& a, const state::Image& b) {
  if (IsList(a) || IsList(b)) return false;
  return a.layers.empty() || b.layers.empty() || a.layers.front().diff_id == b.layers.front().diff_id;
}

// One by one, from the child down: images without a name that only the removed one was built on.
Status RemoveParents(Engine& engine, const state::Image& removed, spec::ImageConfig child) {
  state::Database& db = *TRY(engine.Db());
  for (;;) {
    const std::vector<state::Image> images = TRY(db.ListImages());
    const state::Image* parent = nullptr;
    spec::ImageConfig config;
    for (const state::Image& image : images) {
      if (!SameBase(image, removed)) continue;  // most images: their configs need not be read
      Result<spec::ImageConfig> candidate = spec::ImageConfig::Parse(image.config);
      if (!candidate.ok() || !IsParent(*candidate, child)) continue;
      if (parent != nullptr && candidate->history.size() <= config.history.size()) continue;
      parent = &image;
      config = std::move(*candidate);
    }
    if (parent == nullptr || !parent->names.empty()) return Ok();
    const bool has_children =
        std::any_of(images.begin(), images.end(), [&](const state::Image& image) {
          if (!SameBase(image, removed)) return false;
          const Result<spec::ImageConfig> other = spec::ImageConfig::Parse(image.config);
          return other.ok() && IsParent(config, *other);
        });
    if (has_children || !TRY(db.ContainersUsingImage(parent->id)).empty()) return Ok();
    Debug("removing the parent image " + parent->id);
    TRY(ForgetImage(engine, *parent));
    child = std::move(config);
  }
}

// The rows are gone before anything that they stand for is: a crash in between leaves files that
// nobody refers to, which the next pull or removal clears away.
Status Delete(Engine& engine, const state::Image& image, const RemoveImagesOptions& options) {
  state::Database& db = *TRY(engine.Db());
  TRY(RemoveContainers(engine, image, options.force));
  Status removed = ForgetImage(engine, image);
  if (!removed.ok() && removed.error().code() == Code::kBusy)
    for (const std::string& id : TRY(db.ContainersUsingImage(image.id))) return InUse(id);
  TRY(std::move(removed));
  if (options.no_prune) return Ok();
  Result<spec::ImageConfig> config = spec::ImageConfig::Parse(image.config);
  if (!config.ok()) return Ok();
  const Status parents = RemoveParents(engine, image, std::move(*config));
  if (!parents.ok()) Debug("a parent image stays: " + parents.error().Message());
  return Ok();
}

}  // namespace

Result<RemovedImage> RemoveImage(Engine& engine, const std::string& name,
                                 const RemoveImagesOptions& options) {
  const std::optional<FoundImage> found = TRY(FindImage(engine, name));
  if (!found) {
    if (options.force || options.ignore) return RemovedImage{};
    return ImageNotKnown(name);
  }
  state::Database& db = *TRY(engine.Db());
  const state::Image& image = found->image;
  RemovedImage out;
  if (image.names.size() > 1 && !options.all) {
    if (IsOneName(*found, name)) {
      TRY(db.RemoveName(found->name));
      TellImage(engine, "untag", image.id, found->name);
      out.untagged = {found->name};
      return out;
    }
    if (!options.force)
      return Error(Code::kInvalidArgument, "unable to delete image " + Quote(image.id) +
                                               " by ID with more than one tag ([" +
                                               Join(image.names, " ") +
                                               "]): please force removal");
  }
  TRY(Delete(engine, image, options));
  out.untagged = image.names;
  out.deleted = image.id;
  for (const std::string& untagged : image.names) TellImage(engine, "untag", image.id, untagged);
  TellImage(engine, "remove", image.id, found->name.empty() ? image.id : found->name);
  if (!options.keep_files) GiveSpaceBack(engine);
  return out;
}

}  // namespace ctool::engine
