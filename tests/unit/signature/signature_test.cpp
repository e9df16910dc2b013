// SPDX-License-Identifier: Apache-2.0
#include "signature/signature.hpp"

#include <gtest/gtest.h>

namespace ctool::signature {
namespace {

const std::string kDigest = "sha256:" + std::string(64, '7');

std::string Document(const std::string& type, const std::string& more = "", const std::string& outer = "") {
  return R"({"critical":{"type":")" + type + R"(","image":{"docker-manifest-digest":")" + kDigest +
         R"("},"identity":{"docker-reference":"a.example/x:1"})" + more + R"(},"optional":{"creator":"me"})" + outer + "}";
}
const std::string kAtomic = "atomic container signature", kCosign = "cosign container image signature";

TEST(ClaimTest, Reads) {
  const Result<Claim> claim = ParseClaim(Document(kAtomic), Kind::kSimpleSigning);
  ASSERT_TRUE(claim.ok()) << claim.error().Message();
  EXPECT_EQ(claim->manifest.str(), kDigest);
  EXPECT_EQ(claim->reference, "a.example/x:1");
  EXPECT_TRUE(ParseClaim(Document(kCosign), Kind::kSigstore).ok());
}

TEST(ClaimTest, OneKindIsNotTheOther) {
  EXPECT_FALSE(ParseClaim(Document(kAtomic), Kind::kSigstore).ok());
  EXPECT_FALSE(ParseClaim(Document(kCosign), Kind::kSimpleSigning).ok());
}

TEST(ClaimTest, WhatIsNotUnderstoodIsNotAgreedTo) {
  for (const std::string& text :
       {std::string(), std::string("[]"), std::string("{}"), Document(kAtomic, R"(,"expires":"now")"),
        Document(kAtomic, "", R"(,"extra":{})"), Document(kAtomic) + "x", std::string(2 << 20, ' '),
        Document(kAtomic, R"(,"type":")" + kAtomic + "\""), std::string(100'000, '['),
        std::string(R"({"critical":{"type":"atomic container signature","image":{"docker-manifest-digest":"x"},)") +
            R"("identity":{"docker-reference":"a.example/x"}}})",
        std::string(R"({"critical":{"type":"atomic container signature","image":{"docker-manifest-digest":")") + kDigest +
            R"("},"identity":{"docker-reference":7}}})"})
    EXPECT_FALSE(ParseClaim(text, Kind::kSimpleSigning).ok()) << text.substr(0, 200);
}

bool Matches(const config::SignedIdentity& identity, const std::string& claimed, const std::string& wanted) {
  spec::Reference reference = *spec::Reference::Parse(wanted);
  if (!reference.digest.empty()) reference.tag.clear();
  return MatchIdentity(identity, claimed, reference).ok();
}

TEST(IdentityTest, Types) {
  const std::string by_digest = "a.example/x@" + kDigest;
  const config::SignedIdentity usual;
  EXPECT_TRUE(Matches(usual, "a.example/x:1", "a.example/x:1"));
  EXPECT_FALSE(Matches(usual, "a.example/x:2", "a.example/x:1"));
  EXPECT_FALSE(Matches(usual, "a.example/x", "a.example/x:latest")) << "nobody signed that tag";
  EXPECT_TRUE(Matches(usual, "a.example/x:2", by_digest));
  EXPECT_FALSE(Matches(usual, "a.example/y:2", by_digest));
  const config::SignedIdentity exact{.type = "matchExact", .reference = "", .prefix = "", .signed_prefix = ""};
  EXPECT_TRUE(Matches(exact, "a.example/x:1", "a.example/x:1"));
  EXPECT_FALSE(Matches(exact, "a.example/x:1", by_digest));
  const config::SignedIdentity repository{.type = "matchRepository", .reference = "", .prefix = "", .signed_prefix = ""};
  EXPECT_TRUE(Matches(repository, "a.example/x", "a.example/x:1"));
  EXPECT_TRUE(Matches(repository, "a.example/x:2", "a.example/x:1"));
  EXPECT_FALSE(Matches(repository, "a.example/xy", "a.example/x:1"));
  const config::SignedIdentity other{.type = "exactReference", .reference = "b.example/y:1", .prefix = "", .signed_prefix = ""};
  EXPECT_TRUE(Matches(other, "b.example/y:1", "a.example/x:1"));
  EXPECT_FALSE(Matches(other, "a.example/x:1", "a.example/x:1"));
  const config::SignedIdentity any_tag{.type = "exactRepository", .reference = "b.example/y", .prefix = "", .signed_prefix = ""};
  EXPECT_TRUE(Matches(any_tag, "b.example/y:7", "a.example/x:1"));
}

TEST(IdentityTest, RemapsWholeComponents) {
  const config::SignedIdentity remap{.type = "remapIdentity", .reference = "", .prefix = "mirror.example/a", .signed_prefix = "origin.example"};
  EXPECT_TRUE(Matches(remap, "origin.example/x:1", "mirror.example/a/x:1"));
  EXPECT_FALSE(Matches(remap, "origin.examplebc/x:1", "mirror.example/abc/x:1"));
  EXPECT_TRUE(Matches(remap, "other.example/x:1", "other.example/x:1"));
}

TEST(IdentityTest, Nonsense) {
  for (const char* claimed : {"", "x", "a.example/UPPER:1", "a.example/x:1@", "../x"})
    EXPECT_FALSE(Matches({}, claimed, "a.example/x:1")) << claimed;
}

// openssl pkeyutl / dgst: an Ed25519 key, and its signature of "hello".
constexpr char kEd25519[] =
    "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";

TEST(SigstoreTest, Ed25519) {
  // RFC 8032, 7.1, test 1: the empty message.
  const std::string signature =
      "5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVfuIIVkKM7rMYeOXAc+bRr0lv18FlbviRlUUFDjnoQCw==";
  EXPECT_TRUE(VerifySigstore("", signature, {kEd25519}).ok());
  EXPECT_EQ(VerifySigstore("x", signature, {kEd25519}).error().code(), Code::kPermission);
}

TEST(SigstoreTest, WhatIsNoSignatureOrKey) {
  for (const char* signature : {"", "=", "====", "abc", "!!!!", "AAAA"})
    EXPECT_FALSE(VerifySigstore("", signature, {kEd25519}).ok()) << signature;
  EXPECT_EQ(VerifySigstore("", "AAAA", {"no key"}).error().code(), Code::kInvalidArgument);
  EXPECT_FALSE(VerifySigstore("", "AAAA", {}).ok());
}

}  // namespace
}  // namespace ctool::signature
