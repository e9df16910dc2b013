// SPDX-License-Identifier: Apache-2.0
#include "builder/export.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "archive/tar_writer.hpp"
#include "base/log.hpp"
#include "base/scope.hpp"
#include "base/text.hpp"
#include "builder/overlay.hpp"
#include "engine/copy_tree.hpp"
#include "engine/pack_tree.hpp"
#include "sys/file.hpp"

namespace ctool::builder {
namespace {

struct Wanted {
  std::string type = "local", destination;
};

Result<Wanted> ParseOutput(const std::string& text) {
  Wanted wanted;
  if (text == "-") return Wanted{"tar", "-"};
  if (text.find('=') == std::string::npos) return Wanted{"local", text};
  for (const std::string& part : Split(text, ',')) {
    const size_t equals = part.find('=');
    const std::string key = part.substr(0, equals), value = equals == std::string::npos ? "" : part.substr(equals + 1);
    if (key == "type") wanted.type = value;
    else if (key == "dest") wanted.destination = value;
    else return Error(Code::kInvalidArgument, "invalid build output option " + Quote(text) + ": " + Quote(key) + " is none of type=, dest=");
  }
  const bool known = wanted.type == "local" || wanted.type == "tar" || wanted.type == "oci" || wanted.type == "docker";
  if (!known) return Error(Code::kInvalidArgument, "invalid build output type " + Quote(wanted.type) + ": local, tar, oci or docker");
  if (wanted.destination.empty()) return Error(Code::kInvalidArgument, "invalid build output option " + Quote(text) + ": dest= is missing");
  return wanted;
}

Status ExportFolder(const Session& session, const sys::Root& root, const std::string& destination) {
  const bool fresh = !sys::Exists(destination);
  TRY(sys::MakeDirs(destination, 0755));
  // Half a tree is of use to nobody. In a folder that was there nobody can tell what is whose.
  ScopeFail undo([&] {
    const Status gone = fresh ? sys::RemoveTree(destination) : Ok();
    if (!gone.ok()) Debug(gone.error().Message());
  });
  engine::CopyTreeOptions options;
  options.owner = {0, 0};  // which is the caller
  options.shown = destination;
  options.skip = [&session](const std::string&) { return !session.GoOn().ok(); };
  engine::TreeCopier copier(options);
  sys::Fd from = TRY(root.Open("/", O_RDONLY | O_DIRECTORY));
  sys::Fd to = TRY(sys::Open(destination, O_RDONLY | O_DIRECTORY));
  TRY(copier.CopyContents(std::move(from), std::move(to)));
  TRY(session.GoOn());
  undo.Commit();
  return Ok();
}

Status WriteTar(const Session& session, const sys::Root& root, int out, const std::string& shown) {
  archive::TarWriter tar([&](std::string_view bytes) -> Status {
    TRY(session.GoOn());
    return sys::WriteAll(out, bytes, shown);
  });
  engine::TreePacker packer(tar, {});
  sys::Fd from = TRY(root.Open("/", O_RDONLY | O_DIRECTORY));
  TRY(packer.PackContents(std::move(from)));
  return tar.Finish();
}

// A file gets its name when it is whole; what is there and is no file (a pipe, a device) is written to as it is.
Status ExportTar(const Session& session, const sys::Root& root, const std::string& destination) {
  if (destination == "-") return WriteTar(session, root, STDOUT_FILENO, "standard output");
  struct stat st {};
  if (::stat(destination.c_str(), &st) == 0 && !S_ISREG(st.st_mode)) {
    const sys::Fd file = TRY(sys::Open(destination, O_WRONLY));
    return WriteTar(session, root, file.get(), destination);
  }
  const std::string part = destination + ".part-" + RandomHexId().substr(0, 12);
  sys::Fd file = TRY_CTX("--output " + destination, sys::Open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644));
  ScopeFail undo([&part] {
    if (::unlink(part.c_str()) < 0) Debug(Error::Sys(errno, "remove", part).Message());
  });
  TRY(WriteTar(session, root, file.get(), destination));
  TRY(file.Close(destination));
  if (::rename(part.c_str(), destination.c_str()) < 0) return Error::Sys(errno, "rename", destination);
  undo.Commit();
  return Ok();
}

}  // namespace

Result<std::optional<ArchiveOutput>> ParseArchiveOutput(const std::string& output) {
  const Wanted wanted = TRY(ParseOutput(output));
  if (wanted.type != "oci" && wanted.type != "docker") return std::optional<ArchiveOutput>();
  return std::optional<ArchiveOutput>(ArchiveOutput{wanted.type + "-archive", wanted.destination});
}

bool TakesStandardOutput(const std::vector<std::string>& outputs) {
  return std::any_of(outputs.begin(), outputs.end(), [](const std::string& output) {
    const Result<Wanted> wanted = ParseOutput(output);
    return wanted.ok() && wanted->destination == "-";
  });
}

Status Export(Session& session, const StageState& state, const std::string& output) {
  const Wanted wanted = TRY(ParseOutput(output));
  if (wanted.type == "oci" || wanted.type == "docker") return Ok();
  const WorkFolder folder = TRY(WorkFolder::Make(session.store));
  std::shared_lock lock(session.paths);
  const MountedOverlay view = TRY(MountedOverlay::View(folder, state.fs.Folders()));
  lock.unlock();
  return wanted.type == "tar" ? ExportTar(session, view.root(), wanted.destination) : ExportFolder(session, view.root(), wanted.destination);
}

}  // namespace ctool::builder
