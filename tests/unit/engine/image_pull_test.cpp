// SPDX-License-Identifier: Apache-2.0
//
// Whole pulls and imports, from a registry in this process into a store of their own.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <algorithm>

#include "engine/in_store.hpp"
#include "image_fixture.hpp"

namespace ctool::engine {
namespace {

class ImagePullTest : public ImageTest {
 protected:
  // The id, or the error's text. No database may be open meanwhile.
  std::string PullIt(const std::string& name, const std::string& policy = "always",
                     const FetchOptions& options = Quiet()) {
    Engine engine(options_);
    const Result<std::string> id = Pull(engine, name, policy, options);
    return id.ok() ? *id : id.error().Message();
  }
  static FetchOptions Quiet() {
    FetchOptions options;
    options.quiet = true;
    options.retry = 0;
    return options;
  }
  state::Image Local(const std::string& name) {
    Engine engine(options_);
    Result<std::optional<state::Image>> image = (*engine.Db())->FindImageByName(name);
    if (image.ok() && *image) return **image;
    ADD_FAILURE() << name << " is not there";
    return {};
  }
  std::string Unpacked(const spec::Digest& diff_id, const std::string& file) {
    const Result<std::string> text = sys::ReadFile(
        options_.root + "/layers/" + std::string(diff_id.hex()) + "/diff/" + file);
    return text.ok() ? *text : text.error().Message();
  }
  size_t Count(const std::string& prefix) {
    size_t count = 0;
    for (const std::string& request : registry_.requests()) count += StartsWith(request, prefix);
    return count;
  }
  // As a hostile or broken registry: the manifest is served, what it promises is not kept.
  void Serve(const FakeRegistry::Image& image) {
    registry_.AddManifest(spec::kOciManifest, image.manifest.Print(), "latest");
  }
  std::string Refused(const std::string& name) {
    std::string error = PullIt(name);
    ExpectStoreIsEmpty();
    return error;
  }
  static bool Has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }

  FakeRegistry registry_;
};

TEST_F(ImagePullTest, AnImageArrivesWholeAndIsNotFetchedTwice) {
  const FakeRegistry::Image image =
      registry_.AddImage({Tar("a", "lower"), Tar("b", "upper")}, "latest");
  EXPECT_EQ(PullIt(registry_.name()), image.id());
  EXPECT_EQ(Unpacked(image.config.diff_ids[0], "a"), "lower");
  EXPECT_EQ(Unpacked(image.config.diff_ids[1], "b"), "upper");
  const state::Image row = Local(registry_.name());
  EXPECT_EQ(row.id, image.id());
  EXPECT_EQ(row.layers.size(), 2U);
  EXPECT_EQ(row.size, 10);
  EXPECT_EQ(row.created, 1706315448000000000);
  EXPECT_EQ(row.digests,
            std::vector{registry_.host() + "/app@" + image.descriptor.digest.str()});
  // Manifest, config and two layers, as they were received.
  EXPECT_EQ(Names("blobs/sha256").size(), 4U);
  EXPECT_EQ(Count("GET blobs/"), 3U);

  registry_.Forget();
  EXPECT_EQ(PullIt(registry_.name()), image.id());
  EXPECT_EQ(registry_.requests(), std::vector<std::string>{"HEAD manifests/latest"});
}

TEST_F(ImagePullTest, TheCallersUmaskIsNotTheStores) {
  const mode_t before = ::umask(0077);
  const auto work = [](Interrupt&) -> Result<std::string> { return std::to_string(::umask(0)); };
  const Result<std::string> inside = RunInStore(userns::SingleIdMap("a test", ""), options_, work);
  EXPECT_EQ(::umask(before), 0077u);
  ASSERT_TRUE(inside.ok()) << inside.error().Message();
  EXPECT_EQ(*inside, "0");
}

TEST_F(ImagePullTest, OnlyWhatIsNewIsFetched) {
  const std::string base = Tar("a", "base");
  registry_.AddImage({base, Tar("b", "one")}, "one");
  const FakeRegistry::Image two = registry_.AddImage({base, Tar("b", "two")}, "two");
  PullIt(registry_.name("one"));
  registry_.Forget();
  EXPECT_EQ(PullIt(registry_.name("two")), two.id());
  EXPECT_EQ(Count("GET blobs/"), 2U) << "config and upper layer";
}

TEST_F(ImagePullTest, TheSameLayerTwiceIsDoneOnce) {
  const std::string layer = Tar("a", "x");
  const FakeRegistry::Image image = registry_.AddImage({layer, Tar("b", "y"), layer}, "latest");
  EXPECT_EQ(PullIt(registry_.name()), image.id());
  EXPECT_EQ(Count("GET blobs/"), 3U);
  EXPECT_EQ(Local(registry_.name()).layers.size(), 3U);
  EXPECT_EQ(Local(registry_.name()).size, 3);
}

TEST_F(ImagePullTest, ALostLayerIsUnpackedAgainFromItsBlob) {
  const FakeRegistry::Image image = registry_.AddImage({Tar("a", "x")}, "latest");
  PullIt(registry_.name());
  const std::string layer = options_.root + "/layers/" + std::string(image.config.diff_ids[0].hex());
  ASSERT_TRUE(sys::RemoveTree(layer).ok());
  registry_.Forget();
  EXPECT_EQ(PullIt(registry_.name()), image.id());
  EXPECT_EQ(Unpacked(image.config.diff_ids[0], "a"), "x");
  EXPECT_EQ(Count("GET blobs/"), 0U);
}

TEST_F(ImagePullTest, AnIndexLeadsToTheImageForThisHost) {
  spec::ImageConfig other_config;
  other_config.platform = {"linux", "s390x", ""};
  const FakeRegistry::Image other = registry_.AddImage({Tar("a", "z")}, "other", other_config);
  const FakeRegistry::Image ours = registry_.AddImage({Tar("a", "x")}, "ours");
  spec::Index index;
  index.media_type = spec::kOciIndex;
  index.manifests = {other.descriptor, ours.descriptor};
  index.manifests[0].platform = other.config.platform;
  index.manifests[1].platform = ours.config.platform;
  const spec::Descriptor top = registry_.AddManifest(spec::kOciIndex, index.Print(), "latest");
  EXPECT_EQ(PullIt(registry_.name()), ours.id());
  const std::string repository = registry_.host() + "/app";
  const std::vector<std::string> digests = Local(registry_.name()).digests;
  EXPECT_EQ(digests.size(), 2U);
  for (const spec::Descriptor& one : {top, ours.descriptor})
    EXPECT_NE(std::find(digests.begin(), digests.end(), repository + "@" + one.digest.str()),
              digests.end());
  registry_.Forget();
  EXPECT_EQ(PullIt(registry_.name()), ours.id());
  EXPECT_EQ(registry_.requests(), std::vector<std::string>{"HEAD manifests/latest"});

  FetchOptions options = Quiet();
  options.platform = "linux/s390x";
  EXPECT_EQ(PullIt(registry_.name(), "missing", options), other.id()) << "the local one is ours";
  options.platform = "linux/riscv64";
  EXPECT_TRUE(Has(PullIt(registry_.name(), "always", options), "riscv64"));
}

TEST_F(ImagePullTest, ByDigestTheNameIsTheDigest) {
  const FakeRegistry::Image image = registry_.AddImage({Tar("a", "x")}, "latest");
  const std::string name = registry_.host() + "/app@" + image.descriptor.digest.str();
  EXPECT_EQ(PullIt(name), image.id());
  EXPECT_EQ(Local(name).names, std::vector<std::string>{name});
  const std::string wrong = "sha256:" + Id('1');
  registry_.Set("manifests/" + wrong, {std::string(spec::kOciManifest), image.manifest.Print()});
  EXPECT_TRUE(Has(PullIt(registry_.host() + "/app@" + wrong), "digest mismatch"));
}

TEST_F(ImagePullTest, Policies) {
  const FakeRegistry::Image old = registry_.AddImage({Tar("a", "old")}, "latest");
  EXPECT_EQ(PullIt(registry_.name(), "never"), registry_.name() + ": image not known");
  EXPECT_EQ(PullIt(registry_.name(), "missing"), old.id());
  const FakeRegistry::Image fresh = registry_.AddImage({Tar("a", "new")}, "latest");
  registry_.Forget();
  EXPECT_EQ(PullIt(registry_.name(), "missing"), old.id());
  EXPECT_EQ(PullIt(registry_.name(), "never"), old.id());
  EXPECT_TRUE(registry_.requests().empty());
  EXPECT_EQ(PullIt(registry_.name(), "newer"), fresh.id());
  registry_.Set("manifests/latest", {"text/plain", "gone"});
  EXPECT_EQ(PullIt(registry_.name(), "newer"), fresh.id()) << "content with what is here";
  EXPECT_TRUE(Has(PullIt(registry_.name(), "always"), "initializing source docker://"));
  EXPECT_EQ(PullIt(registry_.name(), "sometimes"), "unsupported pull policy \"sometimes\"");
}

TEST_F(ImagePullTest, AMovedNameLeavesTheOldImageWithoutOne) {
  const FakeRegistry::Image old = registry_.AddImage({Tar("a", "old")}, "latest");
  PullIt(registry_.name());
  const FakeRegistry::Image fresh = registry_.AddImage({Tar("a", "new")}, "latest");
  PullIt(registry_.name());
  EXPECT_EQ(Local(registry_.name()).id, fresh.id());
  Engine engine(options_);
  const Result<std::optional<state::Image>> left = (*engine.Db())->FindImageById(old.id());
  ASSERT_TRUE(left.ok() && *left);
  EXPECT_TRUE((*left)->names.empty());
}

TEST_F(ImagePullTest, WhatIsNotThereIsAnErrorWithPodmansWords) {
  const std::string error = Refused(registry_.name("nosuch"));
  EXPECT_TRUE(Has(error, "initializing source docker://" + registry_.name("nosuch") +
                             ": reading manifest nosuch in " + registry_.host() +
                             "/app: manifest unknown"))
      << error;
}

TEST_F(ImagePullTest, ThePolicyFileIsObeyed) {
  registry_.AddImage({Tar("a", "x")}, "latest");
  Write("policy.json", R"({"default": [{"type": "reject"}]})");
  Refused(registry_.name());
  EXPECT_TRUE(registry_.requests().empty());
}

TEST_F(ImagePullTest, ABlockedRegistryIsNotAsked) {
  registry_.AddImage({Tar("a", "x")}, "latest");
  Configure("[[registry]]\nlocation = \"" + registry_.host() + "\"\nblocked = true\n");
  EXPECT_TRUE(Has(Refused(registry_.name()), "is blocked"));
  EXPECT_TRUE(registry_.requests().empty());
}

TEST_F(ImagePullTest, AMirrorComesFirstAndTheNameStays) {
  const FakeRegistry::Image image = registry_.AddImage({Tar("a", "x")}, "latest");
  Configure("[[registry]]\nlocation = \"far.example/app\"\n"
            "[[registry.mirror]]\nlocation = \"" + registry_.host() + "/app\"\ninsecure = true\n");
  EXPECT_EQ(PullIt("far.example/app"), image.id());
  EXPECT_EQ(Local("far.example/app:latest").id, image.id());
}

TEST_F(ImagePullTest, AnAliasIsWhatAShortNameMeans) {
  const FakeRegistry::Image image = registry_.AddImage({Tar("a", "x")}, "latest");
  Configure("[aliases]\n\"nick\" = \"" + registry_.host() + "/app\"\n");
  EXPECT_EQ(PullIt("nick"), image.id());
  EXPECT_EQ(Local(registry_.name()).id, image.id());
}

// --- what must be refused, with nothing left ---

TEST_F(ImagePullTest, LayersAndConfigMustAgree) {
  FakeRegistry::Image image = registry_.AddImage({Tar("a", "x"), Tar("b", "y")}, "latest");
  image.manifest.layers.pop_back();
  Serve(image);
  EXPECT_TRUE(Has(Refused(registry_.name()), "layers do not match the image config"));

  image = registry_.AddImage({Tar("a", "x"), Tar("b", "y")}, "latest");
  std::swap(image.manifest.layers[0], image.manifest.layers[1]);
  Serve(image);
  EXPECT_TRUE(Has(Refused(registry_.name()), "layers do not match the image config"));
}

TEST_F(ImagePullTest, BytesMustHaveTheDigestAndSizeThatWasPromised) {
  const FakeRegistry::Image image = registry_.AddImage({Tar("a", "x")}, "latest");
  const std::string good = Tar("a", "x");
  const std::string path = "blobs/" + image.manifest.layers[0].digest.str();
  std::string bad = good;
  bad[600] ^= 1;
  registry_.Set(path, {"x", bad});
  EXPECT_TRUE(Has(Refused(registry_.name()), "digest mismatch"));
  registry_.Set(path, {"x", std::string(good.size(), 'z')});
  EXPECT_TRUE(Has(Refused(registry_.name()), "digest mismatch")) << "not \"not a tar archive\"";
  registry_.Set(path, {"x", good.substr(1)});
  EXPECT_TRUE(Has(Refused(registry_.name()), "size"));
  registry_.Set(path, {"x", good + "more"});
  EXPECT_TRUE(Has(Refused(registry_.name()), "size"));
  registry_.Set(path, {"x", good});
  registry_.Set("blobs/" + image.manifest.config.digest.str(),
                {"x", std::string(static_cast<size_t>(image.manifest.config.size), ' ')});
  EXPECT_TRUE(Has(Refused(registry_.name()), "digest mismatch"));
}

TEST_F(ImagePullTest, OneBadLayerTakesTheOthersWithIt) {
  FakeRegistry::Image image = registry_.AddImage(
      {Tar("a", std::string(3 << 20, 'a')), Tar("b", "y"), Tar("c", "z"), Tar("d", "w")}, "latest");
  registry_.Set("blobs/" + image.manifest.layers[2].digest.str(),
                {"x", std::string(static_cast<size_t>(image.manifest.layers[2].size), 'z')});
  EXPECT_TRUE(Has(Refused(registry_.name()), "digest mismatch"));
}

TEST_F(ImagePullTest, WhatIsNoImageForThisSystem) {
  spec::ImageConfig config;
  config.platform = {"windows", "s390x", ""};
  registry_.AddImage({Tar("a", "x")}, "latest", config);
  EXPECT_TRUE(Has(Refused(registry_.name()), "the image is for the platform windows/s390x"));
  FakeRegistry::Image image = registry_.AddImage({Tar("a", "x")}, "latest");
  image.manifest.config.media_type = "application/vnd.cncf.helm.config.v1+json";
  Serve(image);
  EXPECT_TRUE(Has(Refused(registry_.name()), "not a container image"));
  image = registry_.AddImage({Tar("a", "x")}, "latest");
  image.manifest.layers[0].media_type = "application/vnd.example.secret";
  Serve(image);
  EXPECT_TRUE(Has(Refused(registry_.name()), "unsupported layer type"));
}

TEST_F(ImagePullTest, MoreLayersThanAMountCanHave) {
  const std::vector<std::string> layers(501, Tar("a", "x"));
  registry_.AddImage(layers, "latest");
  EXPECT_TRUE(Has(Refused(registry_.name()), "more than 500 layers"));
}

TEST_F(ImagePullTest, AnIndexInAnIndex) {
  spec::Index inner;
  inner.media_type = spec::kOciIndex;
  inner.manifests = {registry_.AddImage({Tar("a", "x")}, "x").descriptor};
  spec::Index outer = inner;
  outer.manifests = {registry_.AddManifest(spec::kOciIndex, inner.Print(), "")};
  outer.manifests[0].platform = spec::Platform::Host();
  registry_.AddManifest(spec::kOciIndex, outer.Print(), "latest");
  EXPECT_TRUE(Has(Refused(registry_.name()), "no image for platform"));
  outer.manifests[0].media_type = spec::kOciManifest;
  registry_.AddManifest(spec::kOciIndex, outer.Print(), "latest");
  EXPECT_TRUE(Has(Refused(registry_.name()), "not a manifest but an index"));
}

TEST_F(ImagePullTest, AnArchiveThatEscapes) {
  registry_.AddImage({archive::test::TarBuilder().File("../escape", "x").str()}, "latest");
  Refused(registry_.name());
  EXPECT_FALSE(sys::Exists(options_.root + "/layers/escape"));
}

TEST_F(ImagePullTest, AnImageThatWasHereBeforeSurvivesAFailure) {
  const FakeRegistry::Image good = registry_.AddImage({Tar("a", "x")}, "good");
  PullIt(registry_.name("good"));
  const size_t blobs = Names("blobs/sha256").size();
  FakeRegistry::Image bad = registry_.AddImage({Tar("a", "x"), Tar("b", "y")}, "bad");
  registry_.Set("blobs/" + bad.manifest.layers[1].digest.str(), {"x", "short"});
  EXPECT_TRUE(Has(PullIt(registry_.name("bad")), "size"));
  WaitForEmptyTrash();
  EXPECT_EQ(Names("blobs/sha256").size(), blobs);
  EXPECT_EQ(Names("layers").size(), 1U);
  EXPECT_EQ(Local(registry_.name("good")).id, good.id());
}

TEST_F(ImagePullTest, TwoAtOnceBothSucceed) {
  const FakeRegistry::Image image =
      registry_.AddImage({Tar("a", std::string(2 << 20, 'a')), Tar("b", "y")}, "latest");
  const pid_t other = ::fork();
  if (other == 0) ::_exit(PullIt(registry_.name()) == image.id() ? 0 : 1);
  EXPECT_EQ(PullIt(registry_.name()), image.id());
  int status = -1;
  ASSERT_EQ(::waitpid(other, &status, 0), other);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Names("layers").size(), 2U);
  EXPECT_TRUE(Names("staging").empty());
}

TEST_F(ImagePullTest, ASignalEndsItWithNothingLeft) {
  http::RawServer silent([](const std::string& head) -> std::string {
    if (StartsWith(head, "GET /v2/ ")) return http::Reply("200 OK", "Connection: close\r\n", "{}");
    return "STALL";
  });
  const pid_t puller = ::fork();
  if (puller == 0) {
    PullIt("127.0.0.1:" + std::to_string(silent.port()) + "/app");
    ::_exit(0);
  }
  while (silent.heads().empty()) ::poll(nullptr, 0, 10);
  ::poll(nullptr, 0, 100);
  ::kill(puller, SIGTERM);
  int status = 0;
  ASSERT_EQ(::waitpid(puller, &status, 0), puller);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
  ExpectStoreIsEmpty();
}

// --- import ---

class ImageImportTest : public ImagePullTest {
 protected:
  std::string ImportIt(const ImportOptions& options) {
    Engine engine(options_);
    const Result<std::string> id = Import(engine, options);
    return id.ok() ? *id : id.error().Message();
  }
  ImportOptions FromFile(const std::string& bytes) {
    Write("rootfs.tar", bytes);
    ImportOptions options;
    options.source = home_ + "/rootfs.tar";
    return options;
  }
};

TEST_F(ImageImportTest, AnArchiveBecomesAnImageOfOneLayer) {
  ::setenv("SOURCE_DATE_EPOCH", "1700000000", 1);
  const std::string tar = archive::test::TarBuilder().Dir("etc/").File("etc/.wh.x", "kept").str();
  ImportOptions options = FromFile(tar);
  options.reference = "mine";
  options.changes = {"CMD [\"sh\"]", "ENV A=1"};
  options.message = "by hand";
  const std::string id = ImportIt(options);
  const state::Image image = Local("localhost/mine:latest");
  EXPECT_EQ(image.id, id);
  EXPECT_EQ(image.created, 1700000000000000000);
  const Result<spec::ImageConfig> config = spec::ImageConfig::Parse(image.config);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->config.cmd, std::vector<std::string>{"sh"});
  EXPECT_EQ(config->history[0].comment, "by hand");
  EXPECT_EQ(config->diff_ids[0], digest::Sha256(tar));
  EXPECT_EQ(Unpacked(config->diff_ids[0], "etc/.wh.x"), "kept") << "no whiteout in a root fs";
  EXPECT_EQ(image.layers[0].blob, digest::Sha256(tar).str());
  EXPECT_EQ(ImportIt(options), id) << "the same again";
}

TEST_F(ImageImportTest, WithoutAReferenceThereIsNoName) {
  const std::string id = ImportIt(FromFile(Tar("a", "x")));
  Engine engine(options_);
  const Result<std::optional<state::Image>> image = (*engine.Db())->FindImageById(id);
  ASSERT_TRUE(image.ok() && *image) << id;
  EXPECT_TRUE((*image)->names.empty());
}

TEST_F(ImageImportTest, WhatIsNoArchive) {
  EXPECT_TRUE(Has(ImportIt(FromFile("")), "not a tar archive"));
  EXPECT_TRUE(Has(ImportIt(FromFile(std::string(2000, 'z'))), "not a tar archive"));
  ImportOptions options;
  options.source = home_ + "/gone.tar";
  EXPECT_TRUE(Has(ImportIt(options), "no such file"));
  ExpectStoreIsEmpty();
}

TEST_F(ImageImportTest, FromAUrl) {
  const std::string tar = Tar("a", "from afar");
  http::RawServer server([&tar](const std::string& head) {
    const bool found = StartsWith(head, "GET /rootfs.tar ");
    return http::Reply(found ? "200 OK" : "404 Not Found", "Connection: close\r\n",
                       found ? tar : "no");
  });
  ImportOptions options;
  options.source = server.url("/rootfs.tar");
  const std::string id = ImportIt(options);
  EXPECT_EQ(id.size(), 64U) << id;
  EXPECT_EQ(Unpacked(digest::Sha256(tar), "a"), "from afar");
  options.source = server.url("/other.tar");
  EXPECT_TRUE(Has(ImportIt(options), "404"));
}

TEST_F(ImageImportTest, NamesAndPlatformsAreCheckedFirst) {
  ImportOptions options = FromFile(Tar("a", "x"));
  options.reference = "Mine";
  EXPECT_TRUE(Has(ImportIt(options), "lowercase"));
  options.reference = "mine@sha256:" + Id('1');
  EXPECT_TRUE(Has(ImportIt(options), "a digest can't be chosen"));
  options.reference = "";
  options.arch = "a/b/c/d";
  EXPECT_TRUE(Has(ImportIt(options), "platform"));
  options.arch = "";
  options.changes = {"FROM scratch"};
  EXPECT_TRUE(Has(ImportIt(options), "invalid change"));
  EXPECT_TRUE(Names("layers").empty());
}

}  // namespace
}  // namespace ctool::engine
