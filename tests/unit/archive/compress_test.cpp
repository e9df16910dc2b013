// SPDX-License-Identifier: Apache-2.0
#include "archive/compress.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ctool::archive {
namespace {

std::string Text(size_t size) {
  std::string out;
  uint32_t x = 1;
  while (out.size() < size) {
    x = x * 1664525 + 1013904223;
    out += x >> 28 == 0 ? std::string(50, static_cast<char>(x >> 8)) : "word " + std::to_string(x >> 20) + "\n";
  }
  out.resize(size);
  return out;
}

Result<std::string> Compressed(const std::string& text, const CompressOptions& options) {
  const std::unique_ptr<Source> in = FromMemory(text);
  std::string out;
  TRY(Compress(*in, options, [&](std::string_view chunk) -> Status {
    out += chunk;
    return Ok();
  }));
  return out;
}

Result<std::string> Decompressed(const std::string& bytes) {
  const std::unique_ptr<Source> in = FromMemory(bytes);
  const std::unique_ptr<Source> plain = TRY(DecompressDetected(*in));
  std::string out, buffer(1 << 16, '\0');
  for (;;) {
    const size_t n = TRY(plain->Read(buffer));
    if (n == 0) return out;
    out.append(buffer, 0, n);
  }
}

class CompressTest : public testing::TestWithParam<CompressOptions> {};

TEST_P(CompressTest, ComesBack) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{100}, (size_t{1} << 20) - 1, size_t{1} << 20,
                            (size_t{1} << 20) + 1, size_t{3} << 20}) {
    const std::string text = Text(size);
    const Result<std::string> compressed = Compressed(text, GetParam());
    ASSERT_TRUE(compressed.ok());
    if (size > 1000) {
      EXPECT_LT(compressed->size(), size / 2);
    }
    const Result<std::string> plain = Decompressed(*compressed);
    ASSERT_TRUE(plain.ok()) << plain.error().Message();
    EXPECT_TRUE(*plain == text) << size;
    EXPECT_TRUE(*Compressed(text, GetParam()) == *compressed) << "another result";
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, CompressTest,
                         testing::Values(CompressOptions{spec::Compression::kGzip, {}},
                                         CompressOptions{spec::Compression::kGzip, 1},
                                         CompressOptions{spec::Compression::kGzip, 9},
                                         CompressOptions{spec::Compression::kZstd, {}},
                                         CompressOptions{spec::Compression::kZstd, 1}));

TEST(CompressTest, WhatCannotBeCompressed) {
  std::string noise(3 << 20, '\0');
  uint64_t x = 88172645463325252ULL;
  for (char& c : noise) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    c = static_cast<char>(x >> 32);
  }
  const Result<std::string> compressed = Compressed(noise, {spec::Compression::kGzip, {}});
  ASSERT_TRUE(compressed.ok());
  EXPECT_TRUE(*Decompressed(*compressed) == noise);
}

TEST(CompressTest, Levels) {
  EXPECT_FALSE(Compressed("x", {spec::Compression::kGzip, 10}).ok());
  EXPECT_FALSE(Compressed("x", {spec::Compression::kGzip, 0}).ok());
  EXPECT_FALSE(Compressed("x", {spec::Compression::kZstd, 21}).ok());
  EXPECT_FALSE(Compressed("x", {spec::Compression::kXz, {}}).ok());
}

TEST(CompressTest, AnErrorOfTheReaderOrWriterEndsIt) {
  const std::string text = Text(8 << 20);
  const std::unique_ptr<Source> in = FromMemory(text);
  const Status status = Compress(*in, {spec::Compression::kGzip, {}},
                                 [](std::string_view) -> Status { return Error(Code::kIo, "no room"); });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().Message(), "no room");
}

}  // namespace
}  // namespace ctool::archive
