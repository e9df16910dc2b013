// SPDX-License-Identifier: Apache-2.0
#include "engine/pull_image_internal.hpp"

#include <algorithm>

#include "base/trace.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/add_image_internal.hpp"
#include "engine/unused.hpp"
#include "engine/pull_session_internal.hpp"
#include "engine/pull_signatures_internal.hpp"
#include "transport/registry_source.hpp"

namespace ctool::engine {
namespace {

std::string Initializing(const PullSource& source) {
  return "initializing source docker://" + source.reference.Name();
}

// Whether the image that is here under this very reference is whole and of the right platform.
Result<std::optional<state::Image>> LocalCopy(const PullSession& session,
                                              const spec::Reference& reference) {
  std::optional<state::Image> image =
      reference.digest.empty()
          ? TRY(session.db.FindImageByName(reference.Name()))
          : TRY(session.db.FindImageByDigest(reference.Repository(), reference.digest.str()));
  if (!image) return image;
  if (!PlatformMismatch(TRY(PlatformOf(*image)), session.plan.platform).empty())
    return std::optional<state::Image>();
  for (const state::ImageLayer& layer : image->layers)
    if (!TRY(LayerIsUsable(session.store, session.db, layer.diff_id))) return std::optional<state::Image>();
  return image;
}

bool Has(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

Result<std::string> FetchFrom(const PullSession& session, const PullSource& source, OpenedSource opened) {
  // What an interrupted pull or a removal during one left is cleared away while nobody adds.
  TRY(DiscardUnused(session.store, session.db));
  const sys::FileLock adding =
      TRY(session.store.LockContent(sys::FileLock::Mode::kShared));
  ImageAdder adder({session.store, session.db, session.plan.map, session.plan.platform,
                    session.interrupt, session.progress, [&](const spec::Digest& manifest) -> Status {
                      if (source.signatures.empty()) return Ok();
                      registry::Client::Options options = session.plan.client;
                      options.cancel = session.interrupt.flag();
                      return CheckSignatures(source, *opened.endpoint, options, manifest);
                    }});
  Mark("manifest fetched");
  AddedImage image = TRY(adder.Add(*opened.image, std::move(opened.top)));
  Mark("layers unpacked");
  // An image that was fetched by digest is named by it: there is no tag that stands for it.
  image.row.names = {source.reference.Name()};
  image.row.digests = RepoDigests(source.reference, image);
  TRY(session.interrupt.Check());
  std::vector<AddedImage> images;
  images.push_back(std::move(image));
  const std::string id = TRY(CommitImages(session.store, session.db, std::move(images))).front();
  Mark("image recorded");
  return id;
}

void Announce(const PullSession& session, const PullSource& source) {
  if (!source.alias_file.empty())
    session.progress.Line("Resolved " + Quote(session.plan.name) + " as an alias (" +
                          source.alias_file + ")");
  session.progress.Line("Trying to pull " + source.reference.Name() + "...");
}

bool IsCurrent(const state::Image& image, const spec::Reference& reference,
               const spec::Digest& digest) {
  return Has(image.names, reference.Name()) && Has(image.digests, RepoDigest(reference, digest));
}

Result<std::string> TrySource(const PullSession& session, const PullSource& source) {
  if (source.refused) return Error(*source.refused);
  // An image that was fetched under another policy is looked at again.
  std::optional<state::Image> local;
  if (source.signatures.empty()) local = TRY(LocalCopy(session, source.reference));
  if (session.plan.policy != "newer" || !local) Announce(session, source);
  // One request tells whether there is anything to do.
  OpenedSource opened = TRY(OpenSource(source, session.plan.client, session.interrupt, local.has_value()));
  if (local) {
    if (IsCurrent(*local, source.reference, opened.top.digest)) {
      if (session.plan.policy != "newer") session.progress.Line("Image is up to date");
      return local->id;
    }
    if (session.plan.policy == "newer") Announce(session, source);
    if (opened.top.bytes.empty())
      opened.top = TRY_CTX(Initializing(source), opened.image->GetManifest({}));
  }
  return TRY_CTX("pulling " + source.reference.Name(),
                 FetchFrom(session, source, std::move(opened)));
}

Result<std::string> TrySources(const PullSession& session) {
  std::vector<Error> errors;
  for (const PullSource& source : session.plan.sources) {
    Result<std::string> id = TrySource(session, source);
    if (id.ok()) return id;
    TRY(session.interrupt.Check());
    session.interrupt.Resume();
    errors.push_back(std::move(id).error());
  }
  // "newer" is content with what is here when nobody can say whether there is something newer.
  if (session.plan.policy == "newer" && session.plan.local) {
    for (const Error& error : errors) Debug(error.Message());
    return session.plan.local->image.id;
  }
  if (errors.empty()) return Error(Code::kInternal, "nothing to pull");
  return AllFailed(std::move(errors));
}

}  // namespace

Result<OpenedSource> OpenSource(const PullSource& source, registry::Client::Options options, const Interrupt& interrupt,
                                bool only_digest) {
  options.cancel = interrupt.flag();
  std::optional<Error> last;
  for (const registry::Endpoint& endpoint : source.endpoints) {
    if (last) Debug("mirror: " + last->Message());
    Result<std::unique_ptr<registry::Client>> client =
        registry::Client::Connect(endpoint, options);
    if (client.ok()) {
      OpenedSource opened{transport::FromRegistry(std::move(*client), source.reference), {}, &endpoint};
      Result<transport::Document> top =
          only_digest ? opened.image->HeadManifest() : opened.image->GetManifest({});
      if (top.ok()) {
        opened.top = std::move(*top);
        return opened;
      }
      last = std::move(top).error();
    } else {
      last = std::move(client).error();
    }
    TRY(interrupt.Check());
  }
  if (!last) last = Error(Code::kInternal, "no registry to ask");
  return std::move(*last).Wrap(Initializing(source));
}

Error AllFailed(std::vector<Error> errors) {
  if (errors.size() == 1) return std::move(errors.front());
  std::vector<std::string> texts;
  for (const Error& error : errors) texts.push_back(error.Message());
  return Error(errors.back().code(), std::to_string(errors.size()) +
                                         " errors occurred while pulling: " + Join(texts, "; "));
}

Result<std::string> FetchImage(const PullPlan& plan, Interrupt& interrupt,
                               PullProgress& progress) {
  Engine engine(plan.store);
  const storage::Store& store = *TRY(engine.Store());
  state::Database& db = *TRY(engine.Db());
  const PullSession session{plan, store, db, interrupt, progress};
  Result<std::string> id = TrySources(session);
  if (id.ok()) return id;
  // The error is what counts here; what can't be cleared away now goes with the next pull.
  const Result<bool> discarded = DiscardUnused(store, db);
  if (!discarded.ok()) Debug(discarded.error().Message());
  return id;
}

}  // namespace ctool::engine
