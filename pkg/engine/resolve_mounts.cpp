// SPDX-License-Identifier: Apache-2.0
//
// What mounts mean that name containers, images and volumes.
#include <algorithm>

#include "base/text.hpp"
#include "engine/containers.hpp"
#include "engine/fold_internal.hpp"
#include "engine/images.hpp"
#include "engine/inspect_internal.hpp"
#include "engine/mount_options_internal.hpp"
#include "engine/volumes_internal.hpp"

namespace ctool::engine {
namespace {

// "CONTAINER[:options]"
Status AddMountsOf(Engine& engine, const std::string& text, std::vector<ContainerMount>& out) {
  const size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const std::vector<std::string> words = colon == std::string::npos ? std::vector<std::string>{} : Split(text.substr(colon + 1), ',');
  for (const std::string& word : words)
    if (word != "ro" && word != "rw" && word != "z" && word != "Z")
      return Error(Code::kInvalidArgument, "invalid options " + Quote(Join(words, ",")) + ", can only specify 'ro', 'rw', and 'z'");
  const state::Container container = TRY_CTX("looking up container " + Quote(name) + " for volumes-from", FindContainer(engine, name));
  const ContainerSpec theirs = TRY(ContainerSpec::Parse(container.spec));
  for (ContainerMount mount : theirs.mounts) {
    // Memory is nobody else's, and an image is mounted for whoever names it.
    if ((mount.type != "bind" && mount.type != "volume") || IsDeviceMount(theirs, mount)) continue;
    for (const std::string& word : words) {
      if (word != "ro" && word != "rw") continue;
      std::erase_if(mount.options, [](const std::string& o) { return o == "ro" || o == "rw"; });
      mount.options.insert(mount.options.begin(), word);
    }
    const auto same = [&](const ContainerMount& m) { return m.destination == mount.destination; };
    std::erase_if(out, same);  // of several the last one counts
    out.push_back(std::move(mount));
  }
  return Ok();
}

Status ResolveImage(Engine& engine, const CreateOptions& options, ContainerMount& mount) {
  const FoundImage found = TRY_CTX("creating image volume " + Quote(mount.source) + ":" + Quote(mount.destination),
                                   EnsureImage(engine, mount.source, options.pull == "never" ? "never" : "missing", options.fetch));
  std::vector<spec::Digest> diff_ids;
  for (const state::ImageLayer& layer : found.image.layers) diff_ids.push_back(TRY(spec::Digest::Parse(layer.diff_id)));
  mount.image_id = found.image.id;
  mount.layers = TRY(engine.Store())->LowerDirs(diff_ids, found.image.fixup_layer);
  return Ok();
}

Status ResolveVolume(Engine& engine, ContainerMount& mount) {
  const std::optional<state::Volume> volume = TRY(TRY(engine.Db())->FindVolume(mount.name));
  if (!volume) return Ok();  // it is made with the container
  mount.volume_options = StringMap(volume->options);
  TRY_CTX("volume " + mount.name, ParseVolumeSource(mount.volume_options));
  return Ok();
}

}  // namespace

Result<std::vector<ContainerMount>> MountsFrom(Engine& engine, const std::vector<std::string>& containers) {
  std::vector<ContainerMount> mounts;
  for (const std::string& text : containers) TRY(AddMountsOf(engine, text, mounts));
  return mounts;
}

Status ResolveMounts(Engine& engine, const CreateOptions& options, ContainerSpec& spec) {
  for (ContainerMount& mount : spec.mounts) {
    if (mount.type == "image") TRY(ResolveImage(engine, options, mount));
    if (mount.type == "volume") TRY(ResolveVolume(engine, mount));
  }
  return Ok();
}

}  // namespace ctool::engine
