// SPDX-License-Identifier: Apache-2.0
#include "archive/stream.hpp"

#include <bzlib.h>
#include <gtest/gtest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <random>

#include "sandbox.hpp"

namespace ctool::archive {
namespace {

using spec::Compression;
using test::ReadToEnd;
using test::Trickle;

// Compressible, but not trivially: about 400 KB.
const std::string& Sample() {
  static const std::string sample = [] {
    std::mt19937 random(7);
    std::string text;
    while (text.size() < 400000) {
      text += std::to_string(random() % 100000);
      text.append(random() % 40, static_cast<char>('a' + random() % 26));
    }
    return text;
  }();
  return sample;
}

std::string Gzip(std::string_view data, bool with_header_fields = false) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  gz_header header{};
  std::string name = "name", comment = "comment", extra = "extra";
  header.name = reinterpret_cast<Bytef*>(name.data());
  header.comment = reinterpret_cast<Bytef*>(comment.data());
  header.extra = reinterpret_cast<Bytef*>(extra.data());
  header.extra_len = 5;
  header.hcrc = 1;
  if (with_header_fields) deflateSetHeader(&z, &header);
  std::string out(deflateBound(&z, data.size()) + 100, '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  z.avail_in = static_cast<uInt>(data.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}

std::string Zstd(std::string_view data) {
  std::string out(ZSTD_compressBound(data.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), data.data(), data.size(), 3));
  return out;
}

std::string Xz(std::string_view data) {
  std::string out(lzma_stream_buffer_bound(data.size()), '\0');
  size_t at = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, nullptr,
                                    reinterpret_cast<const uint8_t*>(data.data()), data.size(),
                                    reinterpret_cast<uint8_t*>(out.data()), &at, out.size()),
            LZMA_OK);
  out.resize(at);
  return out;
}

std::string Bzip2(std::string_view data) {
  std::string out(data.size() + data.size() / 100 + 700, '\0');
  auto size = static_cast<unsigned>(out.size());
  EXPECT_EQ(BZ2_bzBuffToBuffCompress(out.data(), &size, const_cast<char*>(data.data()),
                                     static_cast<unsigned>(data.size()), 9, 0, 0),
            BZ_OK);
  out.resize(size);
  return out;
}

Result<std::string> Expand(std::string_view bytes, Compression compression, size_t step = 1 << 20,
                           size_t chunk = 65536) {
  Trickle in(bytes, step);
  const std::unique_ptr<Source> out = TRY(Decompress(in, compression));
  return ReadToEnd(*out, chunk);
}

struct Case {
  Compression compression;
  std::string (*compress)(std::string_view);
  std::string name;
};

class Codec : public testing::TestWithParam<Case> {};

TEST_P(Codec, GivesBackWhatWasCompressed) {
  const std::string packed = GetParam().compress(Sample());
  for (const size_t step : {size_t{1} << 20, size_t{4093}}) {
    const Result<std::string> got = Expand(packed, GetParam().compression, step, 100000);
    ASSERT_TRUE(got.ok()) << got.error().Message();
    EXPECT_TRUE(*got == Sample());
  }
}

TEST_P(Codec, AnyChunkingOnEitherSide) {
  const std::string small = Sample().substr(0, 5000);
  const std::string packed = GetParam().compress(small);
  for (const size_t step : {1, 2, 7}) {
    for (const size_t chunk : {1, 3, 511}) {
      const Result<std::string> got = Expand(packed, GetParam().compression, step, chunk);
      ASSERT_TRUE(got.ok()) << got.error().Message();
      EXPECT_TRUE(*got == small);
    }
  }
}

TEST_P(Codec, EmptyContents) {
  const Result<std::string> got = Expand(GetParam().compress(""), GetParam().compression);
  ASSERT_TRUE(got.ok()) << got.error().Message();
  EXPECT_EQ(*got, "");
}

TEST_P(Codec, SeveralStreamsAreOne) {
  const std::string packed = GetParam().compress("first ") + GetParam().compress("second");
  for (const size_t step : {1, 1000}) {
    const Result<std::string> got = Expand(packed, GetParam().compression, step);
    ASSERT_TRUE(got.ok()) << got.error().Message();
    EXPECT_EQ(*got, "first second");
  }
}

TEST_P(Codec, EveryTruncationIsAnError) {
  const std::string packed = GetParam().compress("some bytes that are worth a test");
  for (size_t size = 0; size < packed.size(); ++size) {
    const Result<std::string> got = Expand(packed.substr(0, size), GetParam().compression);
    ASSERT_FALSE(got.ok()) << "cut to " << size;
    EXPECT_EQ(got.error().code(), Code::kCorrupt);
  }
  const Result<std::string> cut = Expand(packed.substr(0, packed.size() - 1), GetParam().compression);
  EXPECT_NE(cut.error().Message().find("truncated " + GetParam().name), std::string::npos)
      << cut.error().Message();
}

TEST_P(Codec, TrailingBytesAreAnError) {
  const Result<std::string> got =
      Expand(GetParam().compress("x") + "garbage, enough of it", GetParam().compression);
  ASSERT_FALSE(got.ok());
  EXPECT_NE(got.error().Message().find("trailing data"), std::string::npos) << got.error().Message();
}

TEST_P(Codec, OtherDataIsAnError) {
  for (const std::string& bytes : {std::string("plain text, and enough of it"), std::string(64, '\0')}) {
    const Result<std::string> got = Expand(bytes, GetParam().compression);
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().code(), Code::kCorrupt);
  }
}

TEST_P(Codec, NoDamagedByteIsOverlooked) {
  const std::string data = Sample().substr(0, 3000);
  const std::string packed = GetParam().compress(data);
  for (size_t i = 0; i < packed.size(); i += 7) {
    std::string bad = packed;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    const Result<std::string> got = Expand(bad, GetParam().compression);
    // Some header bits (a time stamp, a hint) don't change the contents; zstd's one-shot frames
    // carry no checksum, so that only crashes count there.
    if (got.ok() && GetParam().compression != Compression::kZstd) {
      EXPECT_TRUE(*got == data) << i;
    }
  }
}

TEST_P(Codec, IsDetected) {
  const std::string packed = GetParam().compress("detect me");
  EXPECT_EQ(DetectCompression(packed), GetParam().compression);
  for (const size_t step : {1, 100}) {
    Trickle in(packed, step);
    Result<std::unique_ptr<Source>> out = DecompressDetected(in);
    ASSERT_TRUE(out.ok());
    const Result<std::string> got = ReadToEnd(**out, 4);
    ASSERT_TRUE(got.ok()) << got.error().Message();
    EXPECT_EQ(*got, "detect me");
  }
}

std::string PlainGzip(std::string_view data) { return Gzip(data); }

INSTANTIATE_TEST_SUITE_P(All, Codec,
                         testing::Values(Case{Compression::kGzip, PlainGzip, "gzip"},
                                         Case{Compression::kZstd, Zstd, "zstd"},
                                         Case{Compression::kXz, Xz, "xz"},
                                         Case{Compression::kBzip2, Bzip2, "bzip2"}),
                         [](const auto& test_info) { return test_info.param.name; });

TEST(Gzip, HeaderFieldsAndTheirChecksumInAnyChunking) {
  const std::string packed = Gzip("contents", true);
  for (const size_t step : {1, 3, 12, 1000}) {
    const Result<std::string> got = Expand(packed, Compression::kGzip, step);
    ASSERT_TRUE(got.ok()) << step << got.error().Message();
    EXPECT_EQ(*got, "contents");
  }
}

TEST(Gzip, HeaderIsStrict) {
  std::string reserved = Gzip("x");
  reserved[3] = static_cast<char>(reserved[3] | 0x20);
  std::string method = Gzip("x");
  method[2] = 9;
  std::string checksum = Gzip("x", true);
  checksum[checksum.find("comment")] = 'C';
  for (const std::string& bytes : {reserved, method, checksum}) {
    const Result<std::string> got = Expand(bytes, Compression::kGzip);
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().Message(), "invalid gzip header");
  }
}

TEST(Gzip, NameWithoutEndIsBounded) {
  std::string bytes("\x1f\x8b\x08\x08\0\0\0\0\0\3", 10);
  bytes.append(10 << 20, 'n');
  const Result<std::string> got = Expand(bytes, Compression::kGzip);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().Message(), "invalid gzip header");
}

TEST(Gzip, TrailerIsChecked) {
  const std::string good = Gzip("contents");
  for (const size_t from_end : {size_t{2}, size_t{6}}) {  // length, CRC
    std::string bad = good;
    bad[bad.size() - from_end] = static_cast<char>(bad[bad.size() - from_end] ^ 1);
    const Result<std::string> got = Expand(bad, Compression::kGzip);
    ASSERT_FALSE(got.ok());
    EXPECT_NE(got.error().Message().find("gzip checksum"), std::string::npos);
  }
}

TEST(Gzip, OneLayerOnly) {
  const std::string inner = Gzip("x");
  const Result<std::string> got = Expand(Gzip(inner), Compression::kGzip);
  ASSERT_TRUE(got.ok());
  EXPECT_TRUE(*got == inner);
}

TEST(Zstd, SkippableFramesAreSkipped) {
  const std::string skippable("\x53\x2a\x4d\x18\5\0\0\0hello", 13);
  EXPECT_EQ(DetectCompression(skippable), Compression::kZstd);
  const Result<std::string> got =
      Expand(skippable + Zstd("a") + skippable + Zstd("b") + skippable, Compression::kZstd, 3);
  ASSERT_TRUE(got.ok()) << got.error().Message();
  EXPECT_EQ(*got, "ab");
}

TEST(Zstd, HugeWindowIsRefused) {
  // An empty frame whose window descriptor asks for 2^41, 2^28 and 2^27 bytes.
  for (const char descriptor : {'\xf8', '\x90', '\x88'}) {
    const std::string frame = std::string("\x28\xb5\x2f\xfd\0", 5) + descriptor + std::string("\1\0\0", 3);
    const Result<std::string> got = Expand(frame, Compression::kZstd);
    if (descriptor == '\x88') {
      EXPECT_TRUE(got.ok()) << got.error().Message();
      continue;
    }
    ASSERT_FALSE(got.ok());
    EXPECT_NE(got.error().Message().find("window"), std::string::npos) << got.error().Message();
  }
}

TEST(Zstd, DictionaryIsRefused) {
  const std::string frame("\x28\xb5\x2f\xfd\x21\x2a\x01\x09\x00\x00x", 11);  // dictionary 42
  const Result<std::string> got = Expand(frame, Compression::kZstd);
  ASSERT_FALSE(got.ok());
  EXPECT_NE(got.error().Message().find("dictionary"), std::string::npos) << got.error().Message();
}

TEST(Xz, MemoryIsBounded) {
  lzma_options_lzma options;
  ASSERT_FALSE(lzma_lzma_preset(&options, 9));
  options.dict_size = 512 << 20;
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  // Only the header needs to ask for it: encode with a small dictionary, then say 512 MiB.
  lzma_options_lzma small = options;
  small.dict_size = 1 << 20;
  const lzma_filter cheap[] = {{LZMA_FILTER_LZMA2, &small}, {LZMA_VLI_UNKNOWN, nullptr}};
  std::string out(4096, '\0');
  size_t at = 0;
  ASSERT_EQ(lzma_stream_buffer_encode(const_cast<lzma_filter*>(cheap), LZMA_CHECK_CRC32, nullptr,
                                      reinterpret_cast<const uint8_t*>("abc"), 3,
                                      reinterpret_cast<uint8_t*>(out.data()), &at, out.size()),
            LZMA_OK);
  out.resize(at);
  lzma_block block{};
  block.version = 0;
  block.check = LZMA_CHECK_CRC32;
  block.compressed_size = LZMA_VLI_UNKNOWN;
  block.uncompressed_size = LZMA_VLI_UNKNOWN;
  block.filters = const_cast<lzma_filter*>(filters);
  ASSERT_EQ(lzma_block_header_size(&block), LZMA_OK);
  std::string header(block.header_size, '\0');
  ASSERT_EQ(lzma_block_header_encode(&block, reinterpret_cast<uint8_t*>(header.data())), LZMA_OK);
  const std::string bomb = out.substr(0, 12) + header + std::string(64, '\0');
  const Result<std::string> got = Expand(bomb, Compression::kXz);
  ASSERT_FALSE(got.ok());
  EXPECT_NE(got.error().Message().find("memory"), std::string::npos) << got.error().Message();
}

TEST(Detect, PlainDataIsPlain) {
  using std::string_literals::operator""s;
  for (const std::string& bytes :
       {""s, "a"s, "\x1f\x8b"s, "\x1f\x8b\x07xyz"s, "BZhello"s, "BZh91Bxyz"s, "\x28\xb5\x2f"s, "\xfd" "7zXY\0"s}) {
    EXPECT_EQ(DetectCompression(bytes), Compression::kNone) << bytes;
    Trickle in(bytes, 1);
    Result<std::unique_ptr<Source>> out = DecompressDetected(in);
    ASSERT_TRUE(out.ok());
    const Result<std::string> got = ReadToEnd(**out, 2);
    ASSERT_TRUE(got.ok());
    EXPECT_EQ(*got, bytes);
  }
}

TEST(FromFd, ReadsToTheEndAndReportsErrors) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ASSERT_EQ(::write(ends[1], "abc", 3), 3);
  ::close(ends[1]);
  const Result<std::string> got = ReadToEnd(*FromFd(ends[0], "pipe"), 2);
  ::close(ends[0]);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(*got, "abc");
  char byte = 0;
  const Result<size_t> bad = FromFd(-1, "nothing")->Read(std::span<char>(&byte, 1));
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().text(), "read 'nothing'");
  EXPECT_EQ(bad.error().sys_errno(), EBADF);
}

}  // namespace
}  // namespace ctool::archive
