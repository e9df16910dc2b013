// SPDX-License-Identifier: Apache-2.0
#include "ctool/globals.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/log.hpp"
#include "base/text.hpp"
#include "base/trace.hpp"
#include "ctool/context.hpp"
#include "ctool/error_format.hpp"
#include "ctool/exit_status.hpp"
#include "ctool/profile.hpp"
#include "sys/file.hpp"
#include "sys/syscalls.hpp"

namespace ctool {
namespace {

// 0, 1 and 2 must be open before the first file is, and nothing that we were started with may
// reach a child: CVE-2024-21626.
void CloseInherited() {
  for (int fd = 0; fd < 3; ++fd)
    if (::fcntl(fd, F_GETFD) < 0 && ::open("/dev/null", O_RDWR) < 0) ::_exit(125);  // NOLINT: it becomes 0, 1 or 2
  sys::CloseRange(3, ~0U, CLOSE_RANGE_CLOEXEC);
}

int Finish(const Result<int>& outcome, const cli::Command& command) {
  if (outcome.ok()) return *outcome;
  PrintError(outcome.error());
  return ExitStatus(outcome.error(), command.path);
}

// Asked for behind what could not be parsed.
bool WantsJson(const std::vector<std::string_view>& words) {
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::find(words.begin(), end, "--error-format=json") != end;
}

void ShowProfile(const Profile& profile) {
  const Result<std::string> text = profile.Text();
  const Status shown = text.ok() ? sys::WriteAll(STDERR_FILENO, *text, "stderr") : Status(text.error());
  if (!shown.ok()) Debug(shown.error().Message());
}

}  // namespace

std::vector<cli::Option> DescribeGlobals(Globals& g) {
  using cli::Complete;
  std::vector<cli::Option> o;
  o.push_back({.name = "root", .value = "path", .help = "Folder in which images, containers and volumes are kept", .sink = &g.root, .complete = Complete::kDirectories});
  o.push_back({.name = "runroot", .value = "path", .help = "Folder of the state that a reboot ends", .sink = &g.run_root, .complete = Complete::kDirectories});
  o.push_back({.name = "log-level", .value = "level", .help = "Messages to show: trace, debug, info, warn, error, fatal, panic", .sink = &g.log_level, .values = {"trace", "debug", "info", "warn", "warning", "error", "fatal", "panic"}});
  o.push_back({.name = "error-format", .value = "format", .help = "Print errors as text, or each as a line of json: {\"error\":...,\"hint\":...,\"code\":...}", .sink = &g.error_format, .values = {"text", "json"}, .only_values = true});
  o.push_back({.name = "profile", .help = "Show on stderr, at the end, what took how long", .sink = &g.profile});
  o.push_back({.name = "debug", .short_name = 'D', .help = "Show debug messages", .sink = &g.debug, .hidden = true});
  o.push_back({.name = "out", .value = "file", .help = "Send a copy of what is printed on stdout to this file", .sink = &g.out, .complete = Complete::kFiles});
  o.push_back({.name = "noout", .help = "Print nothing on stdout", .sink = &g.no_out});
  o.push_back({.name = "storage-driver", .value = "driver", .help = "Accepted for podman's sake: the store is always an overlay", .sink = &g.storage_driver});
  o.push_back({.name = "storage-opt", .value = "option", .help = "Accepted for podman's sake", .sink = &g.storage_opt});
  o.push_back({.name = "tmpdir", .value = "path", .help = "Accepted for podman's sake", .sink = &g.tmpdir, .complete = Complete::kDirectories});
  o.push_back({.name = "cgroup-manager", .value = "manager", .help = "Who makes control groups: systemd, the user's, or cgroupfs, without it", .sink = &g.cgroup_manager, .values = {"systemd", "cgroupfs"}});
  o.push_back({.name = "events-backend", .value = "backend", .help = "Where events are kept: file (journald means it too) or none", .sink = &g.events_backend, .values = {"file", "journald", "none"}, .only_values = true});
  o.push_back({.name = "runtime", .value = "runtime", .help = "Accepted for podman's sake: containers are run by ctool itself", .sink = &g.runtime});
  for (const auto& [name, sink] : {std::pair("config", &g.config), std::pair("conmon", &g.conmon), std::pair("context", &g.context), std::pair("host", &g.host)})
    o.push_back({.name = name, .value = "value", .help = "Accepted for podman's and docker's sake", .sink = sink, .hidden = true});
  for (const auto& [name, sink] : {std::pair("runtime-flag", &g.runtime_flag), std::pair("hooks-dir", &g.hooks_dir), std::pair("module", &g.module)})
    o.push_back({.name = name, .value = "value", .help = "Accepted for podman's sake", .sink = sink, .hidden = true});
  return o;
}

Status ApplyGlobals(const Globals& globals) {
  const std::string level = ToLower(globals.log_level);
  SetErrorsAsJson(globals.error_format == "json");
  if (globals.debug || level == "debug" || level == "trace") ::setenv(kLogLevelVariable, level == "trace" ? "trace" : "debug", 1);
  if (globals.debug || level == "debug") SetLogLevel(LogLevel::kDebug);
  else if (level == "trace") SetLogLevel(LogLevel::kTrace);
  else if (level == "info") SetLogLevel(LogLevel::kInfo);
  else if (level == "warn" || level == "warning") {  // as it is, or as whoever started us has it
  }
  else if (level == "error" || level == "fatal" || level == "panic") SetLogLevel(LogLevel::kError);
  else
    return Error(Code::kInvalidArgument, "Log Level " + Quote(globals.log_level) +
                                             " is not supported, choose from: trace, debug, info, warn, warning, error, fatal, panic");
  return Ok();
}

cli::App MakeApp(Globals& globals, std::span<const cli::Entry> entries, std::span<const cli::Group> groups) {
  cli::App app;
  app.name = "ctool";
  app.version = CTOOL_VERSION;
  app.commit = kCtoolCommit;
  app.date = "2026-11-22";  // of this version, for the man pages
  app.summary = "Run containers without root and without a daemon";
  app.prose = "A container tool with podman's command line: every command works for an unprivileged user, nothing runs in the background but the containers.";
  app.entries = entries;
  app.groups = groups;
  app.globals = DescribeGlobals(globals);
  app.exits = {{"0", "success"}, {"125", "ctool itself failed"}};
  return app;
}

int RunApp(const cli::App& app, const Globals& globals, int argc, char** argv, const char* source) {
  CloseInherited();
  const std::vector<std::string_view> words(argv + 1, argv + argc);
  cli::Plan plan = cli::Dispatch(app, words);
  FollowParent(source);
  std::optional<Profile> profile;
  if (globals.profile) {
    Result<Profile> begun = Profile::Begin(source);
    if (begun.ok()) profile = std::move(*begun);
    else Warn("no profile: " + begun.error().Message());
  }
  if (const Status applied = ApplyGlobals(globals); !applied.ok()) {
    // podman's words and status, without "Error:".
    return sys::WriteAll(STDERR_FILENO, applied.error().Message() + "\n", "stderr").ok() ? 1 : 125;
  }
  engine::Engine engine({globals.root, globals.run_root, globals.events_backend, globals.cgroup_manager});
  Context context{engine, std::vector<std::string>(argv, argv + argc), globals.no_out, globals.out};
  if (!plan.command) {
    if (!ShowPage(context, plan.page)) PrintRaw(context, plan.out);
    const bool json = plan.status != 0 && !plan.err.empty() && (ErrorsAreJson() || WantsJson(words));
    if (!sys::WriteAll(STDERR_FILENO, json ? UsageAsJson(plan.err) : plan.err, "stderr").ok()) return 125;
    return plan.status;
  }
  const int status = Finish(plan.command->run(context), plan.command->description);
  if (profile) ShowProfile(*profile);
  return status;
}

}  // namespace ctool
