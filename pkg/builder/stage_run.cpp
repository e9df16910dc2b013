// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <map>

#include "base/log.hpp"
#include "base/scope.hpp"
#include "base/text.hpp"
#include "build/run_text.hpp"
#include "builder/run_mounts.hpp"
#include "builder/stage_builder_internal.hpp"
#include "builder/stubs.hpp"
#include "sys/file.hpp"

namespace ctool::builder {
namespace {

using Words = std::vector<std::string>;

// "/dev/pipes/NAME": where buildah has the text of a RUN that is a program.
constexpr char kProgramPlace[] = "/dev/pipes/";

std::string NetworkOf(build::RunNetwork network) {
  switch (network) {
    case build::RunNetwork::kNone: return "none";
    case build::RunNetwork::kHost: return "host";
    case build::RunNetwork::kDefault: break;
  }
  return "";
}

// As buildah writes it: build arguments first, then what was executed.
std::string CreatedBy(const build::StageScope& scope, const Words& argv) {
  std::string text;
  size_t count = 0;
  for (const auto& [name, value] : scope.arguments()) {
    text += name + "=" + value + " ";
    ++count;
  }
  const std::string command = Join(argv, " ");
  return count == 0 ? command : "|" + std::to_string(count) + " " + text + command;
}

// A program of another architecture runs by an emulator that the host has registered (binfmt_misc).
Status CheckPlatform(const spec::Platform& platform) {
  const spec::Platform host = spec::Platform::Host();
  if (platform.architecture.empty() || platform.architecture == host.architecture) return Ok();
  static const std::map<std::string, std::vector<std::string>> kNames = {
      {"amd64", {"x86_64"}}, {"arm64", {"aarch64"}}, {"386", {"i386", "i686"}}, {"ppc64le", {"ppc64le"}}, {"s390x", {"s390x"}}, {"riscv64", {"riscv64"}}, {"arm", {"arm"}}};
  // Half of them run on the other half as they are.
  if ((host.architecture == "amd64" && platform.architecture == "386") || (host.architecture == "arm64" && platform.architecture == "arm")) return Ok();
  const auto names = kNames.find(platform.architecture);
  if (names != kNames.end())
    for (const std::string& name : names->second)
      if (sys::Exists("/proc/sys/fs/binfmt_misc/qemu-" + name)) return Ok();
  return Error(Code::kUnsupported, "RUN needs an emulator for " + platform.Print() + ", and this host (" + host.Print() + ") has none registered")
      .Hint("install qemu-user-static and binfmt-support, as an administrator");
}

Result<engine::ContainerMount> WriteProgram(const std::string& bundle, const std::string& text, const std::string& place) {
  const std::string file = bundle + "/program";
  TRY(sys::MakeDirs(bundle, 0700));
  TRY(sys::WriteFileAtomic(file, text, 0755, sys::Durability::kNone));
  engine::ContainerMount mount;
  mount.type = "bind";
  mount.source = file;
  mount.destination = place;
  mount.options = {"bind", "rprivate", "ro", "nosuid", "nodev"};
  return mount;
}

}  // namespace

Result<Stubs> StageBuilder::Execute(RunRequest request, RunMounts& mounts, const Program& program, const WorkFolder& folder) {
  const std::string bundle = session_.run_root + "/" + folder.id();
  // A failure leaves none of what is in there, secrets above all; after a step that ran the monitor takes it away.
  ScopeFail forget([&bundle] {
    if (const Status gone = sys::RemoveTree(bundle); !gone.ok()) Debug(gone.error().Message());
  });
  TRY(mounts.Prepare(folder, bundle));
  for (const std::string& entry : mounts.env()) request.env.push_back(entry);
  const std::unique_ptr<OutputPipe> out = TRY(OutputPipe::Start(session_.output, index_, Output::Stream::kOut));
  const std::unique_ptr<OutputPipe> err = TRY(OutputPipe::Start(session_.output, index_, Output::Stream::kErr));
  std::shared_lock lock(session_.paths);
  request.layers = state_.fs.Folders();
  request.mounts = mounts.Mounts();
  if (!program.text.empty()) request.mounts.push_back(TRY(WriteProgram(bundle, program.text, program.place)));
  Stubs stubs = Stubs::Note(request.layers, mounts.Points());
  const auto started = [&lock] { lock.unlock(); };
  const engine::StepEnd end = TRY(session_.host.Run(request, folder.lock(), out->fd(), err->fd(), started));
  forget.Commit();
  if (end.code == 0) return stubs;
  stages_.Failed(end.code);
  const std::string& memory = session_.options.run.limits.memory;
  const std::string why = end.oom_killed ? " (the kernel has ended a process of it for want of memory" + (memory.empty() ? ")" : ": --memory " + memory + ")") : "";
  return Error(Code::kInternal, "while running runtime: exit status " + std::to_string(end.code) + why);
}

Status StageBuilder::Apply(const build::Run& run) {
  TRY(CheckPlatform(state_.config.platform));
  const build::RunText text = build::TextOfRun(run);
  const std::string place = text.is_program ? kProgramPlace + (run.heredocs.empty() ? "EOF" : run.heredocs[0].name) : "";
  Words argv;
  if (text.is_program) argv = {place};
  else if (run.command.shell) (argv = ShellWords()).push_back(text.text);
  else argv = run.command.words;
  const spec::ImageDefaults& config = state_.config.config;
  RunRequest request;
  Words counted;  // of the environment
  Key key("run");
  key.Add(FsKey()).AddAll(argv).Add(text.is_program ? text.text : "").Add(config.user).Add(config.working_dir).Add(NetworkOf(run.network));
  for (const auto& [name, value] : state_.scope->RunEnvironment()) {
    request.env.push_back(name + "=" + value);
    if (!build::IsProxyArgument(name)) counted.push_back(request.env.back());
  }
  RunMounts mounts = TRY(RunMounts::Find(stages_, index_, run, config.working_dir, [this](std::string_view t) { return Expand(t); }));
  key.AddAll(counted).AddAll(mounts.keys());
  const std::string name = key.Finish();
  const std::string created_by = CreatedBy(*state_.scope, text.is_program ? Words{text.text} : argv);
  if (!session_.one_layer && TRY(UseCached(name, created_by))) return Ok();

  const Slots::Held slot(session_.slots);
  TRY(session_.GoOn());
  WorkFolder folder = TRY(BeginLayer());
  request.id = folder.id();
  request.argv = argv;
  request.user = config.user;
  request.working_dir = config.working_dir;
  request.network = NetworkOf(run.network);
  const Program program{text.is_program ? text.text : "", place};
  const Stubs stubs = TRY(Execute(std::move(request), mounts, program, folder));
  TRY(stubs.Remove(folder.Upper()));
  AddLayer({std::move(folder), name, created_by});
  return Ok();
}

}  // namespace ctool::builder
