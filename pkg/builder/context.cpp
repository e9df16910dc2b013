// SPDX-License-Identifier: Apache-2.0
#include "builder/context.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>

#include "archive/stream.hpp"
#include "archive/unpack.hpp"
#include "base/text.hpp"
#include "build/limits.hpp"
#include "builder/fetch.hpp"
#include "sys/file.hpp"

namespace ctool::builder {
namespace {

constexpr const char* kNames[] = {"Containerfile", "Dockerfile"};
constexpr int64_t kMaxContext = int64_t{64} << 30;  // more is a mistake, and would fill the disk

bool IsFolder(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

Result<std::string> RealPath(const std::string& path) {
  std::array<char, PATH_MAX> real;
  if (::realpath(path.c_str(), real.data()) == nullptr) return Error::Sys(errno, "context", path).As(Code::kInvalidArgument);
  return std::string(real.data());
}

// An archive goes into `folder`, belonging to the caller; what is none is returned as text.
Result<std::optional<std::string>> UnpackOrRead(archive::Source& raw, const std::string& folder) {
  const std::unique_ptr<archive::Source> plain = TRY(archive::DecompressDetected(raw));
  constexpr size_t kBlock = 512, kMagicAt = 257;
  std::string head(kBlock, '\0');
  size_t have = 0;
  while (have < kBlock) {
    const size_t n = TRY(plain->Read({head.data() + have, kBlock - have}));
    if (n == 0) break;
    have += n;
  }
  head.resize(have);
  class Rest : public archive::Source {
   public:
    Rest(std::string head, archive::Source& rest) : head_(std::move(head)), rest_(rest) {}
    Result<size_t> Read(std::span<char> into) override {
      if (head_.empty()) {
        const size_t n = TRY(rest_.Read(into));
        read_ += static_cast<int64_t>(n);
        if (read_ > kMaxContext) return Error(Code::kInvalidArgument, "the build context is larger than 64 GiB");
        return n;
      }
      const size_t n = std::min(into.size(), head_.size());
      head_.copy(into.data(), n);
      head_.erase(0, n);
      return n;
    }

   private:
    std::string head_;
    archive::Source& rest_;
    int64_t read_ = 0;
  } stream(head, *plain);
  if (have == kBlock && head.compare(kMagicAt, 5, "ustar") == 0) {
    archive::UnpackOptions options;
    options.whiteouts = false;
    options.owner = {0, 0};
    options.ignore_chown_errors = true;
    const sys::Root root = TRY(sys::Root::Open(folder));
    TRY_CTX("build context", archive::Unpack(stream, root, options));
    return std::optional<std::string>();
  }
  std::string text;
  std::array<char, 64 << 10> buffer;
  for (;;) {
    const size_t n = TRY(stream.Read(buffer));
    if (n == 0) return std::optional(std::move(text));
    text.append(buffer.data(), n);
    if (text.size() > build::kMaxFileBytes) return Error(Code::kInvalidArgument, "the Containerfile is larger than 4 MiB");
  }
}

Result<std::unique_ptr<SourceTree>> TreeOf(const std::string& folder, DigestCache& digests) {
  sys::Root root = TRY(sys::Root::Open(folder));
  return std::make_unique<SourceTree>(SourceTree{std::move(root), folder, {}, false, &digests});
}

// A context that has to be fetched first: what it holds, or the Containerfile that it is. `below`: the part of it that is meant.
struct Fetched {
  std::optional<std::string> text;
  std::string folder;
};
Result<Fetched> Fetch(const std::string& where, const ContextPlace& place, std::optional<WorkFolder>& folder) {
  WorkFolder made = TRY(WorkFolder::Make(place.store));
  folder.emplace(std::move(made));
  const std::string into = folder->path() + "/context";
  TRY(sys::MakeDirs(into, 0755));
  if (IsGit(where)) {
    const std::string below = TRY(CloneGit(where, into, false, place.interrupt));
    if (below.empty()) return Fetched{std::nullopt, into};
    // A path of the repository's: no link leads out of it.
    const sys::Root root = TRY(sys::Root::Open(into));
    const sys::Fd part = TRY_CTX(WithoutPassword(where), root.Open(below, O_PATH | O_DIRECTORY));
    std::string path = TRY(sys::ReadLinkAt(AT_FDCWD, "/proc/self/fd/" + std::to_string(part.get())));
    return Fetched{std::nullopt, std::move(path)};
  }
  sys::Fd file;
  if (where == "-") {
    file = sys::Fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!file) return Error::Sys(errno, "standard input");
  } else {
    TRY(sys::MakeDirs(folder->path() + "/download", 0700));
    const std::string name = TRY(Download({where, "", folder->path() + "/download", "context"}, place.interrupt));
    file = TRY(sys::Open(folder->path() + "/download/" + name, O_RDONLY));
  }
  const std::unique_ptr<archive::Source> raw = archive::FromFd(file.get(), where == "-" ? "standard input" : WithoutPassword(where));
  std::optional<std::string> text = TRY(UnpackOrRead(*raw, into));
  return Fetched{std::move(text), into};
}

Error NoContainerfile(const std::string& folder) {
  return Error(Code::kInvalidArgument, "no Containerfile or Dockerfile specified or found in context directory, " + folder + ": no such file or directory")
      .Hint("name it: ctool build -f FILE " + folder);
}

// -f: a path of the caller's, or one below the context.
Result<std::string> ReadNamed(const std::string& name, const Context& context) {
  if (name == "-") return sys::ReadAll(STDIN_FILENO, "standard input", build::kMaxFileBytes);
  if (!context.fetched) {
    const std::string below = context.tree == nullptr ? name : context.tree->shown + "/" + name;
    const bool here = sys::Exists(name), in_context = sys::Exists(below);
    if (!here && !in_context)
      return Error(Code::kInvalidArgument, "the specified Containerfile or Dockerfile does not exist, " + name + ": no such file or directory");
    return sys::ReadFile(here ? name : below, build::kMaxFileBytes);
  }
  if (context.tree != nullptr)
    if (Result<std::string> text = context.tree->root.ReadRegular(name, build::kMaxFileBytes); text.ok()) return text;
  return sys::ReadFile(name, build::kMaxFileBytes);
}

Status FindContainerfile(const BuildOptions& options, Context& context) {
  if (!options.files.empty()) {
    context.file = options.files.front() == "-" ? "stdin" : options.files.front();
    for (const std::string& name : options.files) context.text += TRY(ReadNamed(name, context)) + "\n";
    return Ok();
  }
  for (const char* name : kNames) {
    Result<std::string> text = context.tree->root.ReadRegular(name, build::kMaxFileBytes);
    if (!text.ok() && text.error().sys_errno() == ENOENT) continue;
    context.file = name;
    context.text = TRY(std::move(text));
    return Ok();
  }
  return NoContainerfile(context.tree->shown);
}

// A link counts, wherever it leads.
bool IsThere(const sys::Root& root, const std::string& name) {
  const Result<sys::Root::Parent> parent = root.OpenParent(name);
  struct stat st {};
  return parent.ok() && ::fstatat(parent->dir.get(), parent->name.c_str(), &st, AT_SYMLINK_NOFOLLOW) == 0;
}

Status FindIgnoreFile(const BuildOptions& options, Context& context) {
  if (context.tree == nullptr) return Ok();
  if (!options.ignore_file.empty()) {
    const std::string text = TRY(sys::ReadFile(options.ignore_file, build::kMaxIgnoreBytes));
    context.tree->ignored = TRY(build::IgnoreList::Parse(options.ignore_file, text));
    return Ok();
  }
  // One beside the Containerfile counts for that alone.
  for (const std::string& name : {context.file + ".containerignore", context.file + ".dockerignore", std::string(".containerignore"), std::string(".dockerignore")}) {
    Result<std::string> found = context.tree->root.ReadRegular(name, build::kMaxIgnoreBytes);
    if (!found.ok() && StartsWith(name, "/") && !context.fetched) found = sys::ReadFile(name, build::kMaxIgnoreBytes);
    // One that can't be read is not as if there were none: what it hides would be in the image.
    if (!found.ok() && found.error().sys_errno() == ENOENT && !IsThere(context.tree->root, name)) continue;
    const std::string text = TRY_CTX("the ignore file", std::move(found));
    context.tree->ignored = TRY(build::IgnoreList::Parse(name, text));
    return Ok();
  }
  return Ok();
}

}  // namespace

Result<Context> OpenContext(const BuildOptions& options, const ContextPlace& place) {
  Context context;
  const std::string where = options.context.empty() ? "." : options.context;
  if (where == "-" || IsHttp(where) || IsGit(where)) {
    Fetched fetched = TRY(Fetch(where, place, context.fetched));
    if (fetched.text) {
      context.file = where == "-" ? "stdin" : WithoutPassword(where);
      context.text = std::move(*fetched.text);
      return context;
    }
    context.tree = TRY(TreeOf(fetched.folder, place.digests));
  } else {
    if (!IsFolder(where)) return Error(Code::kInvalidArgument, "building: the context must be a folder, -, or a URL: " + Quote(where) + (sys::Exists(where) ? " is a file" : ": no such file or directory"));
    const std::string real = TRY(RealPath(where));
    context.tree = TRY(TreeOf(real, place.digests));
  }
  TRY(FindContainerfile(options, context));
  TRY(FindIgnoreFile(options, context));
  return context;
}

Result<std::unique_ptr<SourceTree>> OpenNamedContext(const std::string& where, const ContextPlace& place, std::optional<WorkFolder>& fetched) {
  if (!IsHttp(where) && !IsGit(where)) {
    const std::string real = TRY(RealPath(where));
    return TreeOf(real, place.digests);
  }
  const Fetched got = TRY(Fetch(where, place, fetched));
  if (got.text) return Error(Code::kInvalidArgument, "--build-context: " + Quote(WithoutPassword(where)) + " is no archive");
  return TreeOf(got.folder, place.digests);
}

}  // namespace ctool::builder
