// SPDX-License-Identifier: Apache-2.0
#include "config/signature_store.hpp"

#include "sandbox.hpp"

namespace ctool::config {
namespace {

class SignatureStoreTest : public ConfigTest {
 protected:
  Result<SignatureStore> Find(const std::string& name) {
    return FindSignatureStoreIn(home_ + "/registries.d", "file:///default", *spec::Reference::Parse(name));
  }
  std::string Lookaside(const std::string& name) {
    const Result<SignatureStore> found = Find(name);
    return found.ok() ? found->lookaside : found.error().Message();
  }
};

TEST_F(SignatureStoreTest, TheMostExactScope) {
  Write("registries.d/a.yaml",
        "# comment\n---\ndefault-docker:\n  lookaside: file:///d  # here\n  use-sigstore-attachments: false\n"
        "docker:\n    a.example:5000:\n        lookaside: \"https://a\"\n        use-sigstore-attachments: true\n"
        "    a.example:5000/ns:\n      sigstore: 'file:///ns'\n    'a.example:5000/ns/x:1':\n        lookaside: file:///x1\n");
  Write("registries.d/b.yaml", "docker:\n  \"*.wild.example\":\n    lookaside: file:///wild\n");
  Write("registries.d/ignored.txt", "nonsense");
  EXPECT_EQ(Lookaside("b.example/x"), "file:///d");
  EXPECT_EQ(Lookaside("a.example:5000/x"), "https://a");
  EXPECT_EQ(Lookaside("a.example:5000/ns/x:2"), "file:///ns");
  EXPECT_EQ(Lookaside("a.example:5000/ns/x:1"), "file:///x1");
  EXPECT_EQ(Lookaside("b.wild.example/x"), "file:///wild");
  EXPECT_TRUE(Find("a.example:5000/ns/x:1")->sigstore_attachments) << "of the host: nothing nearer says anything";
  EXPECT_FALSE(Find("b.example/x")->sigstore_attachments);
}

TEST_F(SignatureStoreTest, NothingConfigured) {
  EXPECT_EQ(Lookaside("a.example/x"), "file:///default");
  Write("registries.d/a.yaml", "default-docker:\n#  lookaside: x\n");
  EXPECT_EQ(Lookaside("a.example/x"), "file:///default");
}

TEST_F(SignatureStoreTest, WhatIsNotUnderstood) {
  for (const std::string text :
       {"docker: [1]\n", "other:\n  x: y\n", "docker:\n  a.example: {lookaside: x}\n", "docker:\n  a.example:\n    - x\n",
        "default-docker:\n  lookaside: &a x\n", "default-docker:\n\tlookaside: x\n",
        "docker:\n  a.example:\n    lookaside: x\n    lookaside: y\n", "docker:\n  a.example:\n  a.example:\n",
        "default-docker:\n  lookaside: \"x\n", "text\n", "default-docker:\n  use-sigstore-attachments: maybe\n",
        "docker:\n  a.example:\n    lookaside:\n      deeper: x\n"}) {
    Write("registries.d/a.yaml", text);
    const Result<SignatureStore> found = Find("a.example/x");
    EXPECT_FALSE(found.ok()) << text;
    if (!found.ok()) {
      EXPECT_EQ(found.error().code(), Code::kCorrupt) << text;
    }
  }
  Write("registries.d/a.yaml", "docker:\n  a.example:\n    lookaside: x\n");
  Write("registries.d/b.yaml", "docker:\n  a.example:\n    lookaside: y\n");
  EXPECT_NE(Lookaside("a.example/x").find("is there already"), std::string::npos) << Lookaside("a.example/x");
}

}  // namespace
}  // namespace ctool::config
