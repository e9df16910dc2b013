// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <map>
#include <vector>

#include "archive/tar_reader.hpp"
#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "sys/file.hpp"
#include "sys/memory_file.hpp"
#include "transport/archive.hpp"

namespace ctool::transport {
namespace {

// What a stream's small members may take in memory, one and all together. The rest goes to the spool.
constexpr uint64_t kSmallBytes = 64 << 10;
constexpr uint64_t kAllSmallBytes = 16 << 20;

struct Member {
  enum class Kind { kFile, kLink, kFolder } kind = Kind::kFile;
  std::string link;
  int64_t offset = 0, size = 0;         // in the archive
  std::optional<std::string> text;      // kept in memory
  std::optional<spec::Digest> spooled;  // kept in the spool
};

// "./blobs//sha256/x" is "blobs/sha256/x". No writer of images uses "..".
Result<std::string> MemberName(std::string_view raw) {
  if (raw.size() > kMaxMemberName)
    return Error(Code::kCorrupt, "invalid member name " + Quote(raw.substr(0, 100)) + "...: too long");
  std::string name;
  for (const std::string& part : Split(raw, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return Error(Code::kCorrupt, "invalid member name " + Quote(raw));
    if (!name.empty()) name += '/';
    name += part;
  }
  return name;
}

// The name that a link means inside the archive; empty when it leads out of it.
std::string LinkTarget(const std::string& name, const std::string& link) {
  if (StartsWith(link, "/")) return "";
  std::vector<std::string> parts = Split(name, '/');
  parts.pop_back();
  for (const std::string& part : Split(link, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") parts.push_back(part);
    else if (parts.empty()) return "";
    else parts.pop_back();
  }
  return Join(parts, "/");
}

// A file in memory, for who wants to read a range of one.
Result<MemberFile> InMemory(const std::string& text) {
  MemberFile out{TRY(sys::MemoryFile("member")), {}};
  TRY(sys::WriteAll(out.owned.get(), text, "memory"));
  out.range = {out.owned.get(), 0, static_cast<int64_t>(text.size())};
  return out;
}

class TarMembers final : public Archive {
 public:
  explicit TarMembers(std::string what, sys::Fd file = {}, Spool* spool = nullptr)
      : what_(std::move(what)), file_(std::move(file)), spool_(spool) {}

  const std::string& what() const override { return what_; }
  bool Has(std::string_view name) const override { return members_.count(std::string(name)) != 0; }

  Result<MemberFile> Open(std::string_view name) const override {
    const Member& member = *TRY(Find(name));
    if (member.text) return InMemory(*member.text);
    if (!member.spooled) return MemberFile{{}, {file_.get(), member.offset, member.size}};
    MemberFile out{TRY(spool_->Open(*member.spooled)), {}};
    out.range = {out.owned.get(), 0, member.size};
    return out;
  }

  Result<std::string> ReadText(std::string_view name, size_t most) const override {
    const Member& member = *TRY(Find(name));
    return member.text ? *member.text : Archive::ReadText(name, most);
  }

  std::optional<spec::Digest> DigestOf(std::string_view name) const override {
    const Result<const Member*> member = Find(name);
    return member.ok() ? (*member)->spooled : std::nullopt;
  }

  // All members; those of a stream are kept elsewhere on the way.
  Status Read(archive::Source& in) {
    archive::TarReader tar(in);
    archive::Entry entry;
    while (TRY_CTX(NotAnArchive(), tar.Next(entry))) {
      const std::string name = TRY_CTX(what_, MemberName(entry.path));
      if (name.empty()) continue;  // the root directory
      Member* member = TRY_CTX(what_, Add(name, entry));
      if (member == nullptr || member->kind != Member::Kind::kFile) continue;
      member->offset = static_cast<int64_t>(tar.offset());
      if (spool_ != nullptr) TRY_CTX(Quote(name) + " of " + what_, Keep(tar, *member));
    }
    if (members_.empty()) return Error(Code::kCorrupt, what_ + ": not an image archive: there is nothing in it");
    return TRY_CTX(what_, tar.ExpectEnd(kMaxTrailing));
  }

 private:
  std::string NotAnArchive() const {
    return members_.empty() ? what_ + ": not an image archive" : what_;
  }

  Result<Member*> Add(const std::string& name, const archive::Entry& entry) {
    Member member;
    switch (entry.type) {
      case archive::EntryType::kFile:
        if (entry.sparse) return Error(Code::kCorrupt, Quote(name) + " is a sparse file");
        member.size = static_cast<int64_t>(entry.size);
        break;
      case archive::EntryType::kDirectory: member.kind = Member::Kind::kFolder; break;
      case archive::EntryType::kSymlink:
        // docker and podman link the layers of their oldest format to the present ones.
        if (!EndsWith("/" + name, "/layer.tar")) return Irregular(name);
        member.kind = Member::Kind::kLink;
        member.link = entry.link;
        break;
      default: return Irregular(name);
    }
    if (members_.size() >= kMaxMembers)
      return Error(Code::kCorrupt, "more than " + std::to_string(kMaxMembers) + " members");
    const bool folder = member.kind == Member::Kind::kFolder;
    const auto [place, added] = members_.emplace(name, std::move(member));
    if (added) return &place->second;
    if (folder && place->second.kind == Member::Kind::kFolder) return nullptr;
    return Error(Code::kCorrupt, Quote(name) + " is there twice");
  }

  // One entry's data as a stream.
  class Body final : public archive::Source {
   public:
    explicit Body(archive::TarReader& tar) : tar_(tar) {}
    Result<size_t> Read(std::span<char> into) override {
      if (left_.empty()) left_ = TRY(tar_.Data()).bytes;
      const size_t n = left_.copy(into.data(), into.size());
      left_.remove_prefix(n);
      return n;
    }

   private:
    archive::TarReader& tar_;
    std::string_view left_;
  };

  Status Keep(archive::TarReader& tar, Member& member) {
    const auto size = static_cast<uint64_t>(member.size);
    if (size > kSmallBytes || small_bytes_ + size > kAllSmallBytes) {
      Body body(tar);
      member.spooled = TRY(spool_->Keep(body, member.size));
      return Ok();
    }
    small_bytes_ += size;
    member.text.emplace();
    for (;;) {
      const std::string_view bytes = TRY(tar.Data()).bytes;
      if (bytes.empty()) return Ok();
      member.text->append(bytes);
    }
  }

  Error Irregular(std::string_view name) const {
    return Error(Code::kCorrupt, Quote(name) + " is not a regular file");
  }

  Result<const Member*> Find(std::string_view name) const {
    auto found = members_.find(std::string(name));
    if (found == members_.end()) return Error(Code::kCorrupt, Quote(name) + " is missing in " + what_);
    if (found->second.kind == Member::Kind::kLink)
      found = members_.find(LinkTarget(found->first, found->second.link));
    if (found == members_.end() || found->second.kind != Member::Kind::kFile)
      return Irregular(name).Wrap(what_);
    return &found->second;
  }

  const std::string what_;
  const sys::Fd file_;
  Spool* const spool_;
  std::map<std::string, Member> members_;
  uint64_t small_bytes_ = 0;
};

}  // namespace

Result<std::shared_ptr<const Archive>> OpenTarFile(sys::Fd file, std::string what) {
  const struct stat st = TRY(sys::StatFd(file.get(), what));
  const std::unique_ptr<archive::Source> in = ReadRange({file.get(), 0, st.st_size}, what);
  auto archive = std::make_shared<TarMembers>(std::move(what), std::move(file));
  TRY(archive->Read(*in));
  return std::shared_ptr<const Archive>(std::move(archive));
}

Result<std::shared_ptr<const Archive>> ReadTarStream(archive::Source& in, Spool& spool,
                                                     std::string what) {
  auto archive = std::make_shared<TarMembers>(std::move(what), sys::Fd(), &spool);
  TRY(archive->Read(in));
  return std::shared_ptr<const Archive>(std::move(archive));
}

}  // namespace ctool::transport
