// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "archive/stream.hpp"
#include "digest/sha256.hpp"
#include "engine/check_internal.hpp"
#include "engine/commit_image.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

using Kind = Damage::Kind;

class Mender {
 public:
  Mender(const CheckWork& work, const DamageMap& damage, CheckReport& report) : work_(work), damage_(damage), report_(report) {}

  Status Run() {
    images_ = TRY(work_.db.ListImages());
    for (const auto& [what, problems] : damage_) {
      TRY(work_.interrupt.Check());
      const auto& [kind, id] = what;
      Status mended = Ok();
      if (kind == Kind::kLayer) mended = MendLayer(id);
      else if (kind == Kind::kBlob) mended = MendBlob(id);
      else if (kind == Kind::kImage) mended = MendImage(id);
      else mended = Error(Code::kUnsupported, "it can't be mended");
      const std::string name = std::string(KindName(kind)) + " " + id;
      if (mended.ok()) report_.mended.push_back(name);
      else report_.not_mended.push_back(name + ": " + mended.error().Message());
    }
    if (rows_.empty()) return work_.store.Sync();
    TRY(work_.store.Sync());
    return work_.db.Transaction(state::Database::Commit::kDurable, [&]() -> Status {
      for (const state::Layer& row : rows_) TRY(work_.db.PutLayer(row));
      return Ok();
    });
  }

 private:
  bool IsDamaged(Kind kind, const std::string& id) const { return damage_.count({kind, id}) > 0; }

  const state::Image* FindImage(const std::string& id) const {
    const auto found = std::find_if(images_.begin(), images_.end(), [&](const state::Image& i) { return i.id == id; });
    return found == images_.end() ? nullptr : &*found;
  }

  // What is seen through a mount must not go away below it.
  Status RefuseInUse(const std::string& diff_id) {
    for (const state::Container& c : TRY(work_.db.ListContainers(state::Database::ContainerFields::kSummary))) {
      const state::Image* image = c.state == state::ContainerState::kRunning ? FindImage(c.image_id) : nullptr;
      if (image == nullptr) continue;
      for (const state::ImageLayer& layer : image->layers)
        if (layer.diff_id == diff_id) return Error(Code::kBusy, "container " + c.name + " runs on it: stop it first");
    }
    return Ok();
  }

  // Of several blobs that hold it, one that is whole.
  Result<spec::Digest> BlobOf(const std::string& diff_id) const {
    for (const state::Image& image : images_)
      for (const state::ImageLayer& layer : image.layers)
        if (layer.diff_id == diff_id && !layer.blob.empty() && !IsDamaged(Kind::kBlob, layer.blob))
          return spec::Digest::Parse(layer.blob);
    return Error(Code::kNotFound, "no blob is left that it could be unpacked from");
  }

  archive::UnpackOptions UnpackOptions() const {
    archive::UnpackOptions options;
    options.ignore_chown_errors = work_.map.single_id;
    for (const userns::IdMapping& ids : work_.map.uids) options.uids.push_back({ids.inside, ids.count});
    for (const userns::IdMapping& ids : work_.map.gids) options.gids.push_back({ids.inside, ids.count});
    return options;
  }

  Status MendLayer(const std::string& id) {
    const spec::Digest diff_id = TRY(spec::Digest::Parse(id));
    TRY(RefuseInUse(id));
    const sys::Fd blob = TRY(work_.store.OpenBlob(TRY(BlobOf(id))));
    const std::unique_ptr<archive::Source> file = archive::FromFd(blob.get(), "layer " + id);
    const std::unique_ptr<archive::Source> tar = TRY(archive::DecompressDetected(*file));
    TRY(work_.store.Discard(work_.store.LayerPath(diff_id)));
    const storage::Store::UnpackedLayer layer = TRY(work_.store.UnpackLayer(*tar, diff_id, UnpackOptions()));
    rows_.push_back(TRY(DurableLayer(diff_id, layer.size)));
    return Ok();
  }

  // A config is in the image's record too. A blob is only given up for what takes its place.
  Status MendBlob(const std::string& id) {
    const spec::Digest digest = TRY(spec::Digest::Parse(id));
    const state::Image* image = FindImage(std::string(digest.hex()));
    if (image == nullptr || digest::Sha256(image->config) != digest)
      return Error(Code::kNotFound, "only a registry can have it").Hint("--from-registry");
    TRY(work_.store.Discard(work_.store.BlobPath(digest)));
    return work_.store.PutBlob(image->config, digest);
  }

  // What is wrong with an image itself, and not with a part of it.
  Status MendImage(const std::string& id) {
    const state::Image* found = FindImage(id);
    if (found == nullptr) return Ok();
    state::Image image = *found;
    const spec::Digest digest = TRY(spec::Digest::Parse("sha256:" + id));
    if (digest::Sha256(image.config) != digest) image.config = TRY(work_.store.ReadBlob(digest, spec::kMaxDocumentBytes));
    if (!image.fixup_layer.empty()) {
      std::vector<spec::Digest> diff_ids;
      for (const state::ImageLayer& layer : image.layers) diff_ids.push_back(TRY(spec::Digest::Parse(layer.diff_id)));
      image.fixup_layer = TRY(work_.store.MakeFixupLayer(diff_ids));
    }
    TRY(work_.db.PutImage(image));
    for (const state::ImageLayer& layer : image.layers)
      if (NotMended(Kind::kLayer, layer.diff_id) || NotMended(Kind::kBlob, layer.blob))
        return Error(Code::kCorrupt, "a part of it is not mended");
    if (NotMended(Kind::kBlob, image.manifest_digest)) return Error(Code::kCorrupt, "its manifest is not mended");
    return Ok();
  }

  // Images come after their layers and blobs.
  bool NotMended(Kind kind, const std::string& id) const {
    const std::string name = std::string(KindName(kind)) + " " + id;
    return IsDamaged(kind, id) && std::find(report_.mended.begin(), report_.mended.end(), name) == report_.mended.end();
  }

  const CheckWork& work_;
  const DamageMap& damage_;
  CheckReport& report_;
  std::vector<state::Image> images_;
  std::vector<state::Layer> rows_;
};

}  // namespace

Status MendHere(const CheckWork& work, const DamageMap& damage, CheckReport& report) { return Mender(work, damage, report).Run(); }

}  // namespace ctool::engine
