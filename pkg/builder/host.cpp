// SPDX-License-Identifier: Apache-2.0
#include "builder/host.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/text.hpp"
#include "builder/fd_message_internal.hpp"
#include "builder/inputs.hpp"
#include "engine/images.hpp"
#include "engine/outcome.hpp"
#include "engine/step.hpp"
#include "sys/file.hpp"
#include "sys/memory_file.hpp"
#include "sys/root.hpp"

namespace ctool::builder {
namespace {

using Json = nlohmann::json;
constexpr char kStarted[] = "started", kForWantOfMemory[] = " oom";
constexpr size_t kMaxRequest = 64 << 20;  // a command and environment can't be longer by far
constexpr size_t kMaxReply = 64 << 10;
constexpr size_t kOfRun = 5;  // descriptors that come with a RUN

// MessagePack, not text: paths and arguments are bytes, which JSON's strings are not.
std::string Print(const Json& json) {
  const std::vector<uint8_t> bytes = Json::to_msgpack(json);
  return std::string(bytes.begin(), bytes.end());
}

Json PrintMount(const engine::ContainerMount& m) {
  return {{"type", m.type}, {"source", m.source}, {"destination", m.destination}, {"options", m.options}, {"subpath", m.subpath}, {"layers", m.layers}};
}

engine::ContainerMount ParseMount(const Json& json) {
  engine::ContainerMount m;
  m.type = json.at("type");
  m.source = json.at("source");
  m.destination = json.at("destination");
  m.options = json.at("options").get<std::vector<std::string>>();
  m.subpath = json.at("subpath");
  m.layers = json.at("layers").get<std::vector<std::string>>();
  return m;
}

std::string PrintRun(const RunRequest& r) {
  Json mounts = Json::array();
  for (const engine::ContainerMount& m : r.mounts) mounts.push_back(PrintMount(m));
  return Print({{"run", r.id}, {"argv", r.argv}, {"env", r.env}, {"user", r.user}, {"dir", r.working_dir},
                {"network", r.network}, {"layers", r.layers}, {"mounts", mounts}});
}

engine::Step StepOf(const Json& json, const BuildOptions& options) {
  engine::Step step;
  step.id = json.at("run");
  step.options = options.run;
  step.options.entrypoint = "";
  step.options.command = json.at("argv").get<std::vector<std::string>>();
  for (std::string& entry : json.at("env").get<std::vector<std::string>>()) step.options.env.push_back(std::move(entry));
  // docker's word for what is used without one.
  if (step.options.network == std::vector<std::string>{"default"}) step.options.network.clear();
  if (const std::string network = json.at("network"); !network.empty()) step.options.network = {network};
  step.image.user = json.at("user");
  step.image.working_dir = json.at("dir");
  step.layers = json.at("layers").get<std::vector<std::string>>();
  for (const Json& m : json.at("mounts")) step.mounts.push_back(ParseMount(m));
  return step;
}

// A step runs as long as somebody waits for it.
void EndWithClient(int reply) {
  const pid_t step = ::getpid();
  const pid_t watcher = ::fork();
  if (watcher != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != step) ::_exit(0);  // it has ended already: its number may be another's
  pollfd polled{reply, 0, 0};
  while (::poll(&polled, 1, -1) < 0 && errno == EINTR) {
  }
  ::kill(step, SIGKILL);
  ::_exit(0);
}

Result<std::string> ServeRun(const engine::GlobalOptions& store, const BuildOptions& options, const Json& request, std::vector<sys::Fd>& files, bool again) {
  if (files.size() != kOfRun) return Error(Code::kInternal, "a step's request lacks descriptors");
  const int reply = files[1].get();
  EndWithClient(reply);
  if (::dup2(files[2].get(), STDOUT_FILENO) < 0 || ::dup2(files[3].get(), STDERR_FILENO) < 0) return Error::Sys(errno, "dup2");
  files[2].Reset();
  files[3].Reset();
  engine::Engine engine(store);
  const sys::FileLock lock = sys::FileLock::Adopt(std::move(files[4]));
  const auto started = [reply] {
    if (::send(reply, kStarted, sizeof kStarted - 1, MSG_NOSIGNAL) < 0) Debug("the build is gone");
  };
  engine::Step step = StepOf(request, options);
  step.again = again;
  const engine::StepEnd end = TRY(engine::RunStep(engine, step, lock, started));
  return std::to_string(end.code) + (end.oom_killed ? kForWantOfMemory : "");
}

Result<std::string> ServeImage(const engine::GlobalOptions& store, const BuildOptions& options, const Json& request) {
  engine::Engine engine(store);
  engine::FetchOptions fetch = options.fetch;
  fetch.quiet = options.quiet;
  if (const std::string platform = request.at("platform"); !platform.empty()) fetch.platform = platform;
  const std::string name = request.at("image");
  // "oci-archive:FILE" and the like, of --build-context.
  if (NamesTransport(name)) return engine::Pull(engine, name, "always", fetch);
  return TRY(engine::EnsureImage(engine, name, options.pull, fetch)).image.id;
}

Result<std::string> Answer(const engine::GlobalOptions& store, const BuildOptions& options, std::vector<sys::Fd>& files, bool again) {
  const std::string text = TRY(sys::ReadAll(files[0].get(), "request", kMaxRequest));
  const Json request = Json::from_msgpack(text, true, false);
  if (!request.is_object()) return Error(Code::kInternal, "a request that is none");
  return request.contains("run") ? ServeRun(store, options, request, files, again) : ServeImage(store, options, request);
}

[[noreturn]] void ServeOne(const engine::GlobalOptions& store, const BuildOptions& options, std::vector<sys::Fd> files, pid_t host, bool again) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != host) ::_exit(1);
  ::signal(SIGCHLD, SIG_DFL);
  const sys::Fd reply(::fcntl(files[1].get(), F_DUPFD_CLOEXEC, 3));
  const std::string answer = engine::EncodeOutcome(Answer(store, options, files, again));
  ::_exit(::send(reply.get(), answer.data(), answer.size(), MSG_NOSIGNAL) < 0 ? 1 : 0);
}

[[noreturn]] void Serve(const sys::Fd& socket, const engine::GlobalOptions& store, const BuildOptions& options) {
  ::signal(SIGCHLD, SIG_IGN);  // nobody waits for a child: its answer says all
  const pid_t self = ::getpid();
  for (bool again = false;;) {
    Result<std::vector<sys::Fd>> files = ReceiveDescriptors(socket.get());
    if (!files.ok() || files->size() < 2) ::_exit(0);
    const pid_t pid = ::fork();
    if (pid == 0) ServeOne(store, options, std::move(*files), self, again);
    if (pid > 0) {
      again |= files->size() == kOfRun;
      continue;
    }
    const std::string answer = engine::EncodeOutcome(Result<std::string>(Error::Sys(errno, "fork")));
    if (::send((*files)[1].get(), answer.data(), answer.size(), MSG_NOSIGNAL) < 0) Debug("the build is gone");
  }
}

struct Replies {
  sys::Fd ours, theirs;
};
Result<Replies> MakeReplies() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return Error::Sys(errno, "socketpair");
  return Replies{sys::Fd(ends[0]), sys::Fd(ends[1])};
}

}  // namespace

Result<Host> Host::Start(const engine::GlobalOptions& store, const BuildOptions& options) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return Error::Sys(errno, "socketpair");
  sys::Fd ours(ends[0]);
  const sys::Fd theirs(ends[1]);
  sys::Child child = TRY(sys::Child::Clone(0));
  if (child.in_child()) {
    ours.Reset();
    Serve(theirs, store, options);
  }
  return Host(std::move(child), std::move(ours));
}

Result<std::string> HostClient::Await(const sys::Fd& reply, const std::function<void()>& on_started) const {
  constexpr int kLookMillis = 200;
  std::string buffer(kMaxReply, '\0');
  for (;;) {
    pollfd polled{reply.get(), POLLIN, 0};
    const int ready = ::poll(&polled, 1, kLookMillis);
    if (stopped_) return Error(Code::kIo, "interrupted");
    if (ready <= 0) continue;
    const ssize_t n = ::recv(reply.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error::Sys(errno, "recv");
    const std::string_view text(buffer.data(), static_cast<size_t>(n));
    if (text != kStarted) return engine::DecodeOutcome(text);
    on_started();
  }
}

Result<std::string> HostClient::EnsureImage(const std::string& name, const std::string& platform) const {
  const sys::Fd memory = TRY(sys::MemoryFile("request", Print({{"image", name}, {"platform", platform}})));
  Replies replies = TRY(MakeReplies());
  TRY(SendDescriptors(socket_, {memory.get(), replies.theirs.get()}));
  replies.theirs.Reset();
  return Await(replies.ours, [] {});
}

Result<engine::StepEnd> HostClient::Run(const RunRequest& request, const sys::FileLock& lock, int out, int err, const std::function<void()>& on_started) const {
  const sys::Fd memory = TRY(sys::MemoryFile("request", PrintRun(request)));
  Replies replies = TRY(MakeReplies());
  TRY(SendDescriptors(socket_, {memory.get(), replies.theirs.get(), out, err, lock.fd()}));
  replies.theirs.Reset();
  const std::string said = TRY(Await(replies.ours, on_started));
  const std::optional<int64_t> status = ParseInt(said.substr(0, said.find(' ')));
  if (!status) return Error(Code::kInternal, "a step ended with " + Quote(said));
  return engine::StepEnd{static_cast<int>(*status), EndsWith(said, kForWantOfMemory)};
}

}  // namespace ctool::builder
