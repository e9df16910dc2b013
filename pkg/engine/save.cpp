// SPDX-License-Identifier: Apache-2.0
#include "engine/save.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "engine/images.hpp"
#include "engine/manifest_list_internal.hpp"
#include "engine/save_blob_internal.hpp"
#include "engine/tell.hpp"
#include "spec/reference.hpp"
#include "transport/destinations.hpp"

namespace ctool::engine {
namespace {

// An image and what it is to be called.
struct Chosen {
  state::Image image;
  std::vector<std::string> names;
};

// Whether `text` chose the image by its id, in which case it has no name for the archive.
bool IsById(const std::string& text, const FoundImage& found) {
  const std::string id = StartsWith(text, "sha256:") ? text.substr(7) : text;
  if (id.empty() || !StartsWith(found.image.id, id)) return false;
  const Result<spec::Reference> as_name = spec::Reference::ParseWithDomain(text, "localhost");
  const Result<spec::Reference> name = spec::Reference::Parse(found.name);
  return !as_name.ok() || !name.ok() || !EndsWith("/" + name->path, "/" + as_name->path);
}

Result<std::string> WholeName(const std::string& text) {
  const spec::Reference name = TRY(spec::Reference::ParseWithDomain(text, "localhost"));
  if (!name.digest.empty()) return Error(Code::kInvalidArgument, Quote(text) + ": a digest can't be a name");
  return name.Name();
}

Result<Chosen> ChooseOne(Engine& engine, const std::string& text) {
  FoundImage found = TRY(RequireImage(engine, text));
  Chosen chosen;
  // A name with a digest in it is none that an archive could keep.
  if (!IsById(text, found) && !found.name.empty() && found.name.find('@') == std::string::npos)
    chosen.names.push_back(found.name);
  chosen.image = std::move(found.image);
  return chosen;
}

// With --multi-image-archive each argument is an image, else all but the first are further names of that one.
Result<std::vector<Chosen>> Choose(Engine& engine, const SaveOptions& options) {
  std::vector<Chosen> all;
  if (!options.multi) {
    Chosen chosen = TRY(ChooseOne(engine, options.images.front()));
    std::vector<std::string> names;
    for (size_t i = 1; i < options.images.size(); ++i) names.push_back(TRY(WholeName(options.images[i])));
    chosen.names.insert(chosen.names.begin(), names.begin(), names.end());
    all.push_back(std::move(chosen));
    return all;
  }
  for (const std::string& text : options.images) {
    Chosen chosen = TRY(ChooseOne(engine, text));
    const auto same = std::find_if(all.begin(), all.end(), [&](const Chosen& one) {
      return one.image.id == chosen.image.id;
    });
    if (same == all.end()) all.push_back(std::move(chosen));
    else same->names.insert(same->names.end(), chosen.names.begin(), chosen.names.end());
  }
  return all;
}

Status CheckOptions(const SaveOptions& options) {
  const std::string& format = options.format;
  const bool folder = format == "oci-dir" || format == "docker-dir";
  if (!folder && format != "oci-archive" && format != "docker-archive")
    return Error(Code::kInvalidArgument, "format value must be one of oci-dir oci-archive docker-dir docker-archive");
  if (options.compress && format != "docker-dir")
    return Error(Code::kInvalidArgument, "--compress can only be set when --format is 'docker-dir'");
  if (options.multi && format == "docker-dir")
    return Error(Code::kInvalidArgument, "unsupported format \"docker-dir\" for saving multiple images");
  if (folder && options.output.empty())
    return Error(Code::kInvalidArgument, "--format " + format + " writes a folder: name it with --output");
  if (options.output.empty() && ::isatty(STDOUT_FILENO) == 1)
    return Error(Code::kInvalidArgument, "refusing to save to terminal. Use -o flag or redirect");
  return Ok();
}

Result<std::unique_ptr<transport::ImageDestination>> OpenOutput(const SaveOptions& options) {
  if (options.format == "oci-dir") return transport::ToOciFolder(options.output);
  if (options.format == "docker-dir") return transport::ToDir(options.output);
  transport::OutputFile file = options.output.empty()
                                   ? transport::OutputFile::Borrow(STDOUT_FILENO, "the standard output")
                                   : TRY(transport::OutputFile::Create(options.output));
  return options.format == "oci-archive" ? transport::ToOciArchive(std::move(file))
                                         : transport::ToDockerArchive(std::move(file));
}

bool IsDocker(const SaveOptions& options) { return StartsWith(options.format, "docker-"); }

LayerForm FormOf(const SaveOptions& options, const spec::Descriptor& layer) {
  if (options.format == "docker-archive") return LayerForm::kPlain;
  if (options.format == "docker-dir") {
    // Docker's manifests know no zstd.
    if (EndsWith(layer.media_type, "zstd")) return LayerForm::kPlain;
    return options.compress ? LayerForm::kGzip : LayerForm::kAsItCame;
  }
  return options.uncompressed ? LayerForm::kPlain : LayerForm::kAsItCame;
}

// The manifest with docker's names for everything.
void MakeDocker(spec::Manifest& manifest) {
  manifest.media_type = spec::kDockerManifest;
  manifest.config.media_type = spec::kDockerConfig;
  manifest.annotations.clear();
  for (spec::Descriptor& layer : manifest.layers) {
    layer.annotations.clear();
    if (layer.media_type == spec::kOciLayerGzip) layer.media_type = spec::kDockerLayerGzip;
    if (layer.media_type == spec::kOciLayer) layer.media_type = spec::kDockerLayer;
  }
}

class Saver {
 public:
  Saver(const storage::Store& store, const SaveOptions& options, transport::ImageDestination& to)
      : store_(store), options_(options), to_(to),
        progress_(PullProgress::StyleFor(STDERR_FILENO, options.quiet)), layers_(store, to, progress_) {}

  Status Save(const Chosen& chosen) {
    const transport::Document document = TRY(Content(chosen.image));
    progress_.Line("Writing manifest to image destination");
    return to_.PutImage(document, chosen.names);
  }

  // The list with those of its images that are here: what it names must be in the archive.
  Status SaveList(const Chosen& chosen, const std::vector<ListMember>& members, spec::Index index) {
    index.manifests.clear();
    for (const ListMember& member : members) {
      const transport::Document document = TRY(Content(member.image));
      TRY(to_.PutPart(document));
      spec::Descriptor entry = member.entry;
      entry.media_type = document.content_type;
      entry.digest = document.digest;
      entry.size = static_cast<int64_t>(document.bytes.size());
      index.manifests.push_back(std::move(entry));
    }
    const spec::Index open = PublicList(std::move(index), "oci");
    transport::Document document;
    document.bytes = open.Print();
    document.content_type = open.media_type;
    document.digest = digest::Sha256(document.bytes);
    progress_.Line("Writing manifest list to image destination");
    return to_.PutImage(document, chosen.names);
  }

  Status Finish() {
    TRY(layers_.FillPlaces());
    return to_.Finish();
  }

 private:
  // Config and layers of an image; returns its manifest, which is for the caller to write.
  Result<transport::Document> Content(const state::Image& image) {
    const spec::Digest digest = TRY(spec::Digest::Parse(image.manifest_digest));
    transport::Document document{TRY(store_.ReadBlob(digest, spec::kMaxDocumentBytes)), image.manifest_type, digest};
    spec::Manifest manifest = TRY(spec::Manifest::Parse(document.bytes));
    if (manifest.layers.size() != image.layers.size())
      return Error(Code::kCorrupt, "manifest " + digest.str() + " does not match the image's record");
    const std::string before = manifest.Print();
    for (size_t i = 0; i < manifest.layers.size(); ++i) {
      spec::Descriptor& layer = manifest.layers[i];
      const SavedLayer saved{layer, TRY(spec::Digest::Parse(image.layers[i].diff_id))};
      layer = TRY(layers_.Save(saved, FormOf(options_, layer)));
    }
    TRY(SaveBlob(store_, manifest.config, "Copying config", to_, progress_));
    if (IsDocker(options_) && manifest.media_type != spec::kDockerManifest) MakeDocker(manifest);
    // Where nothing is different the bytes are those that came: another printer could change them.
    if (manifest.Print() != before) {
      document.bytes = manifest.Print();
      document.content_type = manifest.media_type;
      document.digest = digest::Sha256(document.bytes);
    }
    return document;
  }

  const storage::Store& store_;
  const SaveOptions& options_;
  transport::ImageDestination& to_;
  PullProgress progress_;
  LayerSaver layers_;
};

// docker's formats have no place for a list: they get its image for this platform, as podman writes it.
Status SaveOne(Engine& engine, const SaveOptions& options, Saver& saver, Chosen chosen) {
  if (!IsList(chosen.image)) return saver.Save(chosen);
  if (!IsDocker(options)) {
    const std::vector<ListMember> members = TRY(StoredMembers(engine, chosen.image));
    return saver.SaveList(chosen, members, TRY(ReadList(engine, chosen.image)));
  }
  const ListChoice choice = TRY(ChooseFromList(engine, chosen.image, {}));
  if (choice.image_id.empty())
    return Error(Code::kNotFound, "image " + choice.reference + " of the list is not in the store").Hint("pull it");
  chosen.image = TRY(RequireImage(engine, choice.image_id)).image;
  return saver.Save(chosen);
}

}  // namespace

Status Save(Engine& engine, const SaveOptions& options) {
  TRY(CheckOptions(options));
  const storage::Store& store = *TRY(engine.Store());
  // While it is held nobody collects blobs, also those of an image that is removed meanwhile.
  const sys::FileLock reading = TRY(store.LockContent(sys::FileLock::Mode::kShared));
  const std::vector<Chosen> images = TRY(Choose(engine, options));
  const std::unique_ptr<transport::ImageDestination> to = TRY(OpenOutput(options));
  {
    Saver saver(store, options, *to);
    for (const Chosen& image : images) TRY_CTX("saving " + Printable(to->Name()), SaveOne(engine, options, saver, image));
    TRY_CTX("saving " + Printable(to->Name()), saver.Finish());
  }
  for (const Chosen& image : images) TellImage(engine, "save", image.image.id, options.output);
  return Ok();
}

}  // namespace ctool::engine
