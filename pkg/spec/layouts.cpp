// SPDX-License-Identifier: Apache-2.0
#include "spec/layouts.hpp"

#include "base/text.hpp"
#include "spec/image.hpp"
#include "spec/json_internal.hpp"

namespace ctool::spec {
namespace {

// More images than anybody puts into one archive, and each costs a pass over its documents.
constexpr size_t kMaxImages = 1000;
constexpr size_t kMaxNames = 1000;  // tags or layers of one image

}  // namespace

Status CheckOciLayout(std::string_view bytes) {
  const Json json = TRY(ParseJson(bytes, "oci-layout", kMaxDocumentBytes));
  const Object doc = TRY(Object::Of(json, "oci-layout"));
  const std::string version = TRY(doc.String("imageLayoutVersion"));
  if (version.empty()) return doc.Missing("imageLayoutVersion");
  if (!StartsWith(version, "1.")) return doc.Bad("imageLayoutVersion", Quote(version.substr(0, 100)) + " is not known");
  return Ok();
}

Result<std::vector<ArchivedImage>> ParseArchiveManifest(std::string_view bytes) {
  const Json json = TRY(ParseJson(bytes, "manifest.json", kMaxDocumentBytes));
  if (!json.is_array()) return Error(Code::kCorrupt, "manifest.json: not a list of images");
  if (json.size() > kMaxImages)
    return Error(Code::kCorrupt, "manifest.json: more than " + std::to_string(kMaxImages) + " images");
  std::vector<ArchivedImage> images;
  for (const Json& item : json) {
    const Object object = TRY(Object::Of(item, "manifest.json[" + std::to_string(images.size()) + "]"));
    ArchivedImage image;
    image.config = TRY(object.String("Config"));
    if (image.config.empty()) return object.Missing("Config");
    image.repo_tags = TRY(object.Strings("RepoTags"));
    image.layers = TRY(object.Strings("Layers"));
    if (image.repo_tags.size() > kMaxNames || image.layers.size() > kMaxNames)
      return object.Bad("Layers", "or RepoTags: more than " + std::to_string(kMaxNames));
    images.push_back(std::move(image));
  }
  return images;
}

std::string PrintArchiveManifest(const std::vector<ArchivedImage>& images) {
  OrderedJson out = OrderedJson::array();
  for (const ArchivedImage& image : images) {
    OrderedJson one;
    one["Config"] = image.config;
    one["RepoTags"] = image.repo_tags;
    one["Layers"] = image.layers;
    out.push_back(std::move(one));
  }
  return PrintJson(out);
}

std::string PrintRepositories(const std::map<std::string, std::map<std::string, std::string>>& repositories) {
  return PrintJson(repositories.empty() ? OrderedJson::object() : OrderedJson(repositories));
}

}  // namespace ctool::spec
