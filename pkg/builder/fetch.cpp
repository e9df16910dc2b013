// SPDX-License-Identifier: Apache-2.0
#include "builder/fetch.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/text.hpp"
#include "build/ignore.hpp"
#include "digest/sha256.hpp"
#include "http/client.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"

extern "C" char** environ;

namespace ctool::builder {
namespace {

constexpr size_t kMostShown = 2000;  // characters of git's complaint

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

Status Git(const std::vector<std::string>& arguments, const std::string& what) {
  sys::SpawnOptions options;
  options.argv = {TRY_CTX("git is needed to fetch " + WithoutPassword(what), sys::FindProgram("git", sys::ProgramPath()))};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  for (char** e = environ; *e != nullptr; ++e) options.env.emplace_back(*e);
  options.env.emplace_back("GIT_TERMINAL_PROMPT=0");
  const sys::Captured ran = TRY(sys::RunCaptured(options));
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

Result<std::string> CloneGit(const std::string& text, const std::string& folder, bool keep_git_dir) {
  const size_t hash = text.find('#');
  const std::string url = text.substr(0, hash), fragment = hash == std::string::npos ? "" : text.substr(hash + 1);
  const size_t colon = fragment.find(':');
  const std::string ref = fragment.substr(0, colon), below = colon == std::string::npos ? "" : fragment.substr(colon + 1);
  if (StartsWith(ref, "-") || StartsWith(url, "-")) return Error(Code::kInvalidArgument, "invalid git reference " + Quote(text));
  // A commit can't be cloned by name: an empty repository fetches it. Submodules come as BuildKit takes them along.
  TRY(Git({"init", "-q", folder}, url));
  TRY(Git({"-C", folder, "fetch", "-q", "--depth=1", "--", url, ref.empty() ? "HEAD" : ref}, url));
  TRY(Git({"-C", folder, "checkout", "-q", "--detach", "FETCH_HEAD"}, url));
  if (sys::Exists(folder + "/.gitmodules")) TRY(Git({"-C", folder, "submodule", "update", "-q", "--init", "--recursive", "--depth=1"}, url));
  if (!keep_git_dir) TRY(sys::RemoveTree(folder + "/.git"));
  return build::CleanPath("/" + below).substr(1);
}

}  // namespace ctool::builder
