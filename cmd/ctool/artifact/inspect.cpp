// SPDX-License-Identifier: Apache-2.0
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "ctool/artifact/commands.hpp"
#include "engine/artifact.hpp"

namespace ctool {
namespace {

using cli::Value;

// The Go types behind the JSON, for templates.
constexpr std::string_view kMaps[] = {"annotations"};
constexpr std::string_view kLists[] = {"layers", "urls"};
constexpr std::string_view kTexts[] = {"artifactType"};
constexpr std::pair<std::string_view, std::string_view> kOptional[] = {
    {"Manifest", "artifactType"}, {"Manifest", "annotations"}, {"Manifest", "subject"}, {"layers", "annotations"},
    {"config", "annotations"}};
constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
    {"schemaVersion", "SchemaVersion"}, {"mediaType", "MediaType"}, {"artifactType", "ArtifactType"},
    {"config", "Config"},               {"layers", "Layers"},       {"subject", "Subject"},
    {"annotations", "Annotations"},     {"digest", "Digest"},       {"size", "Size"},
    {"urls", "URLs"},                   {"data", "Data"},           {"platform", "Platform"}};

struct InspectOptions {
  std::string name, format;
};

cli::Command Describe(InspectOptions& o) {
  cli::Command c;
  c.summary = "Show all that is known of an artifact";
  c.prose = "Prints a JSON object with the artifact's manifest, name and digest. With -f, what a Go template makes of it.";
  c.options = {{.name = "format", .short_name = 'f', .value = "format", .help = "Print by a Go template, or json",
                .sink = &o.format}};
  c.args = {{.name = "ARTIFACT", .sink = &o.name, .complete = cli::Complete::kArtifacts}};
  c.examples = {{"artifact inspect registry.example/team/model:1.0"},
                {"artifact inspect -f \"{{.Digest}} {{.TotalSizeBytes}}\" 1487acae11b5"}};
  return c;
}

Result<int> Run(Context& context, const InspectOptions& o) {
  const Value value = TRY(ArtifactValue(TRY(engine::RequireArtifact(context.engine, o.name))));
  if (o.format.empty() || cli::IsJsonFormat(o.format)) PrintRaw(context, cli::ToJson(value, 5) + "\n");
  else PrintRaw(context, TRY(cli::FormatOne("inspect", value, o.format)));
  return 0;
}

}  // namespace

Result<Value> ArtifactValue(const state::Artifact& artifact) {
  Value value = TRY(cli::FromJson(TRY(engine::InspectArtifact(artifact)), {.type = "entities.ArtifactInspectReport",
                                                                           .maps = kMaps,
                                                                           .lists = kLists,
                                                                           .texts = kTexts,
                                                                           .optional = kOptional,
                                                                           .aliases = kAliases}));
  const Value nested = value;
  value.Set("Artifact", nested, {.skip = true});
  value.Set("TotalSizeBytes", artifact.size, {.skip = true});
  return value;
}

cli::Runnable ArtifactInspectCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
