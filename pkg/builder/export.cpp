// SPDX-License-Identifier: Apache-2.0
#include "builder/export.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "archive/tar_writer.hpp"
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

Status ExportFolder(const sys::Root& root, const std::string& destination) {
  TRY(sys::MakeDirs(destination, 0755));
  engine::CopyTreeOptions options;
  options.owner = {0, 0};  // which is the caller
  options.shown = destination;
  engine::TreeCopier copier(options);
  sys::Fd from = TRY(root.Open("/", O_RDONLY | O_DIRECTORY));
  sys::Fd to = TRY(sys::Open(destination, O_RDONLY | O_DIRECTORY));
  return copier.CopyContents(std::move(from), std::move(to));
}

Status ExportTar(const sys::Root& root, const std::string& destination) {
  sys::Fd file;
  if (destination != "-") file = TRY(sys::Open(destination, O_WRONLY | O_CREAT | O_TRUNC, 0644));
  const int out = destination == "-" ? STDOUT_FILENO : file.get();
  archive::TarWriter tar([&](std::string_view bytes) { return sys::WriteAll(out, bytes, destination); });
  engine::TreePacker packer(tar, {});
  sys::Fd from = TRY(root.Open("/", O_RDONLY | O_DIRECTORY));
  TRY(packer.PackContents(std::move(from)));
  return tar.Finish();
}

}  // namespace

Result<std::optional<ArchiveOutput>> ParseArchiveOutput(const std::string& output) {
  const Wanted wanted = TRY(ParseOutput(output));
  if (wanted.type != "oci" && wanted.type != "docker") return std::optional<ArchiveOutput>();
  return std::optional<ArchiveOutput>(ArchiveOutput{wanted.type + "-archive", wanted.destination});
}

Status Export(Session& session, const StageState& state, const std::string& output) {
  const Wanted wanted = TRY(ParseOutput(output));
  if (wanted.type == "oci" || wanted.type == "docker") return Ok();
  const WorkFolder folder = TRY(WorkFolder::Make(session.store));
  std::shared_lock lock(session.paths);
  const MountedOverlay view = TRY(MountedOverlay::View(folder, state.fs.Folders()));
  lock.unlock();
  return wanted.type == "tar" ? ExportTar(view.root(), wanted.destination) : ExportFolder(view.root(), wanted.destination);
}

}  // namespace ctool::builder
