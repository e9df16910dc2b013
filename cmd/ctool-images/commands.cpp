// SPDX-License-Identifier: Apache-2.0
#include "ctool-images/commands.hpp"

#include "ctool/container/file_options.hpp"
#include "ctool/container/options.hpp"
#include "ctool/context.hpp"
#include "ctool/system/check.hpp"
#include "engine/volumes.hpp"
#include "sys/file.hpp"
#include "yaml/yaml.hpp"

namespace ctool {
namespace {

struct YamlOptions {
  std::string file;
};

Result<int> RunPull(Context& context, const PullOptions& options) {
  Several several;
  std::vector<std::string> images;
  for (const std::string& image : options.images) {
    Result<std::vector<std::string>> names = std::vector<std::string>{image};
    if (options.all_tags) names = engine::AllTags(context.engine, image, options.fetch);
    if (names.ok()) images.insert(images.end(), names->begin(), names->end());
    else several.Add(std::move(names).error());
  }
  for (const std::string& image : images) {
    const Result<std::string> id =
        engine::Pull(context.engine, image, options.policy, options.fetch);
    if (id.ok()) PrintLine(context, *id);
    several.Add(id.ok() ? Ok() : Status(id.error()));
  }
  return several.Finish();
}

Result<int> RunImport(Context& context, const ImportCommandOptions& options) {
  PrintLine(context, "sha256:" + TRY(engine::Import(context.engine, options.import)));
  return 0;
}

// podman's words: a line for each name.
Result<int> RunLoad(Context& context, const LoadCommandOptions& options) {
  for (const engine::LoadedImage& image : TRY(engine::Load(context.engine, options.load))) {
    if (image.names.empty()) PrintLine(context, "Loaded image: sha256:" + image.id);
    for (const std::string& name : image.names) PrintLine(context, "Loaded image: " + name);
  }
  return 0;
}

Result<int> RunSave(Context& context, const SaveCommandOptions& options) {
  TRY(engine::Save(context.engine, options.save));
  return 0;
}

// From an archive on the standard input: ctool does the rest itself.
Result<int> RunCp(Context& context, const CpOptions& options) {
  TRY(engine::CopyFromArchive(context.engine, options.copy));
  return 0;
}

Result<int> RunVolumeImport(Context& context, const VolumeImportOptions& options) {
  TRY(engine::ImportVolume(context.engine, options.volume, options.input));
  return 0;
}

// The caller prints what comes of it, so errors go to stdout too, in a form for programs.
Result<int> RunFetch(Context& context, const PullOptions& options) {
  return engine::ServeFetch(context.engine, options.images.front(), options.policy, options.fetch);
}

// Device specifications, for the engine.
Result<int> RunYaml(Context& context, const YamlOptions& options) {
  constexpr size_t kMost = 4 << 20;
  PrintLine(context, TRY(yaml::ToJson(TRY(sys::ReadFile(options.file, kMost)))));
  return 0;
}

cli::Command DescribeYaml(YamlOptions& options) {
  cli::Command command;
  command.summary = "Print a YAML file as JSON";
  command.args = {{.name = "FILE", .sink = &options.file}};
  command.hidden = true;
  return command;
}

cli::Command DescribeFetch(PullOptions& options) {
  cli::Command command = DescribePull(options);
  command.summary = "Fetch an image for the engine";
  command.hidden = true;
  return command;
}

constexpr cli::Entry kEntries[] = {
    {"pull", [] { return cli::Bind(DescribePull, RunPull); }, {"image pull"}},
    {"push", [] { return cli::Bind(DescribePush, RunPush); }, {"image push"}},
    {"login", [] { return cli::Bind(DescribeLogin, RunLogin); }},
    {"logout", [] { return cli::Bind(DescribeLogout, RunLogout); }},
    {"search", [] { return cli::Bind(DescribeSearch, RunSearch); }, {"image search"}},
    {"manifest create", [] { return cli::Bind(DescribeManifestCreate, RunManifestCreate); }},
    {"manifest add", [] { return cli::Bind(DescribeManifestAdd, RunManifestAdd); }},
    {"manifest annotate", [] { return cli::Bind(DescribeManifestAnnotate, RunManifestAnnotate); }},
    {"manifest inspect", [] { return cli::Bind(DescribeManifestInspect, RunManifestInspect); }},
    {"manifest push", [] { return cli::Bind(DescribeManifestPush, RunManifestPush); }},
    {"manifest remove", [] { return cli::Bind(DescribeManifestRemove, RunManifestRemove); }},
    {"artifact pull", [] { return cli::Bind(DescribeArtifactPull, RunArtifactPull); }},
    {"artifact push", [] { return cli::Bind(DescribeArtifactPush, RunArtifactPush); }},
    {"build", [] { return cli::Bind(DescribeBuild, RunBuild); }, {"image build", "buildx build"}},
    {"import", [] { return cli::Bind(DescribeImport, RunImport); }, {"image import"}},
    {"load", [] { return cli::Bind(DescribeLoad, RunLoad); }, {"image load"}},
    {"save", [] { return cli::Bind(DescribeSave, RunSave); }, {"image save"}},
    {"cp", [] { return cli::Bind(DescribeCp, RunCp); }, {"container cp"}},
    {"volume import", [] { return cli::Bind(DescribeVolumeImport, RunVolumeImport); }},
    {"container cleanup", CleanupCommand},  // a step's monitor runs it, of the program that started it
    {"system check", [] { return cli::Bind(DescribeCheck, RunCheck); }},
    {"yaml", [] { return cli::Bind(DescribeYaml, RunYaml); }},
    {"fetch", [] { return cli::Bind(DescribeFetch, RunFetch); }},
};

}  // namespace

std::span<const cli::Entry> ImageEntries() { return kEntries; }

}  // namespace ctool
