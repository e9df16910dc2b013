// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "engine/image_lookup_internal.hpp"
#include "engine/manifest_entries_internal.hpp"
#include "engine/manifest_list_internal.hpp"
#include "spec/reference.hpp"

namespace ctool::engine {
namespace {

Result<std::string> ListName(const std::string& name) {
  const spec::Reference reference = TRY(spec::Reference::ParseWithDomain(name, "localhost"));
  if (!reference.digest.empty()) return Error(Code::kInvalidArgument, "invalid reference format: a digest can't be chosen");
  return reference.Name();
}

Status SetAnnotations(const std::vector<std::string>& texts, std::map<std::string, std::string>& into) {
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return Error(Code::kInvalidArgument, "no value given for annotation " + Quote(text));
    if (text.substr(0, equals) == kEntrySource) return Error(Code::kInvalidArgument, "this annotation is ctool's own");
    into[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return Ok();
}

Status ApplyEntry(const ListEntryOptions& options, spec::Descriptor& entry, spec::Index& index) {
  spec::Platform platform = entry.platform.value_or(spec::Platform());
  if (options.arch) platform.architecture = *options.arch;
  if (options.os) platform.os = *options.os;
  if (options.variant) platform.variant = *options.variant;
  if (options.os_version) platform.os_version = *options.os_version;
  if (!options.os_features.empty()) platform.os_features = options.os_features;
  entry.platform = platform;
  TRY(SetAnnotations(options.index_annotations, index.annotations));
  return SetAnnotations(options.annotations, options.of_index ? index.annotations : entry.annotations);
}

// A list's document, of which the row is told.
Status PutDocument(const storage::Store& store, const spec::Index& index, state::Image& list) {
  const std::string bytes = index.Print();
  if (index.manifests.size() > kMostEntries || bytes.size() > spec::kMaxDocumentBytes)
    return Error(Code::kInvalidArgument, "the list is too long");
  const spec::Digest digest = digest::Sha256(bytes);
  TRY(store.PutBlob(bytes, digest));
  list.manifest_digest = digest.str();
  list.manifest_type = index.media_type;
  list.size = static_cast<int64_t>(bytes.size());
  return Ok();
}

// Within a transaction, so that of two writers none loses what the other has added.
Status WriteList(Engine& engine, const spec::Index& index, state::Image& list) {
  const storage::Store& store = *TRY(engine.Store());
  TRY(PutDocument(store, index, list));
  TRY(store.Sync());
  return TRY(engine.Db())->PutImage(list);
}

// Changes a list by `change`; the other writers wait.
Result<std::string> ChangeList(Engine& engine, const std::string& id, const std::function<Status(spec::Index&)>& change) {
  state::Database& db = *TRY(engine.Db());
  const sys::FileLock adding = TRY(TRY(engine.Store())->LockContent(sys::FileLock::Mode::kShared));
  TRY(db.Transaction(state::Database::Commit::kDurable, [&]() -> Status {
    std::optional<state::Image> list = TRY(db.FindImageById(id));
    if (!list) return ImageNotKnown(id);
    spec::Index index = TRY(ReadList(engine, *list));
    TRY(change(index));
    return WriteList(engine, index, *list);
  }));
  return id;
}

// An entry of the same image is replaced, as podman does it.
void PutEntry(spec::Index& index, const spec::Descriptor& entry) {
  for (spec::Descriptor& one : index.manifests)
    if (one.digest == entry.digest) {
      one = entry;
      return;
    }
  index.manifests.push_back(entry);
}

// The config of a list is empty but for what makes its id: the list changes, the id does not.
Result<state::Image> NewList(const storage::Store& store) {
  const int64_t now = WallNanos();
  state::Image list;
  list.config = R"({"created":")" + Rfc3339Utc(now) +
                R"(","architecture":"","os":"","config":{},"rootfs":{"type":"layers","diff_ids":[]},"io.ctool.list":")" +
                RandomHexId() + "\"}";
  const spec::Digest config = digest::Sha256(list.config);
  TRY(store.PutBlob(list.config, config));
  list.id = std::string(config.hex());
  list.created = list.pulled = now;
  return list;
}

Error NameTaken(const std::string& name, const std::string& id) {
  return Error(Code::kAlreadyExists, "creating image to hold manifest list: image name " + Quote(name) +
                                         " is already associated with image " + Quote(id) + ": that name is already in use");
}

}  // namespace

spec::Index PublicList(spec::Index index, const std::string& format) {
  for (spec::Descriptor& entry : index.manifests) entry.annotations.erase(kEntrySource);
  const bool oci_only = !index.annotations.empty() ||
                        std::any_of(index.manifests.begin(), index.manifests.end(),
                                    [](const spec::Descriptor& entry) { return !entry.annotations.empty(); });
  const bool docker = format.empty() ? index.manifests.empty() && !oci_only : format == "v2s2";
  index.media_type = docker ? spec::kDockerList : spec::kOciIndex;
  if (docker) {
    index.annotations.clear();
    for (spec::Descriptor& entry : index.manifests) entry.annotations.clear();
  }
  return index;
}

Result<state::Image> NewListRow(const storage::Store& store, const spec::Index& index, const std::vector<std::string>& names) {
  state::Image list = TRY(NewList(store));
  TRY(PutDocument(store, index, list));
  list.names = names;
  return list;
}

Result<std::vector<ListMember>> StoredMembers(Engine& engine, const state::Image& list) {
  state::Database& db = *TRY(engine.Db());
  std::vector<ListMember> members;
  for (spec::Descriptor& entry : TRY(ReadList(engine, list)).manifests) {
    const std::string source = entry.annotations[kEntrySource];
    std::optional<state::Image> image;
    if (StartsWith(source, kStoredImage)) image = TRY(db.FindImageById(source.substr(kStoredImage.size())));
    if (StartsWith(source, kInRegistry))
      image = TRY(db.FindImageByDigest(source.substr(kInRegistry.size()), entry.digest.str()));
    if (image && !IsList(*image)) members.push_back({std::move(entry), std::move(*image)});
    else Warn("image " + entry.digest.str() + " of the list is not in the store: it is left out");
  }
  if (members.empty())
    return Error(Code::kNotFound, "none of the list's images is in the store").Hint("pull them, or push the list as it is");
  return members;
}

Result<std::string> CreateList(Engine& engine, const CreateListOptions& options) {
  const std::string name = TRY(ListName(options.name));
  // Everything from outside first: a failure leaves no list behind.
  std::vector<spec::Descriptor> entries;
  for (const std::string& image : options.images)
    for (spec::Descriptor& entry : TRY(FindEntries(engine, image, options.all, options.fetch)))
      entries.push_back(std::move(entry));
  state::Database& db = *TRY(engine.Db());
  const sys::FileLock adding = TRY(TRY(engine.Store())->LockContent(sys::FileLock::Mode::kShared));
  std::string id;
  TRY(db.Transaction(state::Database::Commit::kDurable, [&]() -> Status {
    std::optional<state::Image> list = TRY(db.FindImageByName(name));
    spec::Index index;
    index.media_type = spec::kOciIndex;
    if (list && (!options.amend || !IsList(*list))) return NameTaken(name, list->id);
    if (list) index = TRY(ReadList(engine, *list));
    else list = TRY(NewList(*TRY(engine.Store())));
    list->names = {name};
    for (const spec::Descriptor& entry : entries) PutEntry(index, entry);
    TRY(SetAnnotations(options.annotations, index.annotations));
    id = list->id;
    return WriteList(engine, index, *list);
  }));
  return id;
}

Result<std::string> AddToList(Engine& engine, const std::string& list, const std::vector<std::string>& images, bool all,
                              const ListEntryOptions& options, const FetchOptions& fetch) {
  const FoundImage found = TRY(RequireStoredList(engine, list));
  std::vector<spec::Descriptor> entries;
  for (const std::string& image : images)
    for (spec::Descriptor& entry : TRY(FindEntries(engine, image, all, fetch))) entries.push_back(std::move(entry));
  return ChangeList(engine, found.image.id, [&](spec::Index& index) -> Status {
    for (spec::Descriptor entry : entries) {
      TRY(ApplyEntry(options, entry, index));
      PutEntry(index, entry);
    }
    return Ok();
  });
}

Result<std::string> AnnotateList(Engine& engine, const std::string& list, const std::string& what,
                                 const ListEntryOptions& options) {
  const FoundImage found = TRY(RequireStoredList(engine, list));
  std::string wanted = what;
  if (!what.empty() && !spec::Digest::Parse(what).ok()) wanted = TRY(RequireImage(engine, what)).image.manifest_digest;
  return ChangeList(engine, found.image.id, [&](spec::Index& index) -> Status {
    if (what.empty()) {
      spec::Descriptor none;
      return ApplyEntry(options, none, index);
    }
    for (spec::Descriptor& entry : index.manifests)
      if (entry.digest.str() == wanted) return ApplyEntry(options, entry, index);
    return Error(Code::kNotFound, "no instance matching digest " + Quote(wanted) + " found in manifest list");
  });
}

Result<std::string> RemoveFromList(Engine& engine, const std::string& list, const std::string& digest) {
  const FoundImage found = TRY(RequireStoredList(engine, list));
  const spec::Digest wanted = TRY(spec::Digest::Parse(digest));
  Result<std::string> id = ChangeList(engine, found.image.id, [&](spec::Index& index) -> Status {
    const size_t before = index.manifests.size();
    index.manifests.erase(std::remove_if(index.manifests.begin(), index.manifests.end(),
                                         [&](const spec::Descriptor& entry) { return entry.digest == wanted; }),
                          index.manifests.end());
    if (index.manifests.size() < before) return Ok();
    return Error(Code::kInvalidArgument, "no instance matching digest " + Quote(digest) + " found in manifest list");
  });
  if (!id.ok()) return std::move(id).error().Wrap("removing from manifest list " + Printable(list));
  return id;
}

Result<std::string> InspectList(Engine& engine, const std::string& name, const FetchOptions& fetch) {
  const Result<std::optional<FoundImage>> found = FindImage(engine, name);
  if (found.ok() && *found && IsList((*found)->image))
    return PublicList(TRY(ReadList(engine, (*found)->image)), "").Print();
  return ReadRemoteDocument(engine, name, fetch);
}

}  // namespace ctool::engine
