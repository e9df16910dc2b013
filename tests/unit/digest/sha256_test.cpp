// SPDX-License-Identifier: Apache-2.0
#include "digest/sha256.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ctool::digest {
namespace {

constexpr std::string_view kEmpty =
    "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr std::string_view kAbc =
    "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
// FIPS 180-2, appendix B.3: one million times "a".
constexpr std::string_view kMillionA =
    "sha256:cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
constexpr std::string_view kAbc512 =
    "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

TEST(Sha256, KnownAnswers) {
  EXPECT_EQ(Sha256("").str(), kEmpty);
  EXPECT_EQ(Sha256("abc").str(), kAbc);
  EXPECT_EQ(Sha256(std::string(1000000, 'a')).str(), kMillionA);
}

TEST(Hasher, ChunksOfAnySizeGiveTheSameDigest) {
  const std::string all(1000000, 'a');
  for (const size_t step : {size_t{1} << 16, size_t{63}, size_t{64}, size_t{999999}}) {
    Hasher hasher;
    for (size_t i = 0; i < all.size(); i += step) hasher.Update(std::string_view(all).substr(i, step));
    EXPECT_EQ(hasher.Finish().str(), kMillionA) << step;
  }
}

TEST(Hasher, Sha512) {
  Hasher hasher("sha512");
  hasher.Update("abc");
  const spec::Digest digest = hasher.Finish();
  EXPECT_EQ(digest.str(), kAbc512);
  EXPECT_EQ(digest.algorithm(), "sha512");
}

TEST(Hasher, MovesWithItsState) {
  Hasher first;
  first.Update("a");
  Hasher second = std::move(first);
  second.Update("bc");
  EXPECT_EQ(second.Finish().str(), kAbc);
}

TEST(HasherDeathTest, FinishIsOnce) {
  Hasher hasher;
  hasher.Update("abc");
  EXPECT_EQ(hasher.Finish().str(), kAbc);
  EXPECT_DEATH((void)hasher.Finish(), "broken invariant");
  EXPECT_DEATH(Hasher("md5"), "broken invariant");
}

TEST(Verify, AcceptsTheNamedBytesOnly) {
  const spec::Digest abc = Sha256("abc");
  EXPECT_TRUE(Verify("abc", abc).ok());
  const Status wrong = Verify("abd", abc);
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code(), Code::kCorrupt);
  EXPECT_EQ(wrong.error().Message(), "digest mismatch: expected " + abc.str() + ", got " +
                                         Sha256("abd").str());
}

TEST(Verify, UsesTheAlgorithmOfTheDigest) {
  const Result<spec::Digest> abc = spec::Digest::Parse(kAbc512);
  ASSERT_TRUE(abc.ok());
  EXPECT_TRUE(Verify("abc", *abc).ok());
  EXPECT_FALSE(Verify("ab", *abc).ok());
}

TEST(Verify, NothingMatchesAnEmptyDigest) {
  const Status status = Verify("", spec::Digest());
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::kInternal);
}

}  // namespace
}  // namespace ctool::digest
