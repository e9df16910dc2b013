// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>

#include "archive/stream.hpp"
#include "archive/unpack.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/trace.hpp"
#include "build/ignore.hpp"
#include "builder/copy_item.hpp"
#include "builder/fetch.hpp"
#include "builder/origin_image.hpp"
#include "builder/stage_builder_internal.hpp"
#include "runtime/user.hpp"
#include "sys/file.hpp"

namespace ctool::builder {
namespace {

using Owner = std::optional<std::pair<uid_t, gid_t>>;
constexpr size_t kMaxAccounts = 16 << 20;  // of a passwd or group file

// A COPY or ADD with its variables replaced.
struct Wanted {
  std::vector<std::string> sources;
  std::string destination;  // absolute
  std::string chown, chmod, checksum;
  build::IgnoreList excluded;
  bool into_folder = false;
};

// What a source came to.
struct Found {
  const SourceTree* tree = nullptr;
  SourceItem item;
  ItemContent content;
  bool unpack = false;
};

std::string AccountFile(const sys::Root& root, const char* path) {
  Result<std::string> text = root.ReadRegular(path, kMaxAccounts);
  return text.ok() ? std::move(text).value() : std::string();
}

// The build is at fault, and no command that can't be executed.
Result<runtime::ResolvedUser> ResolveOwner(const std::string& text, const sys::Root& root) {
  Result<runtime::ResolvedUser> user = runtime::ResolveUser(text, {}, AccountFile(root, "/etc/passwd"), AccountFile(root, "/etc/group"));
  if (!user.ok()) return std::move(user).error().Wrap("--chown=" + text).As(Code::kInvalidArgument);
  return user;
}

// "user[:group]" by the image's own accounts. Of a number alone the group is the same number, as the Dockerfile reference has it.
Result<Owner> ParseOwner(const std::string& text, const sys::Root& root) {
  if (text.empty()) return Owner();
  const runtime::ResolvedUser user = TRY(ResolveOwner(text, root));
  const bool number = text.find_first_not_of("0123456789") == std::string::npos;
  return Owner({user.uid, number ? user.uid : user.gid});
}

// Compressed or not: whether it begins as a tar archive does. An ordinary file that happens to is one.
bool IsArchive(const SourceTree& tree, const SourceItem& item) {
  if (item.is_directory) return false;
  const Result<sys::Fd> file = tree.root.Open(item.path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!file.ok()) return false;
  const std::unique_ptr<archive::Source> raw = archive::FromFd(file->get(), item.path);
  Result<std::unique_ptr<archive::Source>> plain = archive::DecompressDetected(*raw);
  if (!plain.ok()) return false;
  constexpr size_t kBlock = 512, kMagicAt = 257;
  std::string head(kBlock, '\0');
  size_t have = 0;
  while (have < kBlock) {
    const Result<size_t> n = (*plain)->Read({head.data() + have, kBlock - have});
    if (!n.ok() || *n == 0) return false;
    have += *n;
  }
  return head.compare(kMagicAt, 5, "ustar") == 0;
}

}  // namespace

// One COPY or ADD, with what it needs until its layer is written.
class CopyStep {
 public:
  CopyStep(Stages& stages, size_t stage, const build::Copy& copy, Wanted wanted)
      : stages_(stages), session_(stages.session), stage_(stage), copy_(copy), wanted_(std::move(wanted)) {}

  // A key that follows from names alone, where those decide: another stage that is the same as before. Empty: none does.
  Result<std::string> QuickKey(const std::string& fs_key);
  // Looks at everything that is copied.
  Result<std::string> FindAll(const std::string& fs_key, const std::vector<std::string>& heredocs);
  Status CopyTo(const sys::Root& root);

 private:
  Status OpenOrigin();
  Status FindLocal(const std::string& text);
  Status FindRemote(const std::string& text);
  Status AddHeredoc(const std::string& name, const std::string& content);
  Status MakeFolder();
  Result<std::string> Scratch();
  Status AddFrom(const SourceTree& tree, const std::string& text);
  Status Unpack(const Found& found, const sys::Root& root, const Owner& owner);
  Key Begin(const char* kind, const std::string& fs_key) const;

  Stages& stages_;
  Session& session_;
  const size_t stage_;
  const build::Copy& copy_;
  const Wanted wanted_;
  std::optional<WorkFolder> folder_;      // for views and what is fetched
  std::optional<MountedOverlay> view_;
  std::vector<std::unique_ptr<SourceTree>> own_;
  const SourceTree* tree_ = nullptr;  // the context, or the view
  std::optional<Origin> origin_;
  const StageState* other_ = nullptr;
  std::vector<std::string> folders_;  // of an image
  std::string origin_key_;
  std::vector<Found> found_;
};

Key CopyStep::Begin(const char* kind, const std::string& fs_key) const {
  Key key(kind);
  // A layer of its own, which goes on top of anything.
  key.Add(copy_.link ? "link" : fs_key).Add(copy_.add ? "add" : "copy").Add(wanted_.destination).Add(wanted_.into_folder ? "/" : "");
  key.Add(wanted_.chown).Add(wanted_.chmod).Add(copy_.parents ? "parents" : "").Add(copy_.unpack ? (*copy_.unpack ? "unpack" : "keep") : "");
  return key;
}

Result<std::string> CopyStep::QuickKey(const std::string& fs_key) {
  if (copy_.from.empty()) return std::string();
  origin_ = stages_.graph.Find(stages_.file, stages_.given, stage_, copy_.from);
  if (origin_->kind == Origin::Kind::kContext) return std::string();
  if (origin_->kind == Origin::Kind::kStage) {
    other_ = TRY(stages_.Await(origin_->stage));
    origin_key_ = other_->fs_key;
  } else {
    ImageFiles files = TRY(FilesOfImage(session_, origin_->name, ""));
    origin_key_ = files.key;
    folders_ = std::move(files.folders);
  }
  return Begin("copy from", fs_key).Add(origin_key_).AddAll(wanted_.sources).AddAll(copy_.excludes).Finish();
}

Status CopyStep::MakeFolder() {
  if (folder_) return Ok();
  WorkFolder folder = TRY(WorkFolder::Make(session_.store));
  folder_.emplace(std::move(folder));
  return Ok();
}

Result<std::string> CopyStep::Scratch() {
  TRY(MakeFolder());
  const std::string path = folder_->path() + "/fetched." + std::to_string(own_.size());
  TRY(sys::MakeDirs(path, 0700));
  return path;
}

Status CopyStep::OpenOrigin() {
  if (tree_ != nullptr) return Ok();
  if (!origin_) {
    tree_ = session_.context;
    if (tree_ == nullptr) return Error(Code::kInvalidArgument, "there is no build context to copy from").Hint("name a folder: ctool build DIR");
    return Ok();
  }
  if (origin_->kind == Origin::Kind::kContext) {
    tree_ = stages_.contexts.at(origin_->name).get();
    return Ok();
  }
  TRY(MakeFolder());
  std::shared_lock lock(session_.paths);
  MountedOverlay view = TRY(MountedOverlay::View(*folder_, other_ != nullptr ? other_->fs.Folders() : folders_));
  view_.emplace(std::move(view));
  lock.unlock();
  sys::Root root = TRY(sys::Root::Open(folder_->Merged()));
  own_.push_back(std::make_unique<SourceTree>(SourceTree{std::move(root), copy_.from, {}, true, nullptr}));
  tree_ = own_.back().get();
  return Ok();
}

Status CopyStep::AddFrom(const SourceTree& tree, const std::string& text) {
  std::vector<SourceItem> items = TRY(FindItems(tree, text, copy_.parents));
  for (SourceItem& item : items) {
    const std::string name = item.named.substr(item.named.rfind('/') + 1);
    const auto excludes = [&](const std::string& path) {
      return !path.empty() && wanted_.excluded.Ignores(path) && !(item.is_directory && wanted_.excluded.MayWantBelow(path));
    };
    if (excludes(item.named) || excludes(name)) continue;
    ItemContent content = TRY(ReadItem(tree, item, wanted_.excluded));
    found_.push_back({&tree, std::move(item), std::move(content)});
  }
  return Ok();
}

Status CopyStep::FindLocal(const std::string& text) {
  TRY(OpenOrigin());
  const size_t before = found_.size();
  // With --parents what is in front of "/./" is only where to begin.
  TRY(AddFrom(*tree_, text));
  if (const size_t pivot = copy_.parents ? text.find("/./") : std::string::npos; pivot != std::string::npos) {
    const std::string base = build::CleanPath("/" + text.substr(0, pivot)).substr(1);
    for (size_t i = before; i < found_.size(); ++i)
      if (StartsWith(found_[i].item.named, base + "/")) found_[i].item.named.erase(0, base.size() + 1);
  }
  const bool unpacks = copy_.add && copy_.unpack.value_or(true);
  for (size_t i = before; i < found_.size(); ++i) found_[i].unpack = unpacks && IsArchive(*found_[i].tree, found_[i].item);
  return Ok();
}

Status CopyStep::FindRemote(const std::string& text) {
  const std::string folder = TRY(Scratch());
  const bool git = IsGit(text);
  // The destination's, when the URL has none.
  const auto name_for = [this](const std::string&) { return wanted_.into_folder ? std::string() : wanted_.destination.substr(wanted_.destination.rfind('/') + 1); };
  const std::string name = TRY(git ? CloneGit(text, folder, copy_.keep_git_dir, session_.interrupt) : Download({text, wanted_.checksum, folder, name_for(text)}, session_.interrupt));
  sys::Root root = TRY(sys::Root::Open(folder));
  own_.push_back(std::make_unique<SourceTree>(SourceTree{std::move(root), text, {}, false, nullptr}));
  TRY(AddFrom(*own_.back(), name));
  found_.back().unpack = !git && copy_.unpack.value_or(false) && IsArchive(*found_.back().tree, found_.back().item);
  return Ok();
}

Status CopyStep::AddHeredoc(const std::string& name, const std::string& content) {
  const std::string folder = TRY(Scratch());
  if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..") return Error(Code::kInvalidArgument, "heredoc: " + Quote(name) + " is no file name");
  TRY(sys::WriteFileAtomic(folder + "/" + name, content, 0644, sys::Durability::kNone));
  sys::Root root = TRY(sys::Root::Open(folder));
  own_.push_back(std::make_unique<SourceTree>(SourceTree{std::move(root), name, {}, false, nullptr}));
  return AddFrom(*own_.back(), name);
}

Result<std::string> CopyStep::FindAll(const std::string& fs_key, const std::vector<std::string>& heredocs) {
  for (size_t i = 0; i < copy_.sources.size(); ++i) {
    const build::CopySource& source = copy_.sources[i];
    if (source.heredoc) TRY(AddHeredoc(copy_.heredocs[*source.heredoc].name, heredocs[*source.heredoc]));
    else if (copy_.add && copy_.from.empty() && (IsHttp(wanted_.sources[i]) || IsGit(wanted_.sources[i]))) TRY(FindRemote(wanted_.sources[i]));
    else TRY(FindLocal(wanted_.sources[i]));
  }
  Key key = Begin("copy", fs_key);
  for (const Found& found : found_)
    key.Add(found.item.is_directory ? "" : found.item.named).Add(copy_.parents ? found.item.named : "").Add(found.content.digest).Add(found.unpack ? "unpack" : "").Add(found.tree->own_ids ? "owners" : "");
  return key.Finish();
}

Status CopyStep::Unpack(const Found& found, const sys::Root& root, const Owner& owner) {
  TRY(MakeFolders(root, wanted_.destination, owner));
  const sys::Fd file = TRY(found.tree->root.Open(found.item.path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  const std::unique_ptr<archive::Source> raw = archive::FromFd(file.get(), found.item.path);
  const std::unique_ptr<archive::Source> tar = TRY(archive::DecompressDetected(*raw));
  archive::UnpackOptions options;
  options.whiteouts = false;
  options.merge = options.merge_root = true;
  options.ignore_chown_errors = session_.map.single_id;
  if (owner) options.owner = *owner;
  sys::Fd folder = TRY(root.Open(wanted_.destination, O_RDONLY | O_DIRECTORY));
  const sys::Root into(std::move(folder));
  TRY_CTX("unpacking " + Quote(found.item.path), archive::Unpack(*tar, into, options));
  return Ok();
}

Status CopyStep::CopyTo(const sys::Root& root) {
  const Owner chosen = TRY(ParseOwner(wanted_.chown, root));
  CopyHow how;
  how.mode = TRY(ParseMode(wanted_.chmod));
  how.parents = copy_.parents;
  how.into_folder = wanted_.into_folder || found_.size() > 1;
  how.any_owner = session_.map.single_id;
  for (const Found& found : found_) {
    if (found.unpack) {
      TRY(Unpack(found, root, chosen));
      continue;
    }
    how.owner = chosen ? chosen : found.tree->own_ids ? Owner() : Owner({0, 0});
    TRY(CopyItem(*found.tree, found.item, found.content, root, wanted_.destination, how));
  }
  return Ok();
}

Status StageBuilder::Apply(const build::Copy& copy) {
  Wanted wanted;
  for (const build::CopySource& source : copy.sources) {
    std::string text;
    if (!source.heredoc) text = TRY(Expand(source.text));
    wanted.sources.push_back(std::move(text));
  }
  const std::string destination = TRY(Expand(copy.destination));
  if (destination.empty()) return Error(Code::kInvalidArgument, instruction_->name + ": the destination is empty");
  wanted.into_folder = EndsWith(destination, "/") || destination == "." || EndsWith(destination, "/.") || copy.sources.size() > 1;
  wanted.destination = Absolute(destination);
  wanted.chown = TRY(Expand(copy.chown));
  wanted.chmod = TRY(Expand(copy.chmod));
  TRY(ParseMode(wanted.chmod));
  wanted.checksum = TRY(Expand(copy.checksum));
  if (!wanted.checksum.empty())
    for (const std::string& source : wanted.sources)
      if (!IsHttp(source)) return Error(Code::kInvalidArgument, "--checksum is for a URL, and " + Quote(source) + " is none");
  std::vector<std::string> excludes, heredocs;
  for (const std::string& pattern : copy.excludes) excludes.push_back(TRY(Expand(pattern)));
  wanted.excluded = TRY(build::IgnoreList::Of(excludes));
  const auto lookup = [this](std::string_view name) { return state_.scope->Find(name); };
  for (const build::Heredoc& heredoc : copy.heredocs) {
    std::string content = heredoc.content;
    if (heredoc.expand) content = TRY(build::ExpandContent(heredoc.content, lookup, stages_.file.escape)).text;
    heredocs.push_back(std::move(content));
  }

  CopyStep step(stages_, index_, copy, std::move(wanted));
  const std::string created_by = "/bin/sh -c #(nop) " + instruction_->text;
  const std::string quick = TRY(step.QuickKey(FsKey()));
  if (!quick.empty() && !session_.one_layer && TRY(UseCached(quick, created_by))) return Ok();
  const Slots::Held slot(session_.slots);
  TRY(session_.GoOn());
  const std::string key = TRY(step.FindAll(FsKey(), heredocs));
  Mark("sources looked at");
  if (!session_.one_layer && TRY(UseCached(key, created_by))) return Ok();
  WorkFolder folder = TRY(BeginLayer());
  {
    std::shared_lock lock(session_.paths);
    const std::vector<std::string> folders = copy.link && !session_.one_layer ? std::vector<std::string>{session_.empty} : state_.fs.Folders();
    const MountedOverlay root = TRY(MountedOverlay::Writable(folder, folders));
    lock.unlock();
    TRY(step.CopyTo(root.root()));
    Mark("copied");
  }
  AddLayer({std::move(folder), key, created_by, quick, copy.link ? session_.empty : ""});
  return Ok();
}

}  // namespace ctool::builder
