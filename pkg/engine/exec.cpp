// SPDX-License-Identifier: Apache-2.0
#include "engine/exec.hpp"

#include <fcntl.h>

#include <algorithm>

#include "base/text.hpp"
#include "engine/attach_internal.hpp"
#include "engine/container_secrets_internal.hpp"
#include "engine/fold_internal.hpp"
#include "engine/monitor_process.hpp"
#include "engine/run_state.hpp"
#include "engine/sandbox_internal.hpp"
#include "engine/settle_internal.hpp"
#include "engine/tell.hpp"
#include "monitor/control.hpp"
#include "monitor/session.hpp"
#include "runtime/plan.hpp"
#include "sys/file.hpp"
#include "sys/memory_file.hpp"
#include "sys/procfs.hpp"

namespace ctool::engine {
namespace {

using runtime::Msg;

// A container that runs, and is not paused: its record, spec and process.
struct Target {
  state::Container record;
  ContainerSpec spec;
  LiveProcess live;
  std::string run_dir;
};

Result<Target> FindRunning(Engine& engine, const std::string& name_or_id, const std::string& refusal) {
  Target target;
  target.record = TRY(FindContainer(engine, name_or_id));
  std::optional<LiveProcess> live;
  if (target.record.state == state::ContainerState::kRunning) live = TRY(FindProcess(engine, target.record.id));
  if (!live) return Error(Code::kBusy, refusal + ": container state improper");
  target.live = std::move(*live);
  target.spec = TRY(ContainerSpec::Parse(target.record.spec));
  target.run_dir = TRY(engine.RunDir(target.record.id, false));
  if (RunStateOf(target.run_dir) == RunState::kPaused)
    return Error(Code::kBusy, "container " + target.record.id + " is paused: container state improper");
  return target;
}

bool NobodyThere(const Error& error) { return error.sys_errno() == ENOENT || error.sys_errno() == ECONNREFUSED; }

// The process as the runtime specification has it: the container's, but for what was asked for.
Result<spec::RuntimeSpec> ConfigOf(Engine& engine, const Target& target, const ExecOptions& o) {
  const ContainerSpec& spec = target.spec;
  spec::RuntimeSpec config;
  config.root_path = "/";
  SetNamespaces(spec, config);
  spec::RuntimeProcess& p = config.process;
  p = ProcessOf(spec);
  TRY(AddSecretEnv(engine, spec, p.env));
  p.terminal = o.tty;
  p.args = o.command;
  if (o.tty) AddEnv(p.env, "TERM=xterm");
  for (const std::string& file : o.env_file) TRY(AddEnvFile(p.env, file));
  for (const std::string& entry : o.env) TRY(AddUserEnv(p.env, entry));
  if (!o.working_dir.empty()) p.cwd = o.working_dir;
  if (o.privileged)
    p.capabilities.bounding = p.capabilities.effective = p.capabilities.permitted = p.capabilities.ambient = AllCapabilities();
  config.annotations[runtime::kIdAnnotation] = spec.id;
  config.annotations[runtime::kUserAnnotation] = o.user.empty() ? spec.user : o.user;
  if (o.user.empty() && !spec.group_add.empty())
    config.annotations[runtime::kGroupAddAnnotation] = Join(spec.group_add, " ");
  if (spec.keep_groups) config.annotations[runtime::kKeepGroupsAnnotation] = "1";
  const std::string filter = target.run_dir + "/seccomp.bpf";
  if (spec.seccomp != "unconfined" || !spec.seccomp_record.empty()) config.annotations[runtime::kSeccompAnnotation] = filter;
  if (!spec.seccomp_record.empty()) config.annotations[runtime::kListenerAnnotation] = "1";
  if (!spec.landlock.empty()) config.annotations[runtime::kLandlockAnnotation] = spec.landlock;
  return config;
}

// The container's monitor runs the session; should that have been killed, a process of its own.
Result<runtime::SyncSocket> FindServer(Engine& engine, const Target& target) {
  Result<runtime::SyncSocket> socket = monitor::ConnectControl(target.run_dir);
  if (socket.ok() || !NobodyThere(socket.error())) return socket;
  return StartSession(engine);
}

Status Order(Engine& engine, const runtime::SyncSocket& server, const Target& target, const ExecOptions& o, const std::string& session) {
  const sys::Fd config = TRY(sys::MemoryFile("config.json", TRY(ConfigOf(engine, target, o)).Print()));
  monitor::SessionOrder order;
  order.id = session;
  order.run_dir = target.run_dir;
  order.keep_stdin = o.interactive && !o.detach;
  order.preserved = static_cast<int64_t>(o.preserved.size());
  TRY(server.Send(Msg::kExecute, runtime::Stage::kPlan, order.Print(), target.live.pidfd.get()));
  TRY(server.Send(Msg::kFile, runtime::Stage::kPlan, {}, config.get()));
  for (const int fd : o.preserved) TRY(server.Send(Msg::kFile, runtime::Stage::kPlan, {}, fd));
  return Ok();
}

}  // namespace

Result<StartOutcome> Exec(Engine& engine, const std::string& name_or_id, const ExecOptions& o,
                          const std::function<void(const std::string& session)>& on_started) {
  if (o.command.empty() || o.command[0].empty())
    return Error(Code::kInvalidArgument, "must provide a non-empty command to start an exec session: invalid argument");
  TRY(ParseDetachKeys(o.detach_keys));
  const Target target = TRY(FindRunning(engine, name_or_id, "can only create exec sessions on running containers"));
  AttachOptions attach;
  attach.attach_stdin = o.interactive;
  attach.attach_stdout = attach.attach_stderr = true;
  attach.sig_proxy = false;
  attach.detach_keys = o.detach_keys;
  std::optional<Attachment> attachment;
  if (!o.detach) attachment = TRY(Attachment::Prepare(attach, o.tty, o.interactive));
  const std::string session = RandomHexId();
  const runtime::SyncSocket server = TRY(FindServer(engine, target));
  // The order is sent in one go; a server that has refused it meanwhile says why in a frame.
  const auto order = [&]() -> Status {
    TRY(Order(engine, server, target, o, session));
    return LetRun(server, attachment ? &*attachment : nullptr);
  };
  const Status ordered = order();
  if (!ordered.ok() && ordered.error().sys_errno() != EPIPE) return ordered.error();
  Result<sys::Fd> started = AwaitStarted(server);
  // Scripts know one exit status for a detached session that failed.
  if (!started.ok()) return o.detach ? std::move(started).error().As(Code::kInternal) : std::move(started).error();
  on_started(session);
  if (!attachment) return StartOutcome{true, 0};
  const std::optional<int> code = TRY(attachment->Relay(server, started->get()));
  return StartOutcome{!code, code.value_or(0)};
}

Result<std::vector<std::string>> ListSessions(Engine& engine, const std::string& container_id) {
  const std::string path = TRY(engine.RunDir(container_id, false)) + "/exec";
  std::vector<std::string> ids;
  const Result<sys::Fd> dir = sys::Open(path, O_RDONLY | O_DIRECTORY);
  if (!dir.ok()) {
    if (dir.error().sys_errno() == ENOENT) return ids;
    return dir.error();
  }
  for (const std::string& id : TRY(sys::ListDir(dir->get(), path))) {
    const Result<std::string> text = sys::ReadFile(path + "/" + id);
    if (!text.ok()) continue;  // just ended, or a file that is being written
    const Result<monitor::SessionRecord> record = monitor::SessionRecord::Parse(*text);
    if (!record.ok()) continue;
    // One that was killed with its keeper has left the file.
    if (sys::OpenProcess(record->pid, record->start_time).ok()) ids.push_back(id);
    else TRY(sys::RemoveTree(path + "/" + id));
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

Result<StartOutcome> Attach(Engine& engine, const std::string& name_or_id, const AttachOptions& options) {
  TRY(ParseDetachKeys(options.detach_keys));
  const Target target = TRY(FindRunning(engine, name_or_id, "you can only attach to running containers"));
  if (PassesStreams(target.spec.log_driver))
    return Error(Code::kUnsupported, "attaching to container " + target.record.id + ": this container is using the '" + target.spec.log_driver +
                                         "' log driver, cannot attach: this container is not logging output");
  Result<runtime::SyncSocket> monitor = monitor::ConnectControl(target.run_dir);
  if (!monitor.ok() && NobodyThere(monitor.error()))
    return std::move(monitor).error().Hint("its monitor was killed: the container runs on, but its output is lost; ctool restart makes a new one");
  if (!monitor.ok()) return std::move(monitor).error();
  Attachment attachment = TRY(Attachment::Prepare(options, target.spec.tty, target.spec.interactive));
  TRY(monitor->Send(Msg::kAttach, runtime::Stage::kExec, attachment.Word()));
  const sys::Fd process = TRY(AwaitStarted(*monitor));
  Tell(engine, "attach", target.record);
  TRY(attachment.SendWindowSize(*monitor));
  const std::optional<int> code = TRY(attachment.Relay(*monitor, process.get()));
  return StartOutcome{!code, code.value_or(0)};
}

}  // namespace ctool::engine
