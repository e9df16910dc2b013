// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include "base/text.hpp"
#include "ctool-images/files.hpp"
#include "ctool/context.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"

namespace ctool {
namespace {

Result<int> RunCp(Context& context, const CpOptions& o) {
  TRY(engine::CopyArchive(context.engine, o.copy));
  return 0;
}

Result<int> RunExport(Context& context, const ExportOptions& o) {
  TRY(engine::ExportContainer(context.engine, o.container, o.output));
  return 0;
}

// `ctool pause` and `unpause` of the same store.
Status RunCtool(Context& context, const char* command, const std::string& id) {
  sys::SpawnOptions options;
  options.argv = {TRY(context.engine.Paths())->libexec + "/../../bin/ctool"};
  for (std::string& word : TRY(context.engine.GlobalArguments())) options.argv.push_back(std::move(word));
  options.argv.insert(options.argv.end(), {command, id});
  for (char** e = environ; *e != nullptr; ++e) options.env.emplace_back(*e);
  const sys::Captured run = TRY(sys::RunCaptured(std::move(options)));
  if (run.status.ok()) return Ok();
  return Error(Code::kUnsupported, std::string(command) + " of container " + id + " failed: " + std::string(Trim(run.err)));
}

Result<int> RunCommit(Context& context, const CommitCommandOptions& o) {
  engine::CommitOptions options = o.commit;
  if (o.pause) {
    options.pause = [&context](const std::string& id) { return RunCtool(context, "pause", id); };
    options.unpause = [&context](const std::string& id) { return RunCtool(context, "unpause", id); };
  }
  const std::string id = TRY(engine::CommitContainer(context.engine, options));
  if (!o.iidfile.empty()) {
    sys::Fd file = TRY(sys::Open(o.iidfile, O_WRONLY | O_CREAT | O_TRUNC, 0644));
    TRY(sys::WriteAll(file.get(), id, o.iidfile));
    TRY(file.Close(o.iidfile));
  }
  PrintLine(context, id);
  return 0;
}

}  // namespace

cli::Runnable ArchiveCommitCommand() { return cli::Bind(DescribeCommit, RunCommit); }
cli::Runnable ArchiveCpCommand() { return cli::Bind(DescribeCp, RunCp); }
cli::Runnable ArchiveExportCommand() { return cli::Bind(DescribeExport, RunExport); }

}  // namespace ctool
