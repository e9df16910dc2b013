// SPDX-License-Identifier: Apache-2.0
#include "builder/builder.hpp"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "build/parser.hpp"
#include "builder/context.hpp"
#include "builder/export.hpp"
#include "builder/finish.hpp"
#include "builder/host.hpp"
#include "builder/inputs.hpp"
#include "builder/shared_cache.hpp"
#include "builder/stage.hpp"
#include "engine/in_store.hpp"
#include "engine/manifest_list.hpp"
#include "engine/save.hpp"
#include "engine/step.hpp"
#include "engine/unused.hpp"
#include "sys/file.hpp"

namespace ctool::builder {
namespace {

// What the inside tells the outside of a build whose RUN has failed: its status, and what to say.
constexpr char kFailedRun = '!';

Result<build::Containerfile> Parse(const Context& context) {
  build::Diagnostic diagnostic;
  Result<build::Containerfile> parsed = build::ParseContainerfile(context.file, context.text, &diagnostic);
  if (!parsed.ok()) {
    for (const std::string& line : diagnostic.Excerpt()) static_cast<void>(sys::WriteAll(STDERR_FILENO, line + "\n", "stderr"));
    return parsed;
  }
  for (const build::Warning& warning : parsed->warnings)
    Warn(context.file + ":" + std::to_string(warning.where.line) + ": " + warning.message + " (" + warning.rule + ")");
  if (parsed->warnings_are_errors && !parsed->warnings.empty())
    return Error(Code::kInvalidArgument, context.file + ": # check=error=true, and there are warnings");
  return parsed;
}

Result<spec::Platform> TargetPlatform(const BuildOptions& options) {
  if (!options.platforms.empty()) return spec::Platform::Parse(options.platforms.front());
  spec::Platform platform = spec::Platform::Host();
  if (!options.fetch.os.empty()) platform.os = options.fetch.os;
  if (!options.fetch.arch.empty()) platform.architecture = options.fetch.arch;
  if (!options.fetch.variant.empty()) platform.variant = options.fetch.variant;
  return platform;
}

Status WriteIdFiles(const BuildOptions& options, const std::string& id) {
  if (!options.iidfile.empty()) TRY_CTX("--iidfile", sys::WriteFileAtomic(options.iidfile, "sha256:" + id, 0644, sys::Durability::kNone));
  if (!options.iidfile_raw.empty()) TRY_CTX("--iidfile-raw", sys::WriteFileAtomic(options.iidfile_raw, id, 0644, sys::Durability::kNone));
  return Ok();
}

// One build, inside the store's user namespace.
class Inside {
 public:
  Inside(const engine::GlobalOptions& where, const BuildOptions& options, const userns::IdMap& map, const sys::Fd& host, std::string run_root,
         const std::vector<std::string>& fetched, engine::Interrupt& interrupt)
      : options_(options), map_(map), host_(host, *interrupt.flag()), run_root_(std::move(run_root)), fetched_(fetched), interrupt_(interrupt), engine_(where) {}

  Result<std::string> Run() {
    store_ = TRY(engine_.Store());
    db_ = TRY(engine_.Db());
    if (const Status swept = engine::SweepSteps(engine_); !swept.ok()) Debug(swept.error().Message());
    const std::string cache_dir = store_->root() + "/cache/build";
    TRY(sys::MakeDirs(cache_dir + "/empty", 0755));
    digests_.emplace(cache_dir + "/digests");
    Result<std::string> done = Build(cache_dir + "/empty");
    digests_->Save();
    return done;
  }

 private:
  Result<std::string> Build(const std::string& empty) {
    const ContextPlace place{*store_, interrupt_, *digests_};
    const Context context = TRY(OpenContext(options_, place));
    const build::Containerfile file = TRY(Parse(context));
    const spec::Platform platform = TRY(TargetPlatform(options_));
    build::GlobalScope scope(TRY(BuildArguments(options_)), spec::Platform::Host(), platform);
    for (const build::Instruction& instruction : file.global_arguments)
      TRY_CTX(context.file + ":" + std::to_string(instruction.where.line), scope.Declare(std::get<build::Arg>(instruction.body), file.escape));
    GivenContexts given;
    std::map<std::string, std::unique_ptr<SourceTree>> contexts;
    std::vector<std::optional<WorkFolder>> fetched;
    for (const NamedContext& named : TRY(NamedContextsOf(options_))) {
      given[named.name] = named.image ? named.where : "";
      if (named.image) continue;
      fetched.emplace_back();
      contexts[named.name] = TRY(OpenNamedContext(named.where, place, fetched.back()));
    }
    const Graph graph = TRY(Graph::Make(file, scope, given, options_.target, options_.from));
    for (const std::string& text : options_.outputs) TRY(ParseArchiveOutput(text));  // wrong ones before anything runs
    const Secrets secrets = TRY(Secrets::Read(options_.secrets, options_.ssh));
    const std::vector<std::string> names = TRY(NamesOf(options_));

    const sys::FileLock adding = TRY(store_->LockContent(sys::FileLock::Mode::kShared));
    const std::string boot_id = TRY(BootId());
    const int64_t ttl = TRY(Ttl());
    const Times times = TRY(TimesOf(options_));
    const int out = TRY(OutputFd());
    Cache cache(*store_, *db_, boot_id, {!options_.no_cache, ttl});
    TRY(TakeOverCache(*store_, *db_, map_, boot_id, fetched_, interrupt_));
    const bool live = !options_.quiet && ::isatty(STDERR_FILENO) != 0 && ::isatty(STDOUT_FILENO) != 0;
    Output output({options_.quiet, live, out, STDERR_FILENO}, graph.target + 1);
    Slots slots(JobsOf(options_));
    Session session{options_, *store_, map_, interrupt_, host_, cache, output, slots, context.tree.get(), secrets, run_root_, empty,
                    times, options_.squash || options_.squash_all || !options_.layers, {}};
    Stages stages(session, file, graph, given, std::move(contexts), std::move(scope), platform);
    Result<StageState> target = stages.Build();
    if (!target.ok() && stages.exit_code() != 0) return kFailedRun + std::to_string(stages.exit_code()) + " " + target.error().Message();
    TRY(Result<StageState>(target));
    const std::string id = TRY(FinishImage(session, *db_, *target, names));
    TRY(cache.Settle());
    for (const std::string& text : options_.outputs) TRY(Export(session, *target, text));
    TRY(WriteIdFiles(options_, id));
    Tell(output, graph.PrefixOf(graph.target), stages.scope, names, id);
    return options_.cache_to.empty() ? id : id + "\n" + Join(cache.keys(), "\n");
  }

  void Tell(Output& output, const std::string& prefix, const build::GlobalScope& scope, const std::vector<std::string>& names, const std::string& id) const {
    std::string text;
    if (!options_.quiet) {
      text += prefix + "COMMIT" + (names.empty() ? "" : " " + options_.tags.front()) + "\n--> " + id.substr(0, 11) + "\n";
      if (const std::vector<std::string> unused = scope.Unused(); !unused.empty())
        text += "[Warning] one or more build args were not consumed: [" + Join(unused, " ") + "]\n";
      for (const std::string& name : names) text += "Successfully tagged " + name + "\n";
    }
    if (options_.iidfile.empty() && options_.iidfile_raw.empty()) text += id + "\n";
    output.Last(text);
  }

  Result<int> OutputFd() {
    // An archive there is not to be mixed with what the build says.
    if (options_.logfile.empty()) return TakesStandardOutput(options_.outputs) ? STDERR_FILENO : STDOUT_FILENO;
    log_ = TRY(sys::Open(options_.logfile, O_WRONLY | O_CREAT | O_APPEND, 0644));
    return log_.get();
  }

  static Result<std::string> BootId() {
    return std::string(Trim(TRY(sys::ReadFile("/proc/sys/kernel/random/boot_id", 64))));
  }

  Result<int64_t> Ttl() const {
    if (options_.cache_ttl.empty()) return 0;
    const std::optional<int64_t> ttl = ParseGoDuration(options_.cache_ttl);
    if (!ttl || *ttl < 0) return Error(Code::kInvalidArgument, "--cache-ttl " + Quote(options_.cache_ttl) + ": wanted a duration such as 24h");
    // None at all: nothing of before counts.
    return *ttl == 0 ? 1 : *ttl;
  }

  const BuildOptions& options_;
  const userns::IdMap& map_;
  const HostClient host_;
  const std::string run_root_;
  const std::vector<std::string>& fetched_;
  engine::Interrupt& interrupt_;
  engine::Engine engine_;
  storage::Store* store_ = nullptr;
  state::Database* db_ = nullptr;
  std::optional<DigestCache> digests_;
  sys::Fd log_;
};

}  // namespace

namespace {

// --output type=oci,dest=FILE: the image itself.
Status ExportArchives(const engine::GlobalOptions& where, const std::string& id, const BuildOptions& options) {
  for (const std::string& text : options.outputs) {
    const std::optional<ArchiveOutput> archive = TRY(ParseArchiveOutput(text));
    if (!archive) continue;
    engine::Engine engine(where);
    engine::SaveOptions save;
    save.images = options.tags.empty() ? std::vector<std::string>{id} : options.tags;
    save.multi = !options.tags.empty();
    save.format = archive->format;
    save.output = archive->destination == "-" ? "" : archive->destination;
    save.quiet = true;
    TRY(engine::Save(engine, save));
  }
  return Ok();
}

// For one platform.
Result<BuildOutcome> BuildOne(engine::Engine& engine, const BuildOptions& options) {
  const config::Paths& paths = *TRY(engine.Paths());
  const engine::GlobalOptions where{paths.graph_root, paths.run_root};
  TRY(engine.Store());  // made, if it is new, before anybody enters it
  const userns::IdMap map = TRY(userns::DefaultMap());
  const std::vector<std::string> fetched = TRY(FetchCache(where, options));
  const Host host = TRY(Host::Start(where, options));
  Result<std::string> done = engine::RunInStore(map, where, [&](engine::Interrupt& interrupt) {
    return Inside(where, options, map, host.socket(), paths.run_root, fetched, interrupt).Run();
  });
  const std::string said = TRY(std::move(done));
  if (said.empty() || said.front() != kFailedRun) {
    std::vector<std::string> lines = Split(said, '\n');
    BuildOutcome outcome{0, lines.front(), ""};
    lines.erase(lines.begin());
    TRY(ExportCache(where, lines, options));
    TRY(ExportArchives(where, outcome.id, options));
    return outcome;
  }
  const size_t blank = said.find(' ');
  return BuildOutcome{static_cast<int>(ParseInt(std::string_view(said).substr(1, blank - 1)).value_or(125)), "", said.substr(blank + 1)};
}

// The base images are the platform's too.
BuildOptions ForPlatform(BuildOptions options, size_t index) {
  if (options.platforms.empty()) return options;
  const std::string platform = options.platforms[index];
  options.platforms = {platform};
  options.fetch.platform = platform;
  return options;
}

// Makes a list of the images, or adds them to the one that is there.
Status MakeList(engine::Engine& engine, const std::string& name, const std::vector<std::string>& ids) {
  const config::Paths& paths = *TRY(engine.Paths());
  engine::Engine own({paths.graph_root, paths.run_root});
  engine::CreateListOptions list;
  list.name = name;
  list.amend = true;
  for (const std::string& id : ids) list.images.push_back("containers-storage:" + id);
  TRY(engine::CreateList(own, list));
  return Ok();
}

}  // namespace

Result<BuildOutcome> Build(engine::Engine& engine, const BuildOptions& options) {
  const bool several = options.platforms.size() > 1;
  if (!several && options.manifest.empty()) return BuildOne(engine, ForPlatform(options, 0));
  const std::string list = !options.manifest.empty() ? options.manifest : options.tags.empty() ? "" : options.tags.front();
  std::vector<std::string> ids;
  for (size_t i = 0; i < std::max<size_t>(options.platforms.size(), 1); ++i) {
    BuildOptions one = ForPlatform(options, i);
    // The names are the list's.
    if (several) one.tags.clear();
    BuildOutcome outcome = TRY(BuildOne(engine, one));
    if (outcome.exit_code != 0) return outcome;
    ids.push_back(std::move(outcome.id));
  }
  if (!list.empty()) TRY(MakeList(engine, list, ids));
  return BuildOutcome{};
}

}  // namespace ctool::builder
