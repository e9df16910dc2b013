// SPDX-License-Identifier: Apache-2.0
//
// The image that a container is to be made from. Fetching is another program's work: this one
// starts in milliseconds because it loads no HTTP, TLS or archive code.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>

#include "base/trace.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/image_lookup_internal.hpp"
#include "engine/manifest_list.hpp"
#include "engine/outcome.hpp"
#include "sys/child.hpp"
#include "transport/image_name.hpp"

extern "C" char** environ;

namespace ctool::engine {
namespace {

std::vector<std::string> Environment() {
  std::vector<std::string> env;
  for (char** entry = environ; *entry != nullptr; ++entry) env.emplace_back(*entry);
  return env;
}

void AddFetchOptions(std::vector<std::string>& argv, const FetchOptions& fetch) {
  const auto add = [&argv](const char* option, const std::string& value) {
    if (!value.empty()) argv.push_back(std::string(option) + "=" + value);
  };
  add("--platform", fetch.platform);
  add("--arch", fetch.arch);
  add("--os", fetch.os);
  add("--variant", fetch.variant);
  add("--authfile", fetch.authfile);
  add("--creds", fetch.creds);
  add("--cert-dir", fetch.cert_dir);
  if (fetch.tls_verify) add("--tls-verify", *fetch.tls_verify ? "true" : "false");
  add("--retry", std::to_string(fetch.retry));
  add("--retry-delay", fetch.retry_delay);
  if (fetch.quiet) argv.push_back("--quiet");
}

// Signals that would end us, held back and passed to the child instead: it has to undo what it
// began. They take effect here once it is gone.
class HeldSignals {
 public:
  static Result<HeldSignals> Begin() {
    HeldSignals held;
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
    if (::sigprocmask(SIG_BLOCK, &set, &held.former_) < 0) return Error::Sys(errno, "sigprocmask");
    held.active_ = true;
    held.fd_ = sys::Fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!held.fd_) return Error::Sys(errno, "signalfd");
    return held;
  }
  HeldSignals(HeldSignals&& o) noexcept
      : fd_(std::move(o.fd_)), former_(o.former_), active_(std::exchange(o.active_, false)),
        caught_(o.caught_) {}
  ~HeldSignals() {
    if (!active_) return;
    if (caught_ != 0) ::raise(caught_);
    ::sigprocmask(SIG_SETMASK, &former_, nullptr);
  }
  int fd() const { return fd_.get(); }
  int Take() {
    signalfd_siginfo info{};
    if (::read(fd_.get(), &info, sizeof info) != sizeof info) return 0;
    return caught_ = static_cast<int>(info.ssi_signo);
  }

 private:
  HeldSignals() = default;
  sys::Fd fd_;
  sigset_t former_{};
  bool active_ = false;
  int caught_ = 0;
};

// Everything the child writes to `out`, while signals are passed on to it.
Result<std::string> Collect(sys::Child& child, int out, HeldSignals& signals) {
  std::string text;
  for (;;) {
    std::array<pollfd, 2> polled = {{{out, POLLIN, 0}, {signals.fd(), POLLIN, 0}}};
    if (::poll(polled.data(), polled.size(), -1) < 0 && errno != EINTR)
      return Error::Sys(errno, "poll");
    if (polled[1].revents != 0)
      if (const int signal = signals.Take(); signal != 0) TRY(child.Signal(signal));
    if (polled[0].revents == 0) continue;
    std::array<char, 4096> chunk;
    const ssize_t n = ::read(out, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return Error::Sys(errno, "read from the process that fetches images");
    if (n == 0) return text;
    text.append(chunk.data(), static_cast<size_t>(n));
  }
}

// Runs `ctool-images fetch`; returns the image id.
Result<std::string> FetchInProgram(Engine& engine, const std::string& name,
                                   const std::string& policy, const FetchOptions& fetch) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
  const sys::Fd out(ends[0]);
  sys::Fd child_out(ends[1]);
  sys::SpawnOptions spawn;
  spawn.argv = {TRY(engine.Program("ctool-images"))};
  for (std::string& argument : TRY(engine.GlobalArguments()))
    spawn.argv.push_back(std::move(argument));
  spawn.argv.insert(spawn.argv.end(), {"fetch", "--policy=" + policy});
  AddFetchOptions(spawn.argv, fetch);
  spawn.argv.insert(spawn.argv.end(), {"--", name});
  spawn.env = Environment();
  spawn.fds = {{child_out.get(), STDOUT_FILENO}, {STDERR_FILENO, STDERR_FILENO}};
  spawn.die_with_parent = false;  // it asks for a SIGTERM itself, which lets it clean up
  HeldSignals signals = TRY(HeldSignals::Begin());
  sys::Child child = TRY(sys::Spawn(spawn));
  child_out.Reset();
  const std::string outcome = TRY(Collect(child, out.get(), signals));
  const sys::ExitStatus status = TRY(child.Wait());
  Mark("image fetched");
  Result<std::string> id = DecodeOutcome(outcome);
  if (!id.ok() && id.error().code() == Code::kInternal && !status.ok())
    return Error(Code::kInternal, "ctool-images " + status.Describe());
  return id;
}

Result<bool> Fits(const FoundImage& found, const AskedPlatform& wanted) {
  return PlatformMismatch(TRY(PlatformOf(found.image)), wanted).empty();
}

void WarnIfForeign(const std::string& mismatch) {
  if (mismatch.empty()) return;
  const std::string line = "WARNING: " + mismatch + "\n";
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
}

// An archive or folder is read whatever the policy says of registries, as podman does it: what is in it now is meant.
Result<FoundImage> FromElsewhere(Engine& engine, const transport::ImageName& name, const FetchOptions& fetch) {
  if (name.kind == transport::Kind::kContainersStorage) return RequireImage(engine, name.reference);
  const std::string id = TRY(FetchInProgram(engine, name.Print(), "always", fetch));
  FoundImage found = TRY(RequireImage(engine, id));
  WarnIfForeign(PlatformMismatch(TRY(PlatformOf(found.image)), TRY(PlatformFrom(fetch))));
  return found;
}

}  // namespace

Result<FoundImage> EnsureImage(Engine& engine, const std::string& raw_name,
                               const std::string& policy, const FetchOptions& fetch) {
  const bool may_be_local = policy == "missing" || policy == "never";
  if (!may_be_local && policy != "always" && policy != "newer")
    return Error(Code::kInvalidArgument, "unsupported pull policy " + Quote(policy))
        .Hint("it is one of always, missing, newer, never");
  if (const auto elsewhere = TRY(transport::ImageName::Parse(raw_name));
      elsewhere && elsewhere->kind != transport::Kind::kDocker)
    return FromElsewhere(engine, *elsewhere, fetch);
  const std::string name = TRY(WithoutTransport(raw_name));
  const AskedPlatform wanted = TRY(PlatformFrom(fetch));
  std::optional<FoundImage> local = TRY(FindImage(engine, name));
  if (local && IsList(local->image)) {
    const ListChoice choice = TRY_CTX(Printable(name), ChooseFromList(engine, local->image, fetch));
    if (!choice.image_id.empty()) return RequireImage(engine, choice.image_id);
    return EnsureImage(engine, choice.reference, policy, fetch);
  }
  if (may_be_local) {
    std::optional<FoundImage>& found = local;
    if (!found && policy == "never") return ImageNotKnown(name);
    if (found && (policy == "never" || !wanted.asked || TRY(Fits(*found, wanted)))) {
      WarnIfForeign(PlatformMismatch(TRY(PlatformOf(found->image)), wanted));
      return std::move(*found);
    }
  }
  const std::string id = TRY(FetchInProgram(engine, name, policy, fetch));
  std::optional<FoundImage> found = TRY(FindImage(engine, name));
  // A name that has moved on since, or one that means another image here, must not win.
  if (found && found->image.id == id) return std::move(*found);
  return RequireImage(engine, id);
}

}  // namespace ctool::engine
