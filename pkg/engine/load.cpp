// SPDX-License-Identifier: Apache-2.0
#include "engine/load.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/text.hpp"
#include "config/policy.hpp"
#include "engine/add_image_internal.hpp"
#include "engine/unused.hpp"
#include "engine/images.hpp"
#include "engine/input_stream.hpp"
#include "engine/load_spool_internal.hpp"
#include "engine/manifest_list_internal.hpp"
#include "engine/in_store.hpp"
#include "engine/tell.hpp"
#include "sys/file.hpp"
#include "transport/images.hpp"

namespace ctool::engine {
namespace {

// A load with everything settled that needs the invoking user.
struct LoadPlan {
  Input input;
  std::optional<transport::ImageName> name;  // one image of the input; else all
  config::Policy policy;
  GlobalOptions store;
  userns::IdMap map;
  AskedPlatform platform;
  bool quiet = false;
};

Result<LoadPlan> PlanLoad(Engine& engine, const std::string& source, bool quiet) {
  LoadPlan plan{TRY(FindInput(source)), {}, TRY(config::Policy::Load()), {}, {}, TRY(PlatformFrom({})), quiet};
  const config::Paths& paths = *TRY(engine.Paths());
  plan.store = GlobalOptions{paths.graph_root, paths.run_root};
  plan.map = TRY(userns::DefaultMap());
  return plan;
}

// A plain tar archive in a file that stands at its beginning is read where it is.
Result<bool> IsTarFile(const Input& input) {
  if (!input.file) return false;
  const struct stat st = TRY(sys::StatFd(input.file.get(), input.what));
  if (!S_ISREG(st.st_mode) || ::lseek(input.file.get(), 0, SEEK_CUR) != 0) return false;
  std::string first(6, '\0');
  const ssize_t n = ::pread(input.file.get(), first.data(), first.size(), 0);
  if (n < 0) return Error::Sys(errno, "read", input.what);
  first.resize(static_cast<size_t>(n));
  return archive::DetectCompression(first) == spec::Compression::kNone;
}

Result<sys::Fd> Duplicate(const Input& input) {
  sys::Fd file(::fcntl(input.file.get(), F_DUPFD_CLOEXEC, 3));
  if (!file) return Error::Sys(errno, "dup", input.what);
  return file;
}

Result<std::shared_ptr<const transport::Archive>> OpenArchive(const Input& input, Interrupt& interrupt,
                                                              transport::Spool& spool) {
  if (input.file) {
    const struct stat st = TRY(sys::StatFd(input.file.get(), input.what));
    if (S_ISDIR(st.st_mode)) return transport::OpenFolder(TRY(Duplicate(input)), input.what);
    if (TRY(IsTarFile(input))) return transport::OpenTarFile(TRY(Duplicate(input)), input.what);
  }
  const std::unique_ptr<archive::Source> raw = TRY(OpenInput(input, interrupt));
  const std::unique_ptr<archive::Source> tar = TRY_CTX(input.what, archive::DecompressDetected(*raw));
  return transport::ReadTarStream(*tar, spool, input.what);
}

// What an archive calls an image, as a whole reference. In an archive of docker's a short name is one of docker.io.
Result<spec::Reference> NameOf(const transport::ImageSource& source, const std::string& given) {
  const bool docker = StartsWith(source.Name(), "docker-archive:");
  Result<spec::Reference> name = spec::Reference::ParseWithDomain(given, docker ? "docker.io" : "localhost");
  const std::string text = Quote(given.substr(0, 200));
  if (!name.ok())
    return Error(Code::kCorrupt, source.Name().substr(0, 300) + ": invalid tag " + text + ", an invalid reference: " + name.error().text());
  if (!name->digest.empty())
    return Error(Code::kCorrupt, source.Name().substr(0, 300) + ": invalid tag " + text + ": a digest can't be given");
  return name;
}

Status CheckPolicy(const config::Policy& policy, const transport::ImageSource& source) {
  const std::string name = source.Name();
  return policy.CheckTransport(std::string_view(name).substr(0, name.find(':')));
}

class Loader {
 public:
  Loader(const LoadPlan& plan, const storage::Store& store, state::Database& db, Interrupt& interrupt,
         PullProgress& progress)
      : plan_(plan), store_(store), db_(db), interrupt_(interrupt),
        adder_({store, db, plan.map, plan.platform, interrupt, progress}) {}

  Result<std::vector<LoadedImage>> Run() {
    StoreSpool spool(store_, adder_);
    std::shared_ptr<const transport::Archive> archive = TRY(OpenArchive(plan_.input, interrupt_, spool));
    const transport::Images images = TRY(Choose(std::move(archive)));
    std::vector<LoadedImage> loaded;
    std::vector<AddedImage> added;
    // Names first: nothing is unpacked for an archive that is refused.
    std::vector<std::vector<spec::Reference>> names;
    for (const auto& image : images) names.push_back(TRY(NamesOf(*image)));
    for (size_t i = 0; i < images.size(); ++i) {
      if (images[i]->IsList()) {
        TRY_CTX("loading " + images[i]->Name().substr(0, 300), AddList(*images[i], names[i], added));
        loaded.push_back({added.back().row.id, added.back().row.names});
        continue;
      }
      AddedImage image = TRY_CTX("loading " + images[i]->Name().substr(0, 300), Add(*images[i]));
      for (const spec::Reference& name : names[i]) {
        image.row.names.push_back(name.Name());
        for (std::string& digest : RepoDigests(name, image)) image.row.digests.push_back(std::move(digest));
      }
      loaded.push_back({image.row.id, image.row.names});
      added.push_back(std::move(image));
    }
    TRY(interrupt_.Check());
    TRY(CommitImages(store_, db_, std::move(added)));
    return loaded;
  }

 private:
  Result<transport::Images> Choose(std::shared_ptr<const transport::Archive> archive) const {
    if (!plan_.name) return transport::FindImages(std::move(archive));
    transport::Images images = TRY(transport::FindImages(std::move(archive), *plan_.name));
    if (images.size() == 1) return images;
    return Error(Code::kInvalidArgument, Quote(plan_.name->Print()) + ": there are " + std::to_string(images.size()) +
                                             " images in it")
        .Hint("choose one by its name, or by its place: " + plan_.name->Print() + ":@0; or `ctool load` takes all");
  }

  Result<std::vector<spec::Reference>> NamesOf(const transport::ImageSource& image) const {
    TRY(CheckPolicy(plan_.policy, image));
    std::vector<spec::Reference> names;
    for (const std::string& given : image.GivenNames()) names.push_back(TRY(NameOf(image, given)));
    return names;
  }

  Result<AddedImage> Add(transport::ImageSource& image) { return adder_.Add(image, TRY(image.GetManifest({}))); }

  // Every image of a list, without a name, and the list, which knows them by their ids.
  Status AddList(transport::ImageSource& source, const std::vector<spec::Reference>& names, std::vector<AddedImage>& added) {
    const transport::Document top = TRY(source.GetManifest({}));
    if (!TRY(spec::IsIndex(top.bytes, top.content_type))) return Error(Code::kCorrupt, "it is called a list and is none");
    spec::Index index = TRY(spec::Index::Parse(top.bytes));
    if (index.manifests.size() > kMostEntries) return Error(Code::kCorrupt, "the list is too long");
    for (spec::Descriptor& entry : index.manifests) {
      transport::Document manifest = TRY(source.GetManifest(entry.digest));
      if (TRY(spec::IsIndex(manifest.bytes, manifest.content_type)))
        return Error(Code::kCorrupt, "an index in an index: " + entry.digest.str());
      AddedImage image = TRY(adder_.Add(source, std::move(manifest)));
      for (const spec::Reference& name : names) image.row.digests.push_back(RepoDigest(name, entry.digest));
      entry.annotations[kEntrySource] = std::string(kStoredImage) + image.row.id;
      added.push_back(std::move(image));
    }
    AddedImage list;
    std::vector<std::string> texts;
    for (const spec::Reference& name : names) texts.push_back(name.Name());
    list.row = TRY(NewListRow(store_, index, texts));
    added.push_back(std::move(list));
    return Ok();
  }

  const LoadPlan& plan_;
  const storage::Store& store_;
  state::Database& db_;
  Interrupt& interrupt_;
  ImageAdder adder_;
};

Result<std::vector<LoadedImage>> AddToStore(const LoadPlan& plan, const storage::Store& store, state::Database& db,
                                            Interrupt& interrupt) {
  const sys::FileLock adding = TRY(store.LockContent(sys::FileLock::Mode::kShared));
  PullProgress progress(PullProgress::StyleFor(STDERR_FILENO, plan.quiet));
  return Loader(plan, store, db, interrupt, progress).Run();
}

// The list of what was loaded, on its way out of the child that loads.
std::string Encode(const std::vector<LoadedImage>& images) {
  nlohmann::json out = nlohmann::json::array();
  for (const LoadedImage& image : images) out.push_back({image.id, image.names});
  return out.dump();
}

std::vector<LoadedImage> Decode(const std::string& text) {
  std::vector<LoadedImage> images;
  for (const nlohmann::json& image : nlohmann::json::parse(text, nullptr, false))
    images.push_back({image[0].get<std::string>(), image[1].get<std::vector<std::string>>()});
  return images;
}

Result<std::string> LoadInside(const LoadPlan& plan, Interrupt& interrupt) {
  Engine engine(plan.store);
  const storage::Store& store = *TRY(engine.Store());
  state::Database& db = *TRY(engine.Db());
  TRY(DiscardUnused(store, db));
  const Result<std::vector<LoadedImage>> images = AddToStore(plan, store, db, interrupt);
  // After a failure everything, after a load from a stream what was in the archive besides the images.
  const Result<bool> discarded = DiscardUnused(store, db);
  if (!discarded.ok()) Debug(discarded.error().Message());
  if (!images.ok()) return images.error();
  return Encode(*images);
}

Result<std::vector<LoadedImage>> LoadPlanned(Engine& engine, const LoadPlan& plan, const char* event) {
  const std::string text = TRY(RunInStore(plan.map, plan.store, [&plan](Interrupt& interrupt) {
    return LoadInside(plan, interrupt);
  }));
  std::vector<LoadedImage> images = Decode(text);
  for (const LoadedImage& image : images)
    TellImage(engine, event, image.id, image.names.empty() ? plan.input.what : image.names.front());
  return images;
}

}  // namespace

Result<std::vector<LoadedImage>> Load(Engine& engine, const LoadOptions& options) {
  if (options.input.empty() && ::isatty(STDIN_FILENO) == 1)
    return Error(Code::kInvalidArgument,
                 "cannot read from terminal, use command-line redirection or the --input flag");
  const LoadPlan plan = TRY(PlanLoad(engine, options.input.empty() ? "-" : options.input, options.quiet));
  return LoadPlanned(engine, plan, "loadfromarchive");
}

Result<std::string> PullFrom(Engine& engine, const transport::ImageName& name, bool quiet) {
  if (name.kind == transport::Kind::kContainersStorage)
    return TRY(RequireImage(engine, name.reference)).image.id;
  LoadPlan plan = TRY_CTX("pulling " + name.Print(), PlanLoad(engine, name.path, quiet));
  plan.name = name;
  return TRY(LoadPlanned(engine, plan, "pull")).front().id;
}

}  // namespace ctool::engine
