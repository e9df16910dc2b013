// SPDX-License-Identifier: Apache-2.0
#include "engine/push.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/text.hpp"
#include "engine/endpoint_internal.hpp"
#include "engine/images.hpp"
#include "engine/manifest_list.hpp"
#include "engine/push_image_internal.hpp"
#include "engine/push_list_internal.hpp"
#include "engine/tell.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

// Repositories of the destination's registry from which blobs may be mounted. A token server is asked for the right to
// read each of them, so there are not many.
Result<std::vector<std::string>> MountSources(Engine& engine, const spec::Reference& destination,
                                              const std::vector<std::string>& repositories) {
  constexpr size_t kMost = 4;
  std::vector<std::string> out;
  if (destination.domain.empty()) return out;
  for (const std::string& repository : repositories)
    if (out.size() < kMost && StartsWith(repository, destination.domain + "/"))
      out.push_back(repository.substr(destination.domain.size() + 1));
  for (const auto& [blob, repository] : TRY(TRY(engine.Db())->BlobRepositories(destination.domain))) {
    const bool known = std::find(out.begin(), out.end(), repository) != out.end();
    if (repository != destination.path && !known && out.size() < kMost) out.push_back(repository);
  }
  return out;
}

Status WriteDigestFile(const std::string& file, const spec::Digest& digest) {
  if (file.empty()) return Ok();
  return sys::WriteFileAtomic(file, digest.str(), 0644, sys::Durability::kNone);
}

}  // namespace

Result<std::string> RunPush(Engine& engine, const PushOptions& options, const PushDestination& destination,
                            const std::vector<std::string>& repositories,
                            const std::function<Result<transport::Document>(const PushSession&)>& work) {
  TRY(CheckPushOptions(options));
  const std::unique_ptr<Interrupt> interrupt = TRY(Interrupt::Begin());
  registry::Client::Options client = TRY(ClientOptions(options.fetch));
  client.cancel = interrupt->flag();
  const auto push = [&]() -> Result<transport::Document> {
    const std::unique_ptr<PushTarget> target = TRY(OpenTarget(engine, destination, options, std::move(client),
                                                              TRY(MountSources(engine, destination.reference, repositories))));
    PullProgress progress(PullProgress::StyleFor(STDERR_FILENO, options.fetch.quiet));
    const transport::Document document =
        TRY(work({engine, options, destination.reference.domain, destination.reference.path, *target, progress, *interrupt}));
    TRY(target->Finish());
    return document;
  };
  const Result<transport::Document> pushed = push();
  if (!pushed.ok()) {
    interrupt->TakeEffect();
    return pushed.error();
  }
  TRY(WriteDigestFile(options.digest_file, pushed->digest));
  return pushed->digest.str();
}

Result<std::string> Push(Engine& engine, const PushOptions& options) {
  const FoundImage image = TRY(RequireImage(engine, options.image));
  if (options.destination.empty() && image.name.empty())
    return Error(Code::kInvalidArgument, "the image has no name: say where to push it");
  const PushDestination destination = TRY(ParseDestination(options.destination, image.name));
  const bool list = IsList(image.image);
  std::vector<std::string> repositories;
  if (list) repositories = TRY(ListRepositories(engine, image.image));
  Result<std::string> digest = RunPush(engine, options, destination, repositories, [&](const PushSession& session) {
    return list ? PushListTo(session, image.image) : PushImage(session, image.image, false);
  });
  if (!digest.ok()) return std::move(digest).error().Wrap("pushing to " + destination.Print());
  TellImage(engine, "push", image.image.id, options.image);
  return digest;
}

}  // namespace ctool::engine
