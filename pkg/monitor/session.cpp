// SPDX-License-Identifier: Apache-2.0
#include "monitor/session.hpp"

#include <signal.h>
#include <unistd.h>

#include <vector>

#include "base/log.hpp"
#include "monitor/events.hpp"
#include "monitor/group.hpp"
#include "monitor/json_internal.hpp"
#include "monitor/recorder.hpp"
#include "monitor/relay.hpp"
#include "monitor/streams.hpp"
#include "runtime/launch.hpp"
#include "sys/file.hpp"
#include "sys/procfs.hpp"

namespace ctool::monitor {
namespace {

using runtime::Msg;
using runtime::Stage;

constexpr size_t kMaxConfig = 8 << 20;  // arguments and environment: the kernel takes 6 MiB of them (execve(2))

constexpr auto kOrderFields = [](auto& o, const auto& field) {
  field("id", o.id);
  field("runDir", o.run_dir);
  field("keepStdin", o.keep_stdin);
  field("preserved", o.preserved);
};

constexpr auto kRecordFields = [](auto& o, const auto& field) {
  field("pid", o.pid);
  field("startTime", o.start_time);
};

struct Session {
  sys::Child process;
  Streams streams;
  std::string record;  // its file
  bool has_input = false;
};

Result<std::string> WriteRecord(const SessionOrder& order, pid_t pid) {
  TRY(sys::MakeDirs(order.run_dir + "/exec", 0700));
  const std::string path = order.run_dir + "/exec/" + order.id;
  const SessionRecord record{pid, TRY(sys::ProcessStartTime(pid))};
  TRY(sys::WriteFileAtomic(path, record.Print(), 0600, sys::Durability::kNone));
  return path;
}

void RemoveRecord(const std::string& path) {
  if (path.empty()) return;
  if (::unlink(path.c_str()) < 0 && errno != ENOENT) Debug(Error::Sys(errno, "remove", path).Message());
}

Result<Session> Begin(const runtime::SyncSocket& client, runtime::Frame& frame, Stage& stage) {
  stage = Stage::kPlan;
  const SessionOrder order = TRY(SessionOrder::Parse(frame.payload));
  const sys::Fd init = std::move(frame.fd);
  if (!init) return Error(Code::kInternal, "the order names no container");
  if (order.preserved < 0) return Error(Code::kInvalidArgument, "invalid number of descriptors to preserve");
  const std::vector<sys::Fd> files = TRY(ReceiveFiles(client, 1 + order.preserved));
  runtime::InitPlan plan = TRY(runtime::BuildPlan(
      TRY(spec::RuntimeSpec::Parse(TRY(sys::ReadAll(files[0].get(), "the session's config.json", kMaxConfig))))));
  Pipes pipes = TRY(MakePipes(plan.spec.process.terminal, order.keep_stdin));
  std::vector<int> preserved;
  for (size_t i = 1; i < files.size(); ++i) preserved.push_back(files[i].get());
  stage = Stage::kClone;
  const sys::Fd group = OpenGroup(order.run_dir);
  runtime::Launch launch = TRY(runtime::Launch::Join(
      init.get(), std::move(plan), {pipes.in.get(), pipes.out.get(), pipes.err.get()}, preserved, group.get()));
  const Status ready = launch.AwaitReady([](pid_t, const runtime::FuseMount&) -> Status {
    return Error(Code::kInternal, "a session mounts nothing");
  });
  stage = launch.stage();
  if (!ready.ok()) return ready.error();
  pipes.ours.terminal = launch.TakeConsole();
  const Word word = TRY(AwaitWord(client, pipes.ours.terminal.get()));
  if (word.hold) return Error(Code::kInternal, "a session cannot be held");
  // What cannot be recorded is run all the same.
  Result<std::string> record = WriteRecord(order, launch.pid());
  if (!record.ok()) Debug(record.error().Message());
  const Status executed = launch.Exec([&order](sys::Fd listener) { return RecordSession(order.run_dir, std::move(listener)); });
  stage = Stage::kExec;
  if (!executed.ok()) {
    if (record.ok()) RemoveRecord(*record);
    return executed.error();
  }
  return Session{std::move(launch).TakeChild(), std::move(pipes.ours), record.ok() ? *record : "", word.has_input};
}

}  // namespace

Result<SessionOrder> SessionOrder::Parse(std::string_view bytes) {
  SessionOrder o = TRY(ParseObject<SessionOrder>(bytes, "the order of a session", kOrderFields));
  // The id names a file.
  if (o.id.empty() || o.run_dir.empty() || o.id.find_first_not_of("0123456789abcdef") != std::string::npos)
    return Error(Code::kCorrupt, "the order of a session has no id or runDir");
  return o;
}

std::string SessionOrder::Print() const { return PrintObject(*this, kOrderFields); }

Result<SessionRecord> SessionRecord::Parse(std::string_view bytes) {
  const SessionRecord r = TRY(ParseObject<SessionRecord>(bytes, "the record of a session", kRecordFields));
  if (r.pid <= 0) return Error(Code::kCorrupt, "the record of a session has no pid");
  return r;
}

std::string SessionRecord::Print() const { return PrintObject(*this, kRecordFields); }

int RunSession(runtime::SyncSocket client, runtime::Frame order, const Config& config) {
  ::signal(SIGPIPE, SIG_IGN);
  Stage stage = Stage::kPlan;
  Result<Session> session = Begin(client, order, stage);
  if (!session.ok()) return client.SendError(stage, session.error()).ok() ? 125 : 124;
  TellSession(config, "exec", std::nullopt);
  const Status told = client.Send(Msg::kStarted, Stage::kExec, std::to_string(session->process.pid()),
                                  session->process.pidfd());
  Relay relay(Log(), told.ok() ? std::move(client) : runtime::SyncSocket(), session->has_input, {});
  const Result<Relay::Outcome> outcome = relay.Run(session->process, std::move(session->streams), 0);
  RemoveRecord(session->record);
  const int code = outcome.ok() ? outcome->status.code : 255;
  TellSession(config, "exec_died", code);
  relay.SendExit(code);
  return 0;
}

int ServeSession(runtime::SyncSocket client) {
  runtime::Frame order;
  const Status got = Expect(client, order, Msg::kExecute);
  if (!got.ok()) return client.SendError(Stage::kPlan, got.error()).ok() ? 125 : 124;
  return RunSession(std::move(client), std::move(order), Config());
}

Result<sys::Child> ForkSession(runtime::SyncSocket client, runtime::Frame order, const Config& config) {
  sys::Child child = TRY(sys::Child::Clone(0));
  if (!child.in_child()) return child;
  KeepOnly({client.fd(), order.fd.get()});
  ::_exit(RunSession(std::move(client), std::move(order), config));
}

}  // namespace ctool::monitor
