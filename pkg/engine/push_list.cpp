// SPDX-License-Identifier: Apache-2.0
#include <set>
#include <thread>

#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "engine/image_lookup_internal.hpp"
#include "engine/manifest_entries_internal.hpp"
#include "engine/manifest_list_internal.hpp"
#include "engine/push_list_internal.hpp"
#include "engine/push_spool_internal.hpp"
#include "sys/thread.hpp"

namespace ctool::engine {
namespace {

// A blob that goes from one registry to another: fetched only when somebody wants its bytes.
class PassingBlob {
 public:
  PassingBlob(registry::Client& from, const spec::Descriptor& blob, Spool& spool)
      : from_(from), blob_(blob), spool_(spool) {}
  PassingBlob(const PassingBlob&) = delete;
  PassingBlob& operator=(const PassingBlob&) = delete;
  ~PassingBlob() {
    spool_.Stop();
    if (fetcher_.joinable()) fetcher_.join();
  }

  Result<size_t> Read(int64_t offset, std::span<char> into) {
    TRY(Start());
    return spool_.ReadAt(offset, into);
  }
  // All of it.
  Result<spec::Descriptor> Finish() {
    TRY(Start());
    return spool_.Finish();
  }

 private:
  Status Start() {
    if (fetcher_.joinable()) return Ok();
    fetcher_ = TRY(sys::StartThread([this] {
      spool_.Close(from_.GetBlob(blob_, [this](std::string_view chunk) { return spool_.Append(chunk); }, nullptr));
    }));
    return Ok();
  }

  registry::Client& from_;
  const spec::Descriptor& blob_;
  Spool& spool_;
  std::thread fetcher_;
};

Status PassBlob(const PushSession& session, registry::Client& from, const std::string& repository,
                const std::string& what, const spec::Descriptor& blob) {
  const std::unique_ptr<Spool> spool = TRY(Spool::Make(*TRY(session.engine.Store()), session.interrupt));
  PassingBlob passing(from, blob, *spool);
  const std::unique_ptr<PullProgress::Transfer> transfer = session.progress.Begin(what, blob.digest, blob.size);
  OutgoingBlob out;
  out.media_type = blob.media_type;
  out.file = spool->fd();
  out.upload.digest = blob.digest;
  out.upload.size = blob.size;
  out.upload.read = [&](int64_t offset, std::span<char> into) { return passing.Read(offset, into); };
  out.upload.finish = [&] { return passing.Finish(); };
  if (!session.registry.empty() && StartsWith(repository, session.registry + "/"))
    out.upload.mount_from = {repository.substr(session.registry.size() + 1)};
  const registry::BlobSent sent = TRY(session.target.Put(out, transfer->counter()));
  transfer->Finish(sent == registry::BlobSent::kUploaded  ? "done"
                   : sent == registry::BlobSent::kMounted ? "skipped: mounted from another repository"
                                                          : "skipped: already exists");
  return Ok();
}

// An image of a list that is in no store of ours.
Status PassImage(const PushSession& session, const std::string& repository, const spec::Descriptor& entry) {
  if (repository == session.registry + "/" + session.repository) return Ok();  // it is there
  const std::unique_ptr<registry::Client> from =
      TRY(OpenRepository(session.engine, repository, session.options.fetch, session.interrupt.flag()));
  const transport::Document document = TRY(from->GetManifest(entry.digest.str()));
  const spec::Manifest manifest = TRY(spec::Manifest::Parse(document.bytes));
  std::set<std::string> seen;
  for (const spec::Descriptor& layer : manifest.layers)
    if (seen.insert(layer.digest.str()).second) TRY(PassBlob(session, *from, repository, "Copying blob", layer));
  TRY(PassBlob(session, *from, repository, "Copying config", manifest.config));
  session.progress.Line("Writing manifest to image destination");
  return session.target.PutManifest(document, true);
}

Status PushEntry(const PushSession& session, spec::Descriptor& entry) {
  const std::string source = entry.annotations[kEntrySource];
  if (StartsWith(source, kInRegistry)) return PassImage(session, source.substr(kInRegistry.size()), entry);
  if (!StartsWith(source, kStoredImage))
    return Error(Code::kNotFound, "it is not known where image " + entry.digest.str() + " of the list is");
  const std::string id = source.substr(kStoredImage.size());
  const std::optional<state::Image> image = TRY(TRY(session.engine.Db())->FindImageById(id));
  if (!image) return ImageNotKnown(id);
  // Layers may be compressed on the way, and the manifest is another one then.
  const transport::Document document = TRY(PushImage(session, *image, true));
  entry.media_type = document.content_type;
  entry.digest = document.digest;
  entry.size = static_cast<int64_t>(document.bytes.size());
  return Ok();
}

}  // namespace

Result<std::vector<std::string>> ListRepositories(Engine& engine, const state::Image& list) {
  std::vector<std::string> out;
  for (const spec::Descriptor& entry : TRY(ReadList(engine, list)).manifests) {
    const auto source = entry.annotations.find(kEntrySource);
    if (source != entry.annotations.end() && StartsWith(source->second, kInRegistry))
      out.push_back(source->second.substr(kInRegistry.size()));
  }
  return out;
}

Result<transport::Document> PushListTo(const PushSession& session, const state::Image& list) {
  spec::Index index = TRY(ReadList(session.engine, list));
  const std::string total = std::to_string(index.manifests.size());
  session.progress.Line("Getting image list signatures");
  if (session.options.all) {
    session.progress.Line("Copying " + total + " of " + total + " images in list");
    for (size_t i = 0; i < index.manifests.size(); ++i) {
      session.progress.Line("Copying image " + index.manifests[i].digest.str() + " (" + std::to_string(i + 1) + "/" +
                            total + ")");
      TRY(PushEntry(session, index.manifests[i]));
    }
  }
  const spec::Index open = PublicList(std::move(index), session.options.format);
  transport::Document document;
  document.bytes = open.Print();
  document.content_type = open.media_type;
  document.digest = digest::Sha256(document.bytes);
  session.progress.Line("Writing manifest list to image destination");
  TRY(session.target.PutManifest(document, false));
  return document;
}

}  // namespace ctool::engine
