// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/dispatch.hpp"

// A small program for the tests of pkg/cli, with one of everything that a command can have.
namespace ctool {

// What the sample's commands leave for the test to look at.
struct Context {
  std::string ran;
};

namespace cli::sample {

struct Globals {
  std::string root = "/var/lib/sample";
  std::vector<std::string> storage_opts;
  std::string log_level = "warn";
  bool debug = false;
};

struct RunOptions {
  bool detach = false, interactive = false, tty = false, rm = false, tls = true;
  std::optional<std::string> entrypoint;
  std::string hostname, pull = "missing", name = "none";
  std::vector<std::string> env, cap_add, publish, args;
  int64_t memory = 0;
  uint64_t shares = 0;
  double cpus = 0;
  std::optional<int64_t> pids;
  std::chrono::nanoseconds interval = std::chrono::seconds(30);
  std::string image;
};

inline constexpr Word kFilters[] = {{"name=", "whose name", Complete::kNetworks},
                                    {"status=", "in this state"},
                                    {"status=up"},
                                    {"status=down"}};

inline RunOptions g_last_run;  // what the last `run` was given

inline Command DescribeRun(RunOptions& o) {
  return {
      .summary = "Run a command in a new container",
      .prose =
          "Runs a command in a new container made from IMAGE.\n\nLook:\n    sample run x\nDone.",
      .usage = "IMAGE [COMMAND [ARG...]]",
      .options =
          {
              {.name = "cap-add",
               .value = "CAPABILITY",
               .help = "Add capabilities",
               .sink = &o.cap_add,
               .values = {"NET_ADMIN", "NET_RAW", "SYS_TIME"},
               .comma = true},
              {.name = "cpu-shares", .short_name = 'c', .help = "CPU shares", .sink = &o.shares},
              {.name = "cpus", .help = "Number of CPUs", .sink = &o.cpus},
              {.name = "detach",
               .short_name = 'd',
               .help = "Print the container ID and return",
               .sink = &o.detach},
              {.name = "entrypoint",
               .value = "COMMAND",
               .help = "Replace the entrypoint",
               .sink = &o.entrypoint,
               .words = kFilters,
               .keys = true},
              {.name = "env",
               .short_name = 'e',
               .value = "KEY=VALUE",
               .help = "Set an environment variable",
               .sink = &o.env},
              {.name = "env-file",
               .help = "Read variables from a file",
               .sink = Setter([](std::string_view) { return Ok(); }),
               .complete = Complete::kFiles},
              {.name = "health-interval", .help = "Time between checks", .sink = &o.interval},
              {.name = "hostname",
               .short_name = 'h',
               .help = "Set the hostname",
               .sink = &o.hostname},
              {.name = "interactive",
               .short_name = 'i',
               .help = "Keep stdin open",
               .sink = &o.interactive},
              {.name = "memory", .short_name = 'm', .help = "Limit of memory", .sink = &o.memory},
              {.name = "name",
               .help = "Name the container",
               .sink = &o.name,
               .def = "random",
               .detail = "Two containers can't have the same name."},
              {.name = "network",
               .help = "Connect to a network",
               .sink = Setter([](std::string_view v) -> Status {
                 if (v == "bad") return Error(Code::kInvalidArgument, "no such network");
                 return Ok();
               }),
               .complete = Complete::kNetworks,
               .aliases = {"net"}},
              {.name = "pids-limit", .help = "Limit of processes", .sink = &o.pids},
              {.name = "publish", .short_name = 'p', .help = "Publish ports", .sink = &o.publish},
              {.name = "pull",
               .value = "POLICY",
               .help = "When to pull the image",
               .sink = &o.pull,
               .values = {"always", "missing", "never"},
               .only_values = true,
               .implied = "always"},
              {.name = "rm", .help = "Remove the container when it exits", .sink = &o.rm},
              {.name = "secret-switch", .help = "Not for people", .sink = &o.rm, .hidden = true},
              {.name = "tls-verify", .help = "Require TLS", .sink = &o.tls},
              {.name = "tty", .short_name = 't', .help = "Allocate a terminal", .sink = &o.tty},
          },
      .args = {{.name = "IMAGE", .sink = &o.image, .complete = Complete::kImages},
               {.name = "ARG", .min = 0, .max = kUnlimited, .sink = &o.args}},
      .examples = {{"run -it alpine sh", "A shell"}, {"run -d -p 8080:80 nginx"}},
      .exits = {{"125", "The sample itself failed"}, {"126", "The command could not be invoked"}},
      .needs = Needs::kImages,
      .stop_at_first_positional = true,
  };
}

inline Runnable MakeRun() {
  return Bind<RunOptions, int>(DescribeRun, [](Context& context, const RunOptions& o) {
    context.ran = "run " + o.image;
    g_last_run = o;
    return 7;
  });
}

struct NoOptions {};

inline Runnable MakePs() {
  return Bind<NoOptions, int>(
      [](NoOptions&) { return Command{.summary = "List containers"}; },
      [](Context& context, const NoOptions&) {
        context.ran = "ps";
        return 0;
      });
}

struct StopOptions {
  uint64_t time = 10;
  std::vector<std::string> containers;
};
inline Runnable MakeStop() {
  return Bind<StopOptions, Result<int>>(
      [](StopOptions& o) {
        return Command{.summary = "Stop containers",
                       .options = {{.name = "time", .short_name = 't', .help = "Seconds to wait",
                                    .sink = &o.time, .aliases = {"timeout"}}},
                       .args = {{.name = "CONTAINER", .max = kUnlimited, .sink = &o.containers,
                                 .complete = Complete::kRunningContainers}}};
      },
      [](Context&, const StopOptions&) -> Result<int> {
        return Error(Code::kNotFound, "no such container");
      });
}

struct CopyOptions {
  std::string from, to;
  std::optional<std::string> third;
};
inline CopyOptions g_last_copy;
inline Runnable MakeCopy() {
  return Bind<CopyOptions, int>(
      [](CopyOptions& o) {
        return Command{.summary = "Copy files",
                       .args = {{.name = "FROM", .sink = &o.from,
                                 .complete = Complete::kContainerPaths},
                                {.name = "THIRD", .min = 0, .sink = &o.third},
                                {.name = "TO", .sink = &o.to,
                                 .complete = Complete::kDirectories}}};
      },
      [](Context&, const CopyOptions& o) {
        g_last_copy = o;
        return 0;
      });
}

inline Runnable MakeRename() {
  return Bind<CopyOptions, int>(
      [](CopyOptions& o) {
        return Command{
            .summary = "Rename a container",
            .args = {{.name = "CONTAINER", .sink = &o.from}, {.name = "NAME", .sink = &o.to}}};
      },
      [](Context&, const CopyOptions&) { return 0; });
}

inline Runnable MakeImages() {
  return Bind<StopOptions, int>(
      [](StopOptions& o) {
        return Command{.summary = "List images",
                       .args = {{.name = "IMAGE", .min = 0, .sink = &o.containers}}};
      },
      [](Context&, const StopOptions&) { return 0; });
}

inline Runnable MakeHidden() {
  return Bind<NoOptions, int>(
      [](NoOptions&) { return Command{.summary = "Internal", .hidden = true}; },
      [](Context&, const NoOptions&) { return 0; });
}

inline constexpr Entry kEntries[] = {
    {"completion", CompletionCommand},
    {"container cleanup", MakeHidden},
    {"cp", MakeCopy, {"container cp"}},
    {"help", HelpCommand},
    {"images", MakeImages, {"image list", "image ls"}},
    {"ps", MakePs, {"container ps", "container ls", "container list"}},
    {"rename", MakeRename, {"container rename"}},
    {"run", MakeRun, {"container run"}},
    {"stop", MakeStop, {"container stop"}},
    {"system deep down", MakePs},
};
inline constexpr Topic kTopics[] = {
    {"things", "5", "What things are",
     "Things are these.\n\n# Kinds\nsmall :: less than others\n\nOr:\n    $ sample ps\n"}};
inline constexpr Group kGroups[] = {{"container", "Manage containers"},
                                    {"image", "Manage images"},
                                    {"system", "Manage the system"},
                                    {"system deep", "Further down"}};

inline App MakeApp(Globals& g) {
  return {
      .name = "sample",
      .version = "1.2.3",
      .date = "2026-01-31",
      .summary = "Manage samples",
      .prose = "A program for tests.",
      .entries = kEntries,
      .groups = kGroups,
      .globals = {{.name = "debug", .short_name = 'D', .help = "Be talkative", .sink = &g.debug},
                  {.name = "log-level", .help = "What to log", .sink = &g.log_level,
                   .values = {"debug", "warn"}},
                  {.name = "root", .help = "Where everything is", .sink = &g.root,
                   .complete = Complete::kDirectories},
                  {.name = "storage-opt", .help = "Options of the store",
                   .sink = &g.storage_opts}},
      .topics = kTopics,
      .candidates =
          [&g](Complete kind) -> std::vector<Candidate> {
        if (kind == Complete::kImages) return {{"alpine:latest", "5 MB"}, {"busybox"}, {"a1b2c3", "", true}};
        if (kind == Complete::kNetworks) return {{"podman"}, {"net1"}};
        if (kind == Complete::kRunningContainers) return {{"web", g.root}, {"evil\x1b[2J\nname"}};
        if (kind == Complete::kContainerPaths) return {{"web"}};
        return {};
      },
  };
}

// Dispatches as main would; the command's status or that of the plan, and what it prints.
struct Ran {
  int status = 0;
  std::string out, err, ran;
};
inline Ran RunSample(const App& app, const std::vector<std::string_view>& args) {
  Plan plan = Dispatch(app, args);
  if (!plan.command) return {plan.status, plan.out, plan.err, ""};
  Context context;
  const Result<int> status = plan.command->run(context);
  if (!status.ok()) return {125, "", status.error().Message(), context.ran};
  return {*status, "", "", context.ran};
}

}  // namespace cli::sample
}  // namespace ctool
