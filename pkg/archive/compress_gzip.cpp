// SPDX-License-Identifier: Apache-2.0
//
// gzip in blocks of 1 MiB, each compressed by itself with the 32 KiB in front of it as its dictionary, as pigz does it:
// the blocks make one deflate stream. ISA-L unless a level was asked for: DESIGN.md has the figures.
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <zlib.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "archive/compress_internal.hpp"
#include "sys/thread.hpp"

namespace ctool::archive {
namespace {

constexpr size_t kBlock = 1 << 20, kDictionary = 32 << 10;
constexpr unsigned kMaxThreads = 4;
constexpr int kIsalLevel = 3;
constexpr size_t kSlack = 4096;  // what deflate adds to a block that can't be compressed, and the flush

struct Block {
  std::string dictionary, in, out;
  bool done = false;
};

bool DeflateWithIsal(Block& block, std::vector<uint8_t>& scratch) {
  scratch.resize(ISAL_DEF_LVL3_DEFAULT);
  auto stream = std::make_unique<isal_zstream>();
  isal_deflate_init(stream.get());
  stream->level = kIsalLevel;
  stream->level_buf = scratch.data();
  stream->level_buf_size = static_cast<uint32_t>(scratch.size());
  stream->gzip_flag = IGZIP_DEFLATE;
  stream->flush = SYNC_FLUSH;
  if (!block.dictionary.empty())
    isal_deflate_set_dict(stream.get(), reinterpret_cast<uint8_t*>(block.dictionary.data()),
                          static_cast<uint32_t>(block.dictionary.size()));
  stream->next_in = reinterpret_cast<uint8_t*>(block.in.data());
  stream->avail_in = static_cast<uint32_t>(block.in.size());
  stream->next_out = reinterpret_cast<uint8_t*>(block.out.data());
  stream->avail_out = static_cast<uint32_t>(block.out.size());
  if (isal_deflate(stream.get()) != COMP_OK || stream->avail_in != 0 || stream->avail_out == 0) return false;
  block.out.resize(block.out.size() - stream->avail_out);
  return true;
}

bool DeflateWithZlib(Block& block, int level) {
  z_stream stream{};
  if (deflateInit2(&stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) return false;
  if (!block.dictionary.empty())
    deflateSetDictionary(&stream, reinterpret_cast<Bytef*>(block.dictionary.data()),
                         static_cast<uInt>(block.dictionary.size()));
  stream.next_in = reinterpret_cast<Bytef*>(block.in.data());
  stream.avail_in = static_cast<uInt>(block.in.size());
  stream.next_out = reinterpret_cast<Bytef*>(block.out.data());
  stream.avail_out = static_cast<uInt>(block.out.size());
  const bool good = deflate(&stream, Z_SYNC_FLUSH) == Z_OK && stream.avail_in == 0 && stream.avail_out > 0;
  block.out.resize(block.out.size() - stream.avail_out);
  deflateEnd(&stream);
  return good;
}

// Blocks on their way through the threads; they leave in the order in which they came.
class Blocks {
 public:
  explicit Blocks(std::optional<int> level) : level_(level) {
    const unsigned count = std::clamp(std::thread::hardware_concurrency(), 1U, kMaxThreads);
    for (unsigned i = 0; i < count; ++i) {
      Result<std::thread> thread = sys::StartThread([this] { Work(); });
      if (!thread.ok()) break;  // with fewer; with none the caller does it itself
      threads_.push_back(std::move(*thread));
    }
  }
  Blocks(const Blocks&) = delete;
  Blocks& operator=(const Blocks&) = delete;
  ~Blocks() {
    {
      const std::lock_guard lock(mutex_);
      end_ = true;
      next_ = blocks_.size();
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  bool full() const { return blocks_.size() >= 2 * threads_.size() + 1; }
  bool empty() const { return blocks_.empty(); }

  void Add(std::unique_ptr<Block> block) {
    std::vector<uint8_t> scratch;
    if (threads_.empty()) {
      Deflate(*block, scratch);
      block->done = true;
    }
    {
      const std::lock_guard lock(mutex_);
      blocks_.push_back(std::move(block));
    }
    changed_.notify_all();
  }

  // The oldest one, compressed.
  std::unique_ptr<Block> Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return blocks_.front()->done; });
    std::unique_ptr<Block> block = std::move(blocks_.front());
    blocks_.pop_front();
    if (next_ > 0) --next_;
    return block;
  }

 private:
  void Deflate(Block& block, std::vector<uint8_t>& scratch) const {
    block.out.resize(block.in.size() + block.in.size() / 8 + kSlack);
    const bool good = level_ ? DeflateWithZlib(block, *level_) : DeflateWithIsal(block, scratch);
    CHECK(good);
  }

  void Work() {
    std::vector<uint8_t> scratch;
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return end_ || next_ < blocks_.size(); });
      if (end_) return;
      Block* block = blocks_[next_++].get();
      lock.unlock();
      Deflate(*block, scratch);
      lock.lock();
      block->done = true;
      changed_.notify_all();
    }
  }

  const std::optional<int> level_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Block>> blocks_;
  size_t next_ = 0;  // the first that nobody works on
  bool end_ = false;
  std::vector<std::thread> threads_;
};

std::string LittleEndian(uint32_t value) {
  std::string out;
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift & 0xFF);
  return out;
}

}  // namespace

Status CompressGzip(Source& in, std::optional<int> level, const std::function<Status(std::string_view)>& out) {
  // No name, no time: the same contents have the same digest. 255: system unknown.
  TRY(out(std::string_view("\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\xFF", 10)));
  Blocks blocks(level);
  uint32_t crc = 0, length = 0;
  std::string dictionary;
  for (bool last = false; !last;) {
    auto block = std::make_unique<Block>();
    block->in.resize(kBlock);
    const size_t n = TRY(ReadFull(in, block->in));
    last = n < kBlock;
    block->in.resize(n);
    if (n > 0) {
      crc = crc32_gzip_refl(crc, reinterpret_cast<const uint8_t*>(block->in.data()), n);
      length += static_cast<uint32_t>(n);
      block->dictionary = std::move(dictionary);
      dictionary = block->in.substr(n > kDictionary ? n - kDictionary : 0);
      blocks.Add(std::move(block));
    }
    while (!blocks.empty() && (last || blocks.full())) TRY(out(blocks.Take()->out));
  }
  // An empty final block, and the trailer.
  return out(std::string("\x03\x00", 2) + LittleEndian(crc) + LittleEndian(length));
}

}  // namespace ctool::archive
