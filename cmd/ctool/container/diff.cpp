// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "cli/json.hpp"
#include "ctool/container/files.hpp"
#include "ctool/context.hpp"
#include "engine/containers.hpp"
#include "engine/diff.hpp"
#include "engine/diff_images.hpp"

namespace ctool {
namespace {

struct DiffOptions {
  std::vector<std::string> names;
  std::string format;
  bool latest = false;
};

cli::Command Describe(DiffOptions& o) {
  cli::Command c;
  c.summary = "Show what a container has changed in its files";
  c.prose =
      "Prints a line for each file that the container has added (A), changed (C) or deleted (D); for an image, what its last "
      "layer has done to those below. With two images, how the first differs from the second.";
  c.options = {{.name = "format", .value = "format", .help = "Print json instead of lines", .sink = &o.format, .values = {"json"}},
               {.name = "latest", .short_name = 'l', .help = "Show the container that was created last", .sink = &o.latest}};
  c.args = {{.name = "CONTAINER|IMAGE", .min = 0, .max = 2, .sink = &o.names, .complete = cli::Complete::kObjects}};
  c.examples = {{"diff web"}, {"diff --format json web"}};
  return c;
}

std::string Json(const std::vector<engine::FileChange>& changes) {
  std::string out = "{";
  for (const auto& [kind, name] : {std::pair('C', "changed"), std::pair('A', "added"), std::pair('D', "deleted")}) {
    std::string list;
    for (const engine::FileChange& change : changes)
      if (change.kind == kind) list += (list.empty() ? "" : ",") + std::string("\n          ") + cli::ToJson(change.path);
    if (!list.empty()) out += (out == "{" ? "" : ",") + std::string("\n     \"") + name + "\": [" + list + "\n     ]";
  }
  return out + (out == "{" ? "}" : "\n}");
}

Result<std::vector<engine::FileChange>> OfTwo(Context& context, const DiffOptions& o, engine::DiffKind kind) {
  for (const std::string& name : o.names)
    if (kind == engine::DiffKind::kContainer || (kind == engine::DiffKind::kAny && engine::FindContainer(context.engine, name).ok()))
      return Error(Code::kUnsupported, "comparing two containers is not supported")
          .Hint("one alone is compared with what it was made from; two images can be compared");
  return engine::DiffImages(context.engine, o.names[0], o.names[1]);
}

Result<int> Run(Context& context, const DiffOptions& o, engine::DiffKind kind) {
  if (!o.format.empty() && o.format != "json")
    return Error(Code::kInvalidArgument, "only supported value for '--format' is 'json'");
  if (o.latest && !o.names.empty()) return Error(Code::kInvalidArgument, "--latest and arguments cannot be used together");
  if (!o.latest && o.names.empty())
    return Error(Code::kInvalidArgument, "\"ctool diff\" requires a name, id, or the \"--latest\" flag");
  const std::string name = o.latest ? TRY(engine::LatestContainer(context.engine)).id : o.names.front();
  const std::vector<engine::FileChange> changes =
      o.names.size() > 1 ? TRY(OfTwo(context, o, kind)) : TRY(engine::Diff(context.engine, name, kind));
  if (o.format == "json") {
    PrintLine(context, Json(changes));
    return 0;
  }
  std::string out;
  for (const engine::FileChange& change : changes) out += change.kind + std::string(" ") + Printable(change.path) + "\n";
  PrintRaw(context, out);
  return 0;
}

Result<int> RunAny(Context& context, const DiffOptions& o) { return Run(context, o, engine::DiffKind::kAny); }
Result<int> RunContainer(Context& context, const DiffOptions& o) { return Run(context, o, engine::DiffKind::kContainer); }
Result<int> RunImage(Context& context, const DiffOptions& o) { return Run(context, o, engine::DiffKind::kImage); }

}  // namespace

cli::Runnable DiffCommand() { return cli::Bind(Describe, RunAny); }
cli::Runnable ContainerDiffCommand() { return cli::Bind(Describe, RunContainer); }
cli::Runnable ImageDiffCommand() { return cli::Bind(Describe, RunImage); }

}  // namespace ctool
