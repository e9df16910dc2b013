// SPDX-License-Identifier: Apache-2.0
#include "config/registries.hpp"

#include "sandbox.hpp"

namespace ctool::config {
namespace {

class RegistriesTest : public ConfigTest {
 protected:
  Registries From(const std::string& text) {
    Result<Registries> loaded = Registries::LoadFrom({Write("registries.conf", text)});
    EXPECT_TRUE(loaded.ok()) << loaded.error().Message();
    return loaded.ok() ? std::move(loaded).value() : Registries();
  }
  std::string ErrorOf(const std::string& text) {
    const Result<Registries> loaded = Registries::LoadFrom({Write("registries.conf", text)});
    return loaded.ok() ? "" : loaded.error().Message().substr(home_.size() + 1);
  }
  static std::vector<std::string> Names(const Result<std::vector<Registries::Candidate>>& found) {
    std::vector<std::string> names;
    if (!found.ok()) return {found.error().Message()};
    for (const auto& candidate : *found) names.push_back(candidate.reference.Name());
    return names;
  }
  // "host/repository", with a '!' when insecure.
  static std::vector<std::string> Where(const Registries& registries, const std::string& name) {
    const Result<spec::Reference> reference = spec::Reference::Parse(name);
    EXPECT_TRUE(reference.ok()) << name;
    const auto found = registries.Locations(*reference);
    if (!found.ok()) return {found.error().Message()};
    std::vector<std::string> out;
    for (const RegistryLocation& at : *found)
      out.push_back(at.host + "/" + at.repository + (at.insecure ? "!" : ""));
    return out;
  }
  using Strings = std::vector<std::string>;
};

TEST_F(RegistriesTest, NoFileMeansDockerIo) {
  const Result<Registries> registries = Registries::LoadFrom({});
  ASSERT_TRUE(registries.ok());
  EXPECT_EQ(Names(registries->Resolve("alpine")),
            (Strings{"localhost/alpine:latest", "docker.io/library/alpine:latest"}));
  EXPECT_EQ(Names(registries->ResolveForPull("alpine:3", Registries::Prompt::kImpossible)),
            (Strings{"docker.io/library/alpine:3"}));
  EXPECT_EQ(Where(*registries, "quay.io/a/b"), (Strings{"quay.io/a/b"}));
}

TEST_F(RegistriesTest, SearchRegistriesInOrder) {
  const Registries registries =
      From("unqualified-search-registries = [\"quay.io\", \"docker.io\", \"r.example/ns\"]\n");
  EXPECT_EQ(Names(registries.Resolve("a/b:1")),
            (Strings{"localhost/a/b:1", "quay.io/a/b:1", "docker.io/a/b:1", "r.example/ns/a/b:1"}));
  EXPECT_EQ(Names(registries.Resolve("host:5000/a")), (Strings{"host:5000/a:latest"}));
  EXPECT_EQ(Names(registries.ResolveForPull("a", Registries::Prompt::kImpossible)),
            (Strings{"short-name resolution enforced but cannot prompt without a TTY"}));
  EXPECT_EQ(Names(registries.ResolveForPull("a", Registries::Prompt::kPossible)).size(), 3u);
  EXPECT_EQ(Names(From("short-name-mode=\"permissive\"\nunqualified-search-registries="
                       "[\"quay.io\",\"docker.io\"]")
                      .ResolveForPull("a", Registries::Prompt::kImpossible))
                .size(),
            2u);
}

TEST_F(RegistriesTest, NothingToSearch) {
  const Registries registries = From("");
  EXPECT_EQ(Names(registries.ResolveForPull("x", Registries::Prompt::kPossible)),
            (Strings{"short-name \"x\" did not resolve to an alias and no unqualified-search "
                     "registries are defined in \"" +
                     home_ + "/registries.conf\""}));
}

TEST_F(RegistriesTest, AliasesKeepTagAndDigest) {
  const Registries registries = From(
      "unqualified-search-registries = [\"quay.io\", \"docker.io\"]\n"
      "[aliases]\n\"tool\" = \"quay.io/org/tool\"\n\"ns/app\" = \"r.example:5000/x\"\n");
  const auto found = registries.Resolve("tool:1.2");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->front().reference.Name(), "quay.io/org/tool:1.2");
  EXPECT_EQ(found->front().alias_file, home_ + "/registries.conf");
  EXPECT_EQ(found->size(), 4u);
  const std::string digest = "@sha256:" + std::string(64, 'a');
  EXPECT_EQ(Names(registries.ResolveForPull("ns/app" + digest, Registries::Prompt::kImpossible)),
            (Strings{"r.example:5000/x" + digest}));
}

TEST_F(RegistriesTest, LaterFilesReplaceAndRemove) {
  const std::string main = Write("registries.conf",
                                 "unqualified-search-registries = [\"a.example\"]\n"
                                 "[[registry]]\nprefix=\"x.example\"\nlocation=\"one.example\"\n"
                                 "[aliases]\nfoo=\"a.example/foo\"\nbar=\"a.example/bar\"\n");
  const std::string drop_in = Write("50.conf",
                                    "unqualified-search-registries = [\"b.example\"]\n"
                                    "[[registry]]\nprefix=\"x.example\"\nlocation=\"two.example\"\n"
                                    "[aliases]\nfoo=\"b.example/foo\"\nbar=\"\"\n");
  const Result<Registries> registries = Registries::LoadFrom({main, drop_in});
  ASSERT_TRUE(registries.ok());
  EXPECT_EQ(registries->search(), (Strings{"b.example"}));
  EXPECT_EQ(Names(registries->Resolve("foo")).front(), "b.example/foo:latest");
  EXPECT_EQ(registries->Resolve("foo")->front().alias_file, drop_in);
  EXPECT_EQ(Names(registries->Resolve("bar")).front(), "localhost/bar:latest");
  EXPECT_EQ(Where(*registries, "x.example/a"), (Strings{"two.example/a"}));
  EXPECT_EQ(registries->files(), (Strings{main, drop_in}));
}

TEST_F(RegistriesTest, LongestPrefixWins) {
  const Registries registries = From(
      "[[registry]]\nlocation=\"r.example\"\ninsecure=true\n"
      "[[registry]]\nprefix=\"r.example/team\"\nlocation=\"mirror.example/x\"\n"
      "[[registry]]\nprefix=\"r.example/team/secret\"\nblocked=true\n");
  EXPECT_EQ(Where(registries, "r.example/other"), (Strings{"r.example/other!"}));
  EXPECT_EQ(Where(registries, "r.example/team/app:1"), (Strings{"mirror.example/x/app"}));
  EXPECT_EQ(Where(registries, "r.example/teams/app"), (Strings{"r.example/teams/app!"}));
  EXPECT_EQ(Where(registries, "r.example:5000/team/app"), (Strings{"r.example:5000/team/app!"}))
      << "a port is part of what the prefix covers";
  EXPECT_EQ(Where(registries, "r.example.evil/team/app"), (Strings{"r.example.evil/team/app"}));
  const auto blocked = registries.Locations(*spec::Reference::Parse("r.example/team/secret"));
  ASSERT_FALSE(blocked.ok());
  EXPECT_EQ(blocked.error().code(), Code::kPermission);
}

TEST_F(RegistriesTest, Wildcards) {
  const Registries registries = From(
      "[[registry]]\nprefix=\"*.corp.example\"\nlocation=\"cache.example/corp\"\n"
      "[[registry]]\nprefix=\"*.free.example\"\ninsecure=true\n");
  EXPECT_EQ(Where(registries, "a.corp.example/x/y"), (Strings{"cache.example/corp/x/y"}));
  EXPECT_EQ(Where(registries, "corp.example/x"), (Strings{"corp.example/x"}));
  EXPECT_EQ(Where(registries, "b.free.example/x"), (Strings{"b.free.example/x!"}));
}

TEST_F(RegistriesTest, MirrorsComeFirst) {
  const Registries registries = From(
      "[[registry]]\nlocation=\"docker.io\"\n"
      "[[registry.mirror]]\nlocation=\"m1.example:5000/hub\"\ninsecure=true\n"
      "[[registry.mirror]]\nlocation=\"m2.example\"\npull-from-mirror=\"digest-only\"\n"
      "[[registry.mirror]]\nlocation=\"m3.example\"\npull-from-mirror=\"tag-only\"\n");
  EXPECT_EQ(Where(registries, "docker.io/alpine:3"),
            (Strings{"m1.example:5000/hub/library/alpine!", "m3.example/library/alpine",
                     "docker.io/library/alpine"}));
  EXPECT_EQ(Where(registries, "docker.io/alpine@sha256:" + std::string(64, 'b')),
            (Strings{"m1.example:5000/hub/library/alpine!", "m2.example/library/alpine",
                     "docker.io/library/alpine"}));
  EXPECT_EQ(Where(From("[[registry]]\nlocation=\"r.example\"\nmirror-by-digest-only=true\n"
                       "[[registry.mirror]]\nlocation=\"m.example\"\n"),
                  "r.example/a:1"),
            (Strings{"r.example/a"}));
}

TEST_F(RegistriesTest, LoopbackIsInsecureUnlessToldOtherwise) {
  const Registries registries = From("[[registry]]\nlocation=\"localhost:6000\"\n");
  EXPECT_EQ(Where(registries, "localhost:5000/a"), (Strings{"localhost:5000/a!"}));
  EXPECT_EQ(Where(registries, "127.0.0.2:5000/a"), (Strings{"127.0.0.2:5000/a!"}));
  EXPECT_EQ(Where(registries, "localhost:6000/a"), (Strings{"localhost:6000/a"}));
  EXPECT_EQ(Where(registries, "127.0.0.1.example.com/a"), (Strings{"127.0.0.1.example.com/a"}));
  EXPECT_EQ(Where(registries, "10.0.0.1/a"), (Strings{"10.0.0.1/a"}));
}

TEST_F(RegistriesTest, ErrorsNameThePlace) {
  EXPECT_EQ(ErrorOf("unqualified-search-registries = \"docker.io\"").substr(0, 21),
            "registries.conf:1:33:");
  EXPECT_EQ(ErrorOf("[[registry]]\nlocation=\"a.example\"\ninsecure=\"yes\"\n"),
            "registries.conf:3:10: insecure must be true or false");
  EXPECT_NE(ErrorOf("[registries.search]\nregistries=['docker.io']\n").find("version 1"),
            std::string::npos);
  EXPECT_NE(ErrorOf("[[registry]]\nlocation=\"https://a.example\"\n").find("without http"),
            std::string::npos);
  for (const char* location : {"a.example/../b", "a b", "a.example//b", "a@b", "a\\nb"})
    EXPECT_NE(ErrorOf("[[registry]]\nlocation=\"" + std::string(location) + "\"\n"), "")
        << location;
  EXPECT_NE(ErrorOf("[[registry]]\nprefix=\"*.\"\n"), "");
  EXPECT_NE(ErrorOf("[[registry]]\nprefix=\"*.a.example/x\"\n"), "");
  EXPECT_NE(ErrorOf("[[registry]]\nblocked=true\n"), "");
  EXPECT_NE(ErrorOf("short-name-mode=\"maybe\""), "");
  for (const char* alias : {"alpine", "docker.io/a:1", "docker.io/a:latest", "docker.io/A B"})
    EXPECT_NE(ErrorOf("[aliases]\nx=\"" + std::string(alias) + "\"\n"), "") << alias;
}

TEST_F(RegistriesTest, LoadReadsTheNamedFileAndTheAliasCache) {
  ::setenv("CONTAINERS_REGISTRIES_CONF",
           Write("r.conf", "unqualified-search-registries=[\"only.example\"]").c_str(), 1);
  Write(".config/containers/registries.conf", "this is not read = =");
  Write(".cache/containers/short-name-aliases.conf", "[aliases]\n  \"z\" = \"quay.io/z/z\"\n");
  const Result<Registries> registries = Registries::Load();
  ASSERT_TRUE(registries.ok()) << registries.error().Message();
  EXPECT_EQ(registries->search(), (Strings{"only.example"}));
  EXPECT_EQ(Names(registries->Resolve("z")).front(), "quay.io/z/z:latest");
  ::setenv("CONTAINERS_REGISTRIES_CONF", (home_ + "/missing").c_str(), 1);
  EXPECT_EQ(Registries::Load().error().code(), Code::kNotFound);
}

TEST_F(RegistriesTest, LoadPrefersTheUsersFile) {
  Write(".config/containers/registries.conf", "unqualified-search-registries=[\"user.example\"]");
  const Result<Registries> registries = Registries::Load();
  ASSERT_TRUE(registries.ok()) << registries.error().Message();
  EXPECT_EQ(registries->search(), (Strings{"user.example"}));
}

}  // namespace
}  // namespace ctool::config
