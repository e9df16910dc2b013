// SPDX-License-Identifier: Apache-2.0
//
// A layer as bytes from a stranger. Three things must hold: nothing crashes; the reader says the
// same however the bytes are cut into reads; and unpacking, successful or not, leaves everything
// outside its directory alone. Set TMPDIR to a tmpfs.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "archive/tar_reader.hpp"
#include "archive/unpack.hpp"
#include "sys/file.hpp"
#include "sys/root.hpp"

namespace {

using ctool::Result;
using namespace ctool::archive;  // NOLINT: one small program

constexpr uint64_t kMaxUnpackedBytes = 4 << 20;

class Pieces final : public Source {
 public:
  Pieces(std::string_view bytes, size_t step) : left_(bytes), step_(step) {}
  Result<size_t> Read(std::span<char> into) override {
    const size_t n = left_.copy(into.data(), std::min(into.size(), step_));
    left_.remove_prefix(n);
    return n;
  }

 private:
  std::string_view left_;
  size_t step_;
};

// What the reader makes of `bytes`, as text. `total` is what unpacking would write.
std::string Transcript(std::string_view bytes, size_t step, uint64_t& total) {
  Pieces pieces(bytes, step);
  TarReader reader(pieces);
  std::string text;
  Entry entry;
  total = 0;
  for (;;) {
    const Result<bool> more = reader.Next(entry);
    if (!more.ok()) return text + "error " + more.error().Message();
    if (!*more) return text + "end";
    text += entry.path + "|" + entry.link + "|" + std::to_string(entry.size) + "|" +
            std::to_string(entry.uid) + "|" + std::to_string(static_cast<int>(entry.type)) + "\n";
    for (;;) {
      const Result<TarReader::Chunk> chunk = reader.Data();
      if (!chunk.ok()) return text + "error " + chunk.error().Message();
      if (chunk->bytes.empty()) break;
      if (chunk->offset + chunk->bytes.size() > entry.size) std::abort();
      text += chunk->bytes;
      total += chunk->bytes.size();
      if (total > kMaxUnpackedBytes) return text + "enough";
    }
  }
}

struct Scratch {
  Scratch() {
    const char* tmp = std::getenv("TMPDIR");
    base = std::string(tmp != nullptr ? tmp : "/tmp") + "/ctool-fuzz-XXXXXX";
    if (::mkdtemp(base.data()) == nullptr || ::mkdir((base + "/canary").c_str(), 0700) != 0 ||
        !ctool::sys::WriteFileAtomic(base + "/canary/secret", "secret", 0600,
                                     ctool::sys::Durability::kNone).ok())
      std::abort();
    before = State();
  }
  ~Scratch() { (void)ctool::sys::RemoveTree(base); }

  std::string State() const {
    struct stat dir {}, file {};
    const Result<std::string> text = ctool::sys::ReadFile(base + "/canary/secret");
    if (::lstat((base + "/canary").c_str(), &dir) != 0 || !text.ok() ||
        ::lstat((base + "/canary/secret").c_str(), &file) != 0)
      return "gone";
    return *text + std::to_string(dir.st_mtim.tv_sec) + "." + std::to_string(dir.st_mtim.tv_nsec) +
           " " + std::to_string(dir.st_mode) + " " + std::to_string(file.st_mode) + " " +
           std::to_string(file.st_nlink) + " " + std::to_string(file.st_mtim.tv_nsec);
  }

  std::string base, before;
};

void UnpackBesideCanary(std::string_view bytes, bool whiteouts) {
  static const Scratch scratch;
  const std::string dest = scratch.base + "/dest";
  if (::mkdir(dest.c_str(), 0700) != 0) std::abort();
  {
    const Result<ctool::sys::Root> root = ctool::sys::Root::Open(dest);
    if (!root.ok()) std::abort();
    Pieces pieces(bytes, bytes.size() + 1);
    UnpackOptions options;
    options.ignore_chown_errors = true;
    options.whiteouts = whiteouts;
    (void)Unpack(pieces, *root, options);
  }
  if (scratch.State() != scratch.before) std::abort();
  if (!ctool::sys::RemoveTree(dest).ok()) std::abort();
  const auto names = ctool::sys::ListDir(
      ctool::sys::Open(scratch.base, O_RDONLY | O_DIRECTORY).value().get(), "scratch");
  if (!names.ok() || names->size() != 1) std::abort();
}

}  // namespace

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

// Nearly every mutation of a header breaks its checksum, behind which nothing else is tested: set
// the sum right in whatever looks like a header.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size,
                                          unsigned seed) {
  size = LLVMFuzzerMutate(data, size, max_size);
  if (seed % 16 == 0) return size;
  for (size_t at = 0; at + 512 <= size; at += 512) {
    uint8_t* header = data + at;
    if (std::memcmp(header + 257, "ustar", 5) != 0) continue;
    std::memset(header + 148, ' ', 8);
    unsigned sum = 0;
    for (size_t i = 0; i < 512; ++i) sum += header[i];
    std::snprintf(reinterpret_cast<char*>(header + 148), 8, "%06o", sum);
  }
  return size;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  uint64_t total = 0;
  const std::string whole = Transcript(bytes, size + 1, total);
  if (Transcript(bytes, 97, total) != whole) std::abort();

  Pieces packed(bytes, 1000);
  Result<std::unique_ptr<Source>> plain = DecompressDetected(packed);
  if (plain.ok()) {
    std::string chunk(4096, '\0');
    for (uint64_t got = 0; got < kMaxUnpackedBytes;) {
      const Result<size_t> n = (*plain)->Read(chunk);
      if (!n.ok() || *n == 0) break;
      got += *n;
    }
  }
  if (total <= kMaxUnpackedBytes) UnpackBesideCanary(bytes, size % 2 == 0);
  return 0;
}
