// SPDX-License-Identifier: Apache-2.0
#include "config/policy.hpp"

#include "sandbox.hpp"

namespace ctool::config {
namespace {

class PolicyTest : public ConfigTest {
 protected:
  // The code of Check for `name`; kInternal stands for "accepted".
  Code Judge(const std::string& policy, const std::string& name) {
    const Result<Policy> loaded = Policy::LoadFrom(Write("policy.json", policy));
    if (!loaded.ok()) return loaded.error().code();
    const Status status = loaded->Check(*spec::Reference::Parse(name));
    return status.ok() ? Code::kInternal : status.error().code();
  }
  static constexpr char kAccept[] = "[{\"type\":\"insecureAcceptAnything\"}]";
  static constexpr char kReject[] = "[{\"type\":\"reject\"}]";
  static constexpr char kSigned[] = "[{\"type\":\"signedBy\",\"keyType\":\"GPGKeys\",\"keyPath\":\"/k\"}]";
};

TEST_F(PolicyTest, DefaultRule) {
  EXPECT_EQ(Judge(std::string("{\"default\":") + kAccept + "}", "a.example/x"), Code::kInternal);
  EXPECT_EQ(Judge(std::string("{\"default\":") + kReject + "}", "a.example/x"), Code::kPermission);
  EXPECT_EQ(Judge(std::string("{\"default\":") + kSigned + "}", "a.example/x"), Code::kUnsupported);
}

TEST_F(PolicyTest, LongestScopeWins) {
  const std::string policy =
      std::string("{\"default\":") + kReject +
      ",\"transports\":{\"docker\":{"
      "\"a.example\":" +
      kAccept + ",\"a.example/ns\":" + kReject + ",\"a.example/ns/ok\":" + kAccept +
      ",\"a.example/ns/ok:bad\":" + kSigned + ",\"*.wild.example\":" + kAccept +
      ",\"docker.io/library\":" + kAccept + "},\"dir\":{\"\":" + kAccept + "}}}";
  EXPECT_EQ(Judge(policy, "a.example/x"), Code::kInternal);
  EXPECT_EQ(Judge(policy, "a.example/ns/x"), Code::kPermission);
  EXPECT_EQ(Judge(policy, "a.example/ns/ok:1"), Code::kInternal);
  EXPECT_EQ(Judge(policy, "a.example/ns/ok:bad"), Code::kUnsupported);
  EXPECT_EQ(Judge(policy, "a.example/nsx/x"), Code::kInternal);
  EXPECT_EQ(Judge(policy, "b.wild.example/x"), Code::kInternal);
  EXPECT_EQ(Judge(policy, "b.wild.example:5000/x"), Code::kInternal);
  EXPECT_EQ(Judge(policy, "wild.example/x"), Code::kPermission);
  EXPECT_EQ(Judge(policy, "docker.io/alpine"), Code::kInternal);
  EXPECT_EQ(Judge(policy, "docker.io/other/alpine"), Code::kPermission);
  const Result<Policy> loaded = Policy::LoadFrom(Write("p.json", policy));
  ASSERT_TRUE(loaded.ok());
  EXPECT_TRUE(loaded->CheckTransport("dir").ok());
  EXPECT_FALSE(loaded->CheckTransport("oci-archive").ok());
}

TEST_F(PolicyTest, TransportDefaultBeforeTheGlobalOne) {
  EXPECT_EQ(Judge(std::string("{\"default\":") + kReject +
                      ",\"transports\":{\"docker\":{\"\":" + kAccept + "}}}",
                  "x.example/y"),
            Code::kInternal);
}

TEST_F(PolicyTest, AllRequirementsMustHold) {
  EXPECT_EQ(Judge("{\"default\":[{\"type\":\"insecureAcceptAnything\"},{\"type\":\"reject\"}]}",
                  "a.example/x"),
            Code::kPermission);
  EXPECT_EQ(
      Judge("{\"default\":[{\"type\":\"sigstoreSigned\",\"keyPath\":\"/k\"},{\"type\":\"insecureAcceptAnything\"}]}",
            "a.example/x"),
      Code::kUnsupported);
}

// The requirements for "a.example/x:1", or the code of the error.
class RequirementsTest : public PolicyTest {
 protected:
  Result<std::vector<SignatureRequirement>> Read(const std::string& requirements) {
    const Result<Policy> loaded = Policy::LoadFrom(Write("policy.json", "{\"default\":[" + requirements + "]}"));
    if (!loaded.ok()) return loaded.error();
    return loaded->Requirements(*spec::Reference::Parse("a.example/x:1"));
  }
};

TEST_F(RequirementsTest, KeysAndIdentities) {
  const std::string one = Write("one", "first"), two = Write("two", "second");
  auto read = Read(R"({"type":"signedBy","keyType":"GPGKeys","keyPaths":[")" + one + R"(",")" + two + R"("]},)" +
                   R"({"type":"sigstoreSigned","keyData":"aGk=","signedIdentity":{"type":"matchRepository"}},)" +
                   R"({"type":"insecureAcceptAnything"})");
  ASSERT_TRUE(read.ok()) << read.error().Message();
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ((*read)[0].kind, SignatureRequirement::Kind::kGpg);
  EXPECT_EQ((*read)[0].keys, (std::vector<std::string>{"first", "second"}));
  EXPECT_EQ((*read)[0].identity.type, "matchRepoDigestOrExact");
  EXPECT_EQ((*read)[1].kind, SignatureRequirement::Kind::kSigstore);
  EXPECT_EQ((*read)[1].keys, (std::vector<std::string>{"hi"}));
  EXPECT_EQ((*read)[1].identity.type, "matchRepository");
  EXPECT_TRUE(Read(R"({"type":"insecureAcceptAnything"})")->empty());
}

TEST_F(RequirementsTest, WhatIsStricterWins) {
  const std::string signed_by = R"({"type":"signedBy","keyType":"GPGKeys","keyData":"aGk="})";
  EXPECT_EQ(Read(signed_by + R"(,{"type":"reject"})").error().code(), Code::kPermission);
  EXPECT_EQ(Read(signed_by + R"(,{"type":"signedBaseLayer"})").error().code(), Code::kUnsupported);
  for (const char* key : {"fulcio", "rekorPublicKeyPath", "rekorPublicKeyData", "pki"})
    EXPECT_EQ(Read(R"({"type":"sigstoreSigned","keyData":"aGk=",")" + std::string(key) + R"(":"x"})").error().code(),
              Code::kUnsupported)
        << key;
  EXPECT_EQ(Read(R"({"type":"signedBy","keyType":"X509Certificates","keyData":"aGk="})").error().code(), Code::kUnsupported);
}

TEST_F(RequirementsTest, WhatIsIncomplete) {
  for (const std::string rest :
       {R"("keyType":"GPGKeys")", R"("keyPath":"/k")", R"("keyType":"GPGKeys","keyData":"%")",
        R"("keyType":"GPGKeys","keyPath":7)", R"("keyType":"GPGKeys","keyPaths":[])", R"("keyType":"GPGKeys","keyPath":"/k","x":1)",
        R"("keyType":"GPGKeys","keyPath":"/k","signedIdentity":{"type":"any"})",
        R"("keyType":"GPGKeys","keyPath":"/k","signedIdentity":{"type":"exactReference"})",
        R"("keyType":"GPGKeys","keyPath":"/k","signedIdentity":{"type":"matchExact","dockerReference":"a"})",
        R"("keyType":"GPGKeys","keyPath":"/k","signedIdentity":{"type":"remapIdentity","prefix":"a"})"})
    EXPECT_EQ(Read(R"({"type":"signedBy",)" + rest + "}").error().code(), Code::kCorrupt) << rest;
  EXPECT_EQ(Read(R"({"type":"signedBy","keyType":"GPGKeys","keyPath":"/no/such"})").error().code(), Code::kNotFound);
}

TEST_F(PolicyTest, WhatIsNoPolicyAcceptsNothing) {
  for (const std::string text :
       {"", "{}", "[]", "{\"default\":[]}", "{\"default\":{}}", "{\"default\":[{}]}",
        "{\"default\":[{\"type\":\"accept\"}]}", "{\"default\":[{\"type\":7}]}",
        "{\"default\":[{\"type\":\"reject\"}],\"transport\":{}}",
        "{\"default\":[{\"type\":\"reject\"}],\"default\":[{\"type\":\"insecureAcceptAnything\"}]}",
        "{\"default\":[{\"type\":\"insecureAcceptAnything\"}],\"transports\":{\"docker\":[]}}"})
    EXPECT_EQ(Judge(text, "a.example/x"), Code::kCorrupt) << text;
}

TEST_F(PolicyTest, EnvironmentNamesTheFile) {
  Write(".config/containers/policy.json", std::string("{\"default\":") + kAccept + "}");
  ASSERT_TRUE(Policy::Load().ok());
  EXPECT_EQ(Policy::Load()->file(), home_ + "/.config/containers/policy.json");
  const std::string named = Write("p.json", std::string("{\"default\":") + kReject + "}");
  ::setenv("CONTAINERS_POLICY_JSON", named.c_str(), 1);
  const Result<Policy> policy = Policy::Load();
  ASSERT_TRUE(policy.ok());
  const Status status = policy->Check(*spec::Reference::Parse("a.example/x:1"));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().Message(),
            "image a.example/x:1 is rejected by policy '" + named + "' (default)");
  ::setenv("CONTAINERS_POLICY_JSON", (home_ + "/none").c_str(), 1);
  EXPECT_FALSE(Policy::Load().ok()) << "a named file that is missing is no licence";
}

TEST_F(PolicyTest, BuiltInAcceptsAndSaysSo) {
  const Policy policy;
  EXPECT_TRUE(policy.Check(*spec::Reference::Parse("a.example/x")).ok());
  EXPECT_EQ(policy.file(), "");
}

}  // namespace
}  // namespace ctool::config
