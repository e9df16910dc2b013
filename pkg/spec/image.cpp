// SPDX-License-Identifier: Apache-2.0
//
// Manifests and indexes; image_config.cpp has the image config.
#include "spec/image.hpp"


#include "base/text.hpp"
#include "spec/json_internal.hpp"

namespace ctool::spec {
namespace {

constexpr size_t kMaxLayers = 500;  // as many as one overlay mount holds

enum class Kind { kManifest, kIndex };

bool IsIndexType(std::string_view type) { return type == kOciIndex || type == kDockerList; }
bool IsManifestType(std::string_view type) {
  return type == kOciManifest || type == kDockerManifest;
}

// Types that say nothing about the document: what plain file servers send.
bool IsGenericType(std::string_view type) {
  return type.empty() || type == "application/json" || type == "text/plain" ||
         type == "application/octet-stream";
}

Error NotAManifest(std::string_view type) {
  return Error(Code::kCorrupt, "not a manifest (" +
                                   (type.empty() ? std::string("no content type")
                                                 : Printable(type.substr(0, 100))) +
                                   ")");
}

// What its fields and its mediaType say the document is; they must agree (CVE-2021-41190: one
// digest read as a manifest by one program and as an index by another).
Result<Kind> KindOf(const Object& doc) {
  const bool index = doc.Has("manifests");
  const bool manifest = doc.Has("config") || doc.Has("layers");
  const bool schema1 = doc.Has("fsLayers") || doc.Has("history");
  const std::string type = TRY(doc.String("mediaType"));
  if ((index && (manifest || schema1)) || (manifest && schema1))
    return Error(Code::kCorrupt,
                 "ambiguous manifest: it has fields of more than one kind of document");
  const int64_t version = TRY(doc.Count("schemaVersion"));
  if (schema1 || version == 1)
    return Error(Code::kCorrupt, "manifest schema version 1 is not supported")
        .Hint("push the image again with a current tool");
  if (version != 2 && doc.Find("schemaVersion") != nullptr)
    return doc.Bad("schemaVersion", "must be 2");
  if (!index && !manifest) {
    if (IsManifestType(type)) return doc.Missing("config");
    if (IsIndexType(type)) return doc.Missing("manifests");
    return Error(Code::kCorrupt, "no image: neither a manifest nor an index");
  }
  if (type.empty()) return index ? Kind::kIndex : Kind::kManifest;
  if (index ? IsIndexType(type) : IsManifestType(type))
    return index ? Kind::kIndex : Kind::kManifest;
  if (IsIndexType(type) || IsManifestType(type))
    return Error(Code::kCorrupt, "ambiguous manifest: its mediaType " + Quote(type) +
                                     " is not what its fields say");
  return NotAManifest(type);
}

Result<Descriptor> ReadDescriptor(const Object& object) {
  Descriptor out;
  out.media_type = TRY(object.String("mediaType"));
  if (out.media_type.empty()) return object.Missing("mediaType");
  out.digest = TRY(object.Digest("digest"));
  if (object.Find("size") == nullptr) return object.Missing("size");
  out.size = TRY(object.Count("size"));
  if (object.Find("platform") != nullptr) {
    const Object platform = TRY(object.Member("platform"));
    Platform p;
    p.os = TRY(platform.String("os"));
    p.architecture = TRY(platform.String("architecture"));
    p.variant = TRY(platform.String("variant"));
    p.os_version = TRY(platform.String("os.version"));
    p.os_features = TRY(platform.Strings("os.features"));
    out.platform = std::move(p);
  }
  out.annotations = TRY(object.StringMap("annotations"));
  return out;
}

Result<std::vector<Descriptor>> ReadDescriptors(const Object& doc, const char* key) {
  const Json* value = doc.Find(key);
  if (value == nullptr) return doc.Missing(key);
  std::vector<Descriptor> out;
  for (const Object& item : TRY(doc.Objects(key))) out.push_back(TRY(ReadDescriptor(item)));
  return out;
}

OrderedJson PrintDescriptor(const Descriptor& descriptor) {
  OrderedJson out;
  out["mediaType"] = descriptor.media_type;
  out["digest"] = descriptor.digest.str();
  out["size"] = descriptor.size;
  if (!descriptor.annotations.empty()) out["annotations"] = descriptor.annotations;
  if (descriptor.platform) {
    OrderedJson& platform = out["platform"];
    platform["architecture"] = descriptor.platform->architecture;
    platform["os"] = descriptor.platform->os;
    if (!descriptor.platform->variant.empty()) platform["variant"] = descriptor.platform->variant;
    if (!descriptor.platform->os_version.empty()) platform["os.version"] = descriptor.platform->os_version;
    if (!descriptor.platform->os_features.empty()) platform["os.features"] = descriptor.platform->os_features;
  }
  return out;
}

OrderedJson PrintDescriptors(const std::vector<Descriptor>& descriptors) {
  OrderedJson out = OrderedJson::array();
  for (const Descriptor& d : descriptors) out.push_back(PrintDescriptor(d));
  return out;
}

// 0 is the best; -1 does not fit.
int Rank(const Platform& wanted, const Platform& image) {
  if (!wanted.Accepts(image)) return -1;
  if (wanted.variant == image.variant) return 0;
  if (image.variant.empty()) return 1;
  // arm: the nearest older version first.
  return wanted.variant.size() == 2 && image.variant.size() == 2
             ? 2 + (wanted.variant[1] - image.variant[1])
             : 2;
}

}  // namespace

Result<bool> IsIndex(std::string_view bytes, std::string_view content_type) {
  const bool known = IsIndexType(content_type) || IsManifestType(content_type);
  if (!known && !IsGenericType(content_type)) return NotAManifest(content_type);
  if (bytes.empty()) return Error(Code::kCorrupt, "not a manifest (0 bytes)");
  const Json json = TRY(ParseJson(bytes, "manifest", kMaxDocumentBytes));
  if (!json.is_object()) return NotAManifest(content_type);
  const Object doc = TRY(Object::Of(json, "manifest"));
  const bool index = TRY(KindOf(doc)) == Kind::kIndex;
  const std::string type = TRY(doc.String("mediaType"));
  const bool agrees = type.empty() ? IsIndexType(content_type) == index : type == content_type;
  if (known && !agrees)
    return Error(Code::kCorrupt, "ambiguous manifest: it was sent as " + Quote(content_type) +
                                     " but is " + (type.empty() ? "not one" : Quote(type)));
  return index;
}

Result<Manifest> Manifest::Parse(std::string_view bytes) {
  const Json json = TRY(ParseJson(bytes, "manifest", kMaxDocumentBytes));
  const Object doc = TRY(Object::Of(json, "manifest"));
  if (TRY(KindOf(doc)) != Kind::kManifest)
    return Error(Code::kCorrupt, "not a manifest but an index");
  Manifest out;
  out.media_type = TRY(doc.String("mediaType"));
  if (out.media_type.empty()) out.media_type = kOciManifest;
  const Object config = TRY(doc.Member("config"));
  out.config = TRY(ReadDescriptor(config));
  out.layers = TRY(ReadDescriptors(doc, "layers"));
  if (out.layers.size() > kMaxLayers)
    return doc.Bad("layers", "are more than " + std::to_string(kMaxLayers) + " layers");
  out.annotations = TRY(doc.StringMap("annotations"));
  return out;
}

std::string Manifest::Print() const {
  OrderedJson out;
  out["schemaVersion"] = 2;
  out["mediaType"] = media_type;
  out["config"] = PrintDescriptor(config);
  out["layers"] = PrintDescriptors(layers);
  if (!annotations.empty()) out["annotations"] = annotations;
  return PrintJson(out);
}

Result<Index> Index::Parse(std::string_view bytes) {
  const Json json = TRY(ParseJson(bytes, "index", kMaxDocumentBytes));
  const Object doc = TRY(Object::Of(json, "index"));
  if (TRY(KindOf(doc)) != Kind::kIndex)
    return Error(Code::kCorrupt, "not an index but a manifest");
  Index out;
  out.media_type = TRY(doc.String("mediaType"));
  if (out.media_type.empty()) out.media_type = kOciIndex;
  out.manifests = TRY(ReadDescriptors(doc, "manifests"));
  out.annotations = TRY(doc.StringMap("annotations"));
  return out;
}

std::string Index::Print() const {
  OrderedJson out;
  out["schemaVersion"] = 2;
  out["mediaType"] = media_type;
  out["manifests"] = PrintDescriptors(manifests);
  if (!annotations.empty()) out["annotations"] = annotations;
  return PrintJson(out);
}

Result<Descriptor> Index::Select(const Platform& wanted) const {
  const Descriptor* best = nullptr;
  const Descriptor* unnamed = nullptr;
  int best_rank = 0;
  std::vector<std::string> there;
  for (const Descriptor& d : manifests) {
    if (!IsManifestType(d.media_type)) continue;  // an index in an index is never followed
    if (!d.platform || (d.platform->os.empty() && d.platform->architecture.empty())) {
      if (unnamed == nullptr) unnamed = &d;
      continue;
    }
    if (d.platform->os == "unknown") continue;  // attestations: "unknown/unknown"
    if (there.size() < 20) there.push_back(Printable(d.platform->Print().substr(0, 60)));
    const int rank = Rank(wanted, *d.platform);
    if (rank < 0 || (best != nullptr && rank >= best_rank)) continue;
    best = &d;
    best_rank = rank;
  }
  if (best != nullptr) return *best;
  // An index whose only manifest names no platform is a wrapper around one image.
  if (unnamed != nullptr && there.empty()) return *unnamed;
  const std::string have = there.empty() ? "it has no image" : "it has " + Join(there, ", ");
  return Error(Code::kNotFound, "no image for platform " + wanted.Print() + ": " + have);
}

Result<Compression> LayerCompression(std::string_view media_type) {
  struct Type {
    std::string_view name;
    Compression compression;
  };
  static constexpr Type kTypes[] = {
      {kOciLayer, Compression::kNone},
      {kOciLayerGzip, Compression::kGzip},
      {kOciLayerZstd, Compression::kZstd},
      {kDockerLayerGzip, Compression::kGzip},
      {kDockerLayer, Compression::kNone},
      {"application/vnd.docker.image.rootfs.diff.tar.zstd", Compression::kZstd},
      {"application/vnd.oci.image.layer.nondistributable.v1.tar", Compression::kNone},
      {"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", Compression::kGzip},
      {"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", Compression::kZstd},
      {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", Compression::kGzip},
  };
  for (const Type& type : kTypes)
    if (type.name == media_type) return type.compression;
  return Error(Code::kUnsupported, "unsupported layer type " + Quote(media_type.substr(0, 100)));
}

}  // namespace ctool::spec
