// SPDX-License-Identifier: Apache-2.0
#include "builder/fetch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "build/ignore.hpp"
#include "digest/sha256.hpp"
#include "http/client.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"

extern "C" char** environ;

namespace ctool::builder {
namespace {

constexpr size_t kMostShown = 2000, kMostKept = 64 << 10;  // characters of git's complaint

std::string WithoutFragment(const std::string& text) { return text.substr(0, text.find_first_of("#?")); }

Result<std::string> NameOf(const std::string& url, const std::string& otherwise) {
  const std::string path = WithoutFragment(url).substr(url.find("://") + 3);
  const size_t slash = path.rfind('/');
  const std::string name = slash == std::string::npos ? "" : path.substr(slash + 1);
  const bool none = name.empty() || name == "." || name == "..";
  if (none && !otherwise.empty()) return otherwise;
  if (none)
    return Error(Code::kInvalidArgument, "cannot determine a file name from " + Quote(WithoutPassword(url))).Hint("name the destination file, not a folder");
  return name;
}

void SetTime(int file, const std::string& last_modified) {
  tm t{};
  if (::strptime(last_modified.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &t) == nullptr) return;
  const time_t seconds = ::timegm(&t);
  const timespec times[2] = {{seconds, 0}, {seconds, 0}};
  static_cast<void>(::futimens(file, times));
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& s : strings) out.push_back(s.data());
  out.push_back(nullptr);
  return out;
}

// Its complaints go to `err`. Between clone and exec there are no allocations: other threads run.
Result<sys::Child> StartGit(std::vector<std::string> argv, const sys::Fd& err) {
  std::vector<std::string> env;
  for (char** e = environ; *e != nullptr; ++e) env.emplace_back(*e);
  env.emplace_back("GIT_TERMINAL_PROMPT=0");
  const std::vector<char*> arguments = Pointers(argv), variables = Pointers(env);
  const sys::Fd null = TRY(sys::Open("/dev/null", O_RDWR));
  // git starts programs of its own, which would outlive it: as the first of a pid namespace it takes them along.
  Result<sys::Child> child = sys::Child::Clone(CLONE_NEWPID);
  if (!child.ok()) child = sys::Child::Clone(0);
  if (!child.ok() || !child->in_child()) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setsid();  // a terminal's signals are ours to handle
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD}) ::signal(signal, SIG_DFL);
  if (::dup2(null.get(), 0) == 0 && ::dup2(null.get(), 1) == 1 && ::dup2(err.get(), 2) == 2) ::execve(arguments[0], arguments.data(), variables.data());
  ::_exit(127);
}

struct Said {
  sys::ExitStatus status;
  std::string err;
};
Result<Said> RunGit(std::vector<std::string> argv, const engine::Interrupt& interrupt) {
  constexpr int kLookMillis = 200;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe");
  const sys::Fd read_end(ends[0]);
  sys::Fd write_end(ends[1]);
  sys::Child child = TRY(StartGit(std::move(argv), write_end));
  write_end.Reset();
  Said said;
  std::array<char, 4096> chunk;
  for (;;) {
    pollfd polled{read_end.get(), POLLIN, 0};
    const int ready = ::poll(&polled, 1, kLookMillis);
    if (interrupt.stopped()) return Error(Code::kIo, "interrupted");  // and the child is killed
    if (ready <= 0) continue;
    const ssize_t n = ::read(read_end.get(), chunk.data(), chunk.size());
    if (n == 0 || (n < 0 && errno != EINTR)) break;
    if (n > 0) said.err.append(chunk.data(), std::min(static_cast<size_t>(n), kMostKept - said.err.size()));
  }
  said.status = TRY(child.Wait());
  return said;
}

Status Git(const std::vector<std::string>& arguments, const std::string& what, const engine::Interrupt& interrupt) {
  std::vector<std::string> argv = {TRY_CTX("git is needed to fetch " + WithoutPassword(what), sys::FindProgram("git", sys::ProgramPath()))};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const Said ran = TRY(RunGit(std::move(argv), interrupt));
  if (ran.status.ok()) return Ok();
  std::string why(Trim(ran.err));
  for (size_t found = why.find(what); WithoutPassword(what) != what && found != std::string::npos; found = why.find(what)) why.replace(found, what.size(), WithoutPassword(what));
  if (why.size() > kMostShown) why.resize(kMostShown);
  return Error(Code::kNetwork, "git: " + Printable(why)).Wrap("fetching " + WithoutPassword(what));
}

}  // namespace

std::string WithoutPassword(const std::string& url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const size_t begin = scheme + 3, end = url.find('/', begin);
  const size_t at = url.substr(0, end).rfind('@');
  return at == std::string::npos || at < begin ? url : url.substr(0, begin) + url.substr(at + 1);
}

bool IsHttp(const std::string& text) { return StartsWith(text, "http://") || StartsWith(text, "https://"); }

bool IsGit(const std::string& text) {
  if (StartsWith(text, "git://") || StartsWith(text, "git@") || StartsWith(text, "ssh://git@")) return true;
  return (IsHttp(text) || StartsWith(text, "file://")) && EndsWith(WithoutFragment(text), ".git");
}

Result<std::string> Download(const RemoteFile& wanted, const engine::Interrupt& interrupt) {
  const auto& [url, checksum, folder, otherwise] = wanted;
  http::Options options;
  options.allow_http = true;  // it was asked for in so many words
  options.cancel = interrupt.flag();
  const std::unique_ptr<http::Client> client = TRY(http::Client::Create(options));
  const std::string name = TRY(NameOf(url, otherwise));
  sys::Fd file = TRY(sys::Open(folder + "/" + name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  digest::Hasher hasher;
  http::Request request;
  request.url = url;
  const auto sink = [&](const http::Response&, std::string_view chunk) -> Status {
    hasher.Update(chunk);
    return sys::WriteAll(file.get(), chunk, name);
  };
  const http::Transfer transfer = client->Perform(request, sink);
  if (!transfer.ok()) return Error(*transfer.error).Wrap("fetching " + Quote(WithoutPassword(url)));
  if (transfer.response.status != 200)
    return Error(Code::kNotFound, "fetching " + Quote(WithoutPassword(url)) + ": the server answers " + std::to_string(transfer.response.status));
  const std::string digest = hasher.Finish().str();
  if (!checksum.empty() && digest != checksum)
    return Error(Code::kCorrupt, "fetching " + Quote(WithoutPassword(url)) + ": unexpected response digest " + digest + ", wanted " + checksum);
  SetTime(file.get(), std::string(transfer.response.Header("last-modified")));
  TRY(file.Close(name));
  return name;
}

Result<std::string> CloneGit(const std::string& text, const std::string& folder, bool keep_git_dir, const engine::Interrupt& interrupt) {
  const size_t hash = text.find('#');
  const std::string url = text.substr(0, hash), fragment = hash == std::string::npos ? "" : text.substr(hash + 1);
  const size_t colon = fragment.find(':');
  const std::string ref = fragment.substr(0, colon), below = colon == std::string::npos ? "" : fragment.substr(colon + 1);
  if (StartsWith(ref, "-") || StartsWith(url, "-")) return Error(Code::kInvalidArgument, "invalid git reference " + Quote(text));
  // A commit can't be cloned by name: an empty repository fetches it. Submodules come as BuildKit takes them along.
  TRY(Git({"init", "-q", folder}, url, interrupt));
  TRY(Git({"-C", folder, "fetch", "-q", "--depth=1", "--", url, ref.empty() ? "HEAD" : ref}, url, interrupt));
  TRY(Git({"-C", folder, "checkout", "-q", "--detach", "FETCH_HEAD"}, url, interrupt));
  // Where they are the repository says: on this machine only when it was itself.
  const std::string local = StartsWith(url, "file://") ? "always" : "never";
  if (sys::Exists(folder + "/.gitmodules")) TRY(Git({"-C", folder, "-c", "protocol.allow=never", "-c", "protocol.http.allow=always", "-c", "protocol.https.allow=always", "-c", "protocol.ssh.allow=always",
           "-c", "protocol.git.allow=always", "-c", "protocol.file.allow=" + local, "submodule", "update", "-q", "--init", "--recursive", "--depth=1"}, url, interrupt));
  if (!keep_git_dir) TRY(sys::RemoveTree(folder + "/.git"));
  return build::CleanPath("/" + below).substr(1);
}

}  // namespace ctool::builder
