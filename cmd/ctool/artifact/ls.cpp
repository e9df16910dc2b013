// SPDX-License-Identifier: Apache-2.0
#include "base/clock.hpp"
#include "base/text.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "ctool/artifact/commands.hpp"
#include "ctool/image/commands.hpp"
#include "engine/artifact.hpp"
#include "spec/reference.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

using cli::Value;

struct LsOptions {
  std::string format;
  bool no_trunc = false, no_heading = false;
};

cli::Command Describe(LsOptions& o) {
  cli::Command c;
  c.summary = "List the artifacts in the store";
  c.options = {{.name = "format", .value = "format", .help = "Print by a Go template, or json", .sink = &o.format, .words = words::kArtifactFormats},
               {.name = "no-trunc", .help = "Show digests whole", .sink = &o.no_trunc},
               {.name = "noheading", .short_name = 'n', .help = "Show no headings", .sink = &o.no_heading}};
  c.examples = {{"artifact ls"}, {"artifact ls --format \"{{.Repository}}:{{.Tag}} {{.VirtualSize}}\""}};
  return c;
}

Value Row(const state::Artifact& artifact, const LsOptions& o) {
  const Result<spec::Reference> name = spec::Reference::Parse(artifact.name);
  const std::string digest = artifact.digest.substr(artifact.digest.find(':') + 1);
  const int64_t created = artifact.created;
  Value v = Value::Struct("artifact.artifactListOutput");
  v.Set("Created", created == 0 ? "N/A" : HumanDuration(WallNanos() - created) + " ago");
  v.Set("CreatedAt", created == 0 ? "N/A" : cli::TimeText({.seconds = created / 1'000'000'000,
                                                            .nanos = static_cast<int32_t>(created % 1'000'000'000),
                                                            .zone = "UTC"}));
  v.Set("Digest", o.no_trunc ? digest : digest.substr(0, 12));
  v.Set("Repository", name.ok() ? name->Repository() : artifact.name);
  v.Set("Size", DiskSize(artifact.size));
  v.Set("Tag", name.ok() ? name->tag : "");
  v.Set("VirtualSize", artifact.size);
  return v;
}

Result<std::string> Format(const std::vector<state::Artifact>& artifacts, const LsOptions& o) {
  if (cli::IsJsonFormat(o.format)) {
    Value list = Value::List();
    for (const state::Artifact& artifact : artifacts) list.Append(Row(artifact, o));
    return cli::ToJson(list, 4) + "\n";
  }
  cli::Listing listing;
  listing.name = "ls";
  for (const state::Artifact& artifact : artifacts) listing.rows.push_back(Row(artifact, o));
  const bool own = o.format.empty();
  return cli::FormatListing(listing, own ? "table {{.Repository}}\t{{.Tag}}\t{{.Digest}}\t{{.Created}}\t{{.Size}}" : o.format,
                            o.no_heading ? cli::Heading::kNo : cli::Heading::kYes);
}

Result<int> Run(Context& context, const LsOptions& o) {
  PrintRaw(context, TRY(Format(TRY(engine::ListArtifacts(context.engine)), o)));
  return 0;
}

}  // namespace

cli::Runnable ArtifactLsCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
