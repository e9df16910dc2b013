// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>

#include "base/clock.hpp"
#include "fixture.hpp"

namespace ctool::state {
namespace {

class ContainersTest : public StateTest {};
class ImagesTest : public StateTest {};
class VolumesTest : public StateTest {};

constexpr auto kAll = Database::ContainerFields::kAll;
constexpr auto kSummary = Database::ContainerFields::kSummary;

Container FullContainer() {
  Container c = MakeContainer(Id('a'), "web");
  c.image_name = "docker.io/library/alpine:latest";
  c.command = std::string("a\0b'\"%_\xff\xc3 \n", 12);
  c.labels = R"({"k":"v"})";
  c.created = 1'700'000'000'123'456'789;
  c.state = ContainerState::kExited;
  c.started = 5;
  c.finished = INT64_MAX;
  c.exit_code = 137;
  c.auto_remove = true;
  c.ports = "0.0.0.0:8080->80/tcp";
  c.network_mode = "slirp4netns";
  c.restart_count = 3;
  c.error = "no";
  return c;
}

void ExpectEqual(const Container& a, const Container& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.image_id, b.image_id);
  EXPECT_EQ(a.image_name, b.image_name);
  EXPECT_EQ(a.command, b.command);
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.spec, b.spec);
  EXPECT_EQ(a.created, b.created);
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.started, b.started);
  EXPECT_EQ(a.finished, b.finished);
  EXPECT_EQ(a.exit_code, b.exit_code);
  EXPECT_EQ(a.auto_remove, b.auto_remove);
  EXPECT_EQ(a.ports, b.ports);
  EXPECT_EQ(a.network_mode, b.network_mode);
  EXPECT_EQ(a.restart_count, b.restart_count);
  EXPECT_EQ(a.error, b.error);
}

TEST_F(ContainersTest, KeepsEveryFieldByteForByte) {
  Database db = Open();
  const Container put = FullContainer();
  ASSERT_OK(db.PutContainer(put));
  const auto found = db.FindContainerByName("web");
  ASSERT_OK(found);
  ASSERT_TRUE(found->has_value());
  ExpectEqual(**found, put);
}

TEST_F(ContainersTest, UpdateChangesAllButTheIdAndKeepsTheSpecItIsNotGiven) {
  Database db = Open();
  ASSERT_OK(db.PutContainer(MakeContainer(Id('a'), "old")));
  Container changed = FullContainer();
  changed.spec.clear();
  ASSERT_OK(db.UpdateContainer(changed));
  changed.spec = MakeContainer("", "").spec;
  ExpectEqual(**db.FindContainer(Id('a')), changed);
  changed.spec = "new";
  ASSERT_OK(db.UpdateContainer(changed));
  EXPECT_EQ((*db.FindContainer(Id('a')))->spec, "new");
  EXPECT_FALSE(db.FindContainerByName("old")->has_value());

  EXPECT_EQ(db.UpdateContainer(MakeContainer(Id('b'), "x")).error().code(), Code::kNotFound);
}

TEST_F(ContainersTest, ATakenNameNamesItsHolder) {
  Database db = Open();
  ASSERT_OK(db.PutContainer(MakeContainer(Id('a'), "web")));
  ASSERT_OK(db.PutContainer(MakeContainer(Id('b'), "other")));
  const Status put = db.PutContainer(MakeContainer(Id('c'), "web"));
  EXPECT_EQ(put.error().code(), Code::kAlreadyExists);
  EXPECT_EQ(put.error().text(), Id('a'));
  const Status renamed = db.UpdateContainer(MakeContainer(Id('b'), "web"));
  EXPECT_EQ(renamed.error().code(), Code::kAlreadyExists);
  EXPECT_EQ(renamed.error().text(), Id('a'));
  EXPECT_EQ(db.PutContainer(MakeContainer(Id('a'), "third")).error().code(), Code::kInternal);
  EXPECT_EQ(db.ListContainers(kAll)->size(), 2u);
  ASSERT_OK(db.RemoveContainer(Id('a')));
  ASSERT_OK(db.PutContainer(MakeContainer(Id('c'), "web")));
}

TEST_F(ContainersTest, TenCreatorsOfOneNameAndOneWins) {
  { Database db = Open(); }
  std::vector<pid_t> children;
  for (int i = 0; i < 10; ++i)
    children.push_back(Fork([&] {
      Result<Database> db = Database::Open(path_);
      if (!db.ok()) return 1;
      const Status put = db->PutContainer(MakeContainer(Id(static_cast<char>('0' + i)), "one"));
      if (put.ok()) return 10;
      return put.error().code() == Code::kAlreadyExists && put.error().text().size() == 64 ? 0 : 2;
    }));
  int winners = 0;
  for (const pid_t child : children) {
    const int status = WaitFor(child);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == 10)
      ++winners;
    else
      EXPECT_EQ(WEXITSTATUS(status), 0);
  }
  EXPECT_EQ(winners, 1);
}

TEST_F(ContainersTest, FindsByNameThenIdThenUniquePrefix) {
  Database db = Open();
  const std::string first = "abc1" + std::string(60, '0'), second = "abc2" + std::string(60, '0'),
                    third = "ffff" + std::string(60, 'f');
  ASSERT_OK(db.PutContainer(MakeContainer(first, "one")));
  ASSERT_OK(db.PutContainer(MakeContainer(second, "two")));
  ASSERT_OK(db.PutContainer(MakeContainer(third, "abc1")));
  EXPECT_EQ((*db.FindContainer("abc1"))->id, third);  // a name comes before a prefix
  EXPECT_EQ((*db.FindContainer("abc10"))->id, first);
  EXPECT_EQ((*db.FindContainer(first))->id, first);
  EXPECT_EQ((*db.FindContainer("f"))->id, third);
  EXPECT_EQ((*db.FindContainer(third))->id, third);
  const auto ambiguous = db.FindContainer("abc");
  EXPECT_EQ(ambiguous.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(ambiguous.error().text(), "more than one result for container \"abc\"");
  for (const char* nothing : {"", "abd", "%", "a%", "_bc1", "ABC1", "abc10 ", "e", "g", "*"})
    EXPECT_FALSE(db.FindContainer(nothing)->has_value()) << nothing;
  EXPECT_FALSE(db.FindContainer(third + "f")->has_value());
}

TEST_F(ContainersTest, WildcardsInNamesAreLetters) {
  Database db = Open();
  ASSERT_OK(db.PutContainer(MakeContainer(Id('a'), "a_1")));
  ASSERT_OK(db.PutContainer(MakeContainer(Id('b'), "aX1")));
  EXPECT_EQ((*db.FindContainer("a_1"))->id, Id('a'));
  EXPECT_EQ((*db.FindContainer("aX1"))->id, Id('b'));
  EXPECT_FALSE(db.FindContainer("ax1")->has_value());
}

TEST_F(ContainersTest, ListsNewestFirst) {
  Database db = Open();
  EXPECT_FALSE(db.LatestContainer()->has_value());
  for (const auto& [digit, created] : {std::pair('a', 10), {'b', 30}, {'c', 20}}) {
    Container c = MakeContainer(Id(digit), std::string(1, digit));
    c.created = created;
    ASSERT_OK(db.PutContainer(c));
  }
  const auto list = db.ListContainers(kSummary);
  ASSERT_EQ(list->size(), 3u);
  EXPECT_EQ((*list)[0].name, "b");
  EXPECT_EQ((*list)[1].name, "c");
  EXPECT_EQ((*list)[2].name, "a");
  EXPECT_EQ((*list)[0].spec, "");
  EXPECT_EQ((*db.ListContainers(kAll))[0].spec, R"({"asked":"for"})");
  EXPECT_EQ((*db.LatestContainer())->name, "b");
}

TEST_F(ContainersTest, ExitCodesOutliveTheirContainerForFiveMinutes) {
  Database db = Open();
  ASSERT_OK(db.PutContainer(MakeContainer(Id('a'), "web")));
  EXPECT_FALSE(db.FindExitCode(Id('a'))->has_value());
  ASSERT_OK(db.PutExitCode(Id('a'), 7));
  ASSERT_OK(db.RemoveContainer(Id('a')));
  EXPECT_EQ(*db.FindExitCode(Id('a')), 7);
  ASSERT_OK(db.PutExitCode(Id('a'), 0));
  EXPECT_EQ(*db.FindExitCode(Id('a')), 0);

  const auto age = [&](int seconds) {
    sqlite3* raw = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
    const std::string sql = "UPDATE exit_codes SET recorded = " +
                            std::to_string(WallNanos() - seconds * int64_t{1'000'000'000}) +
                            " WHERE container_id = '" + Id('a') + "'";
    ASSERT_EQ(sqlite3_exec(raw, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(raw);
  };
  age(290);
  ASSERT_OK(db.PutExitCode(Id('b'), 1));
  EXPECT_TRUE(db.FindExitCode(Id('a'))->has_value());
  age(310);
  ASSERT_OK(db.PutExitCode(Id('c'), 1));
  EXPECT_FALSE(db.FindExitCode(Id('a'))->has_value());
  EXPECT_TRUE(db.FindExitCode(Id('b'))->has_value());
}

// --- images and layers -----------------------------------------------------------------------

Image FullImage() {
  Image image = MakeImage(Id('1'), "docker.io/library/alpine:latest");
  image.config = std::string("{\"a\":\0\xff}", 8);
  image.manifest_type = "application/vnd.oci.image.manifest.v1+json";
  image.created = 10;
  image.pulled = 20;
  image.size = 1 << 30;
  image.layers = {{DiffId('a'), DiffId('b'), "gzip", 77}, {DiffId('c'), "", "tar", 0}};
  image.digests = {"docker.io/library/alpine@" + DiffId('d')};
  image.fixup_layer = "fixup-" + Id('f');
  return image;
}

void ExpectEqual(const Image& a, const Image& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.manifest_digest, b.manifest_digest);
  EXPECT_EQ(a.manifest_type, b.manifest_type);
  EXPECT_EQ(a.config, b.config);
  EXPECT_EQ(a.created, b.created);
  EXPECT_EQ(a.pulled, b.pulled);
  EXPECT_EQ(a.size, b.size);
  EXPECT_EQ(a.names, b.names);
  EXPECT_EQ(a.digests, b.digests);
  EXPECT_EQ(a.fixup_layer, b.fixup_layer);
  ASSERT_EQ(a.layers.size(), b.layers.size());
  for (size_t i = 0; i < a.layers.size(); ++i) {
    EXPECT_EQ(a.layers[i].diff_id, b.layers[i].diff_id);
    EXPECT_EQ(a.layers[i].blob, b.layers[i].blob);
    EXPECT_EQ(a.layers[i].media_type, b.layers[i].media_type);
    EXPECT_EQ(a.layers[i].blob_size, b.layers[i].blob_size);
  }
}

TEST_F(ImagesTest, KeepsEveryFieldByteForByte) {
  Database db = Open();
  const Image put = FullImage();
  ASSERT_OK(db.PutImage(put));
  for (const auto& found :
       {db.FindImageByName(put.names[0]), db.FindImageById(put.id), db.FindImageById("11"),
        db.FindImageByDigest("docker.io/library/alpine", DiffId('d'))}) {
    ASSERT_OK(found);
    ASSERT_TRUE(found->has_value());
    ExpectEqual(**found, put);
  }
  ASSERT_EQ(db.ListImages()->size(), 1u);
  ExpectEqual((*db.ListImages())[0], put);
  EXPECT_FALSE(db.FindImageByDigest("docker.io/library/alpine", DiffId('e'))->has_value());
  EXPECT_FALSE(db.FindImageByDigest("docker.io/library/alpin", DiffId('d'))->has_value());
}

TEST_F(ImagesTest, VariantsOfBlobs) {
  Database db = Open();
  Image image = MakeImage(Id('a'), "");
  image.layers = {{DiffId('1'), DiffId('1'), "tar", 10}};
  ASSERT_OK(db.PutImage(image));
  ASSERT_OK(db.PutBlobVariant({DiffId('1'), "gzip", DiffId('2'), 7}));
  ASSERT_OK(db.PutBlobVariant({DiffId('1'), "gzip", DiffId('3'), 8}));
  const auto found = *db.FindBlobVariant(DiffId('1'), "gzip");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->digest, DiffId('3'));
  EXPECT_EQ(found->size, 8);
  EXPECT_FALSE(db.FindBlobVariant(DiffId('1'), "zstd")->has_value());
  // Those of images that are gone go with the next one.
  ASSERT_OK(db.RemoveImage(Id('a')));
  ASSERT_OK(db.PutBlobVariant({DiffId('4'), "gzip", DiffId('5'), 7}));
  EXPECT_FALSE(db.FindBlobVariant(DiffId('1'), "gzip")->has_value());
}

TEST_F(ImagesTest, RepositoriesOfBlobs) {
  Database db = Open();
  Image image = MakeImage(Id('a'), "reg:5000/a/b:1");
  image.names = {"reg:5000/a/b:1", "reg:5000/c:2", "other/d:1"};
  image.digests = {"reg:5000/e@" + DiffId('7')};
  image.layers = {{DiffId('1'), DiffId('2'), "tar", 10}};
  ASSERT_OK(db.PutImage(image));
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(*db.BlobRepositories("reg:5000"),
            (Pairs{{DiffId('2'), "e"}, {DiffId('2'), "a/b"}, {DiffId('2'), "c"}}));
  EXPECT_TRUE(db.BlobRepositories("reg:500")->empty());
}

TEST_F(ImagesTest, PuttingAgainReplacesLayersAndAddsNames) {
  Database db = Open();
  Image image = FullImage();
  ASSERT_OK(db.PutImage(image));
  image.layers = {{DiffId('a'), DiffId('9'), "zstd", 55}};
  image.names = {"localhost/mine:1"};
  image.digests = {"localhost/mine@" + DiffId('d')};
  image.pulled = 21;
  ASSERT_OK(db.PutImage(image));
  image.names = {"docker.io/library/alpine:latest", "localhost/mine:1"};
  image.digests = {"docker.io/library/alpine@" + DiffId('d'), "localhost/mine@" + DiffId('d')};
  ExpectEqual(**db.FindImageById(image.id), image);
  EXPECT_EQ(db.ListImages()->size(), 1u);
}

TEST_F(ImagesTest, ANameMovesToTheImageItIsSetFor) {
  Database db = Open();
  ASSERT_OK(db.PutImage(MakeImage(Id('1'), "localhost/a:1")));
  ASSERT_OK(db.PutImage(MakeImage(Id('2'), "localhost/a:1")));
  EXPECT_EQ((*db.FindImageByName("localhost/a:1"))->id, Id('2'));
  EXPECT_TRUE((*db.FindImageById(Id('1')))->names.empty());
  ASSERT_OK(db.SetName("localhost/b:1", Id('1')));
  ASSERT_OK(db.SetName("localhost/a:1", Id('1')));
  EXPECT_EQ((*db.FindImageById(Id('1')))->names,
            (std::vector<std::string>{"localhost/b:1", "localhost/a:1"}));
  EXPECT_EQ(db.SetName("x", Id('3')).error().code(), Code::kNotFound);
  ASSERT_OK(db.RemoveName("localhost/a:1"));
  ASSERT_OK(db.RemoveName("localhost/a:1"));
  EXPECT_FALSE(db.FindImageByName("localhost/a:1")->has_value());
}

TEST_F(ImagesTest, PrefixesAreUniqueOrRefused) {
  Database db = Open();
  ASSERT_OK(db.PutImage(MakeImage("ab1" + std::string(61, '0'), "")));
  ASSERT_OK(db.PutImage(MakeImage("ab2" + std::string(61, '0'), "")));
  EXPECT_TRUE(db.FindImageById("ab1")->has_value());
  const auto ambiguous = db.FindImageById("ab");
  EXPECT_EQ(ambiguous.error().code(), Code::kInvalidArgument);
  EXPECT_EQ(ambiguous.error().text(), "more than one result for image \"ab\"");
  for (const char* nothing : {"", "a", "ab3", "AB1", "a%", "zz"})
    EXPECT_FALSE(db.FindImageById(nothing)->has_value()) << nothing;
}

TEST_F(ImagesTest, TheImagePulledLastAnswersForADigest) {
  Database db = Open();
  for (const auto& [digit, pulled] : {std::pair('1', 5), {'2', 9}, {'3', 7}}) {
    Image image = MakeImage(Id(digit), "");
    image.pulled = pulled;
    image.digests = {"quay.io/a@" + DiffId('d')};
    ASSERT_OK(db.PutImage(image));
  }
  EXPECT_EQ((*db.FindImageByDigest("quay.io/a", DiffId('d')))->id, Id('2'));
}

TEST_F(ImagesTest, AnImageInUseStays) {
  Database db = Open();
  ASSERT_OK(db.PutImage(FullImage()));
  Container c = MakeContainer(Id('a'), "web");
  c.image_id = Id('1');
  ASSERT_OK(db.PutContainer(c));
  EXPECT_EQ(*db.ContainersUsingImage(Id('1')), std::vector<std::string>{Id('a')});
  EXPECT_EQ(db.RemoveImage(Id('1')).error().code(), Code::kBusy);
  EXPECT_TRUE(db.FindImageByName("docker.io/library/alpine:latest")->has_value());
  ASSERT_OK(db.RemoveContainer(Id('a')));
  ASSERT_OK(db.RemoveImage(Id('1')));
  ASSERT_OK(db.RemoveImage(Id('1')));
  EXPECT_FALSE(db.FindImageByName("docker.io/library/alpine:latest")->has_value());
  const Status gone = db.PutContainer(c);
  EXPECT_EQ(gone.error().code(), Code::kNotFound);
  EXPECT_NE(gone.error().text().find(Id('1')), std::string::npos);
  EXPECT_TRUE(db.Check()->empty());
}

TEST_F(ImagesTest, LayersAndBlobsThatNothingNeedsAreFound) {
  Database db = Open();
  ASSERT_OK(db.PutImage(FullImage()));
  for (const char digit : {'a', 'c', '7'}) {
    Layer layer;
    layer.diff_id = DiffId(digit);
    layer.size = 5;
    layer.boot_id = "boot";
    ASSERT_OK(db.PutLayer(layer));
  }
  EXPECT_EQ(*db.UnreferencedLayers(), std::vector<std::string>{DiffId('7')});
  EXPECT_EQ(*db.ReferencedBlobs(),
            (std::vector<std::string>{DiffId('1'), DiffId('b'), DiffId('d'), DiffId('e')}));
  EXPECT_FALSE((*db.FindLayer(DiffId('a')))->durable);
  ASSERT_OK(db.SetLayersDurable({DiffId('a'), DiffId('c')}));
  EXPECT_TRUE((*db.FindLayer(DiffId('a')))->durable);
  EXPECT_EQ((*db.FindLayer(DiffId('a')))->size, 5);
  EXPECT_EQ((*db.FindLayer(DiffId('a')))->boot_id, "boot");
  EXPECT_EQ(db.SetLayersDurable({DiffId('7'), DiffId('8')}).error().code(), Code::kNotFound);
  EXPECT_FALSE((*db.FindLayer(DiffId('7')))->durable);
  ASSERT_OK(db.RemoveLayer(DiffId('7')));
  EXPECT_FALSE(db.FindLayer(DiffId('7'))->has_value());
  ASSERT_OK(db.RemoveImage(Id('1')));
  EXPECT_EQ(db.UnreferencedLayers()->size(), 2u);
  EXPECT_TRUE(db.ReferencedBlobs()->empty());
}

TEST_F(ImagesTest, ArtifactsHaveBlobsToo) {
  Database db = Open();
  Artifact model;
  model.name = "quay.io/team/model:1";
  model.digest = DiffId('1');
  model.manifest = "{\"layers\":[]}";
  model.created = 5;
  model.size = 12;
  model.blobs = {{DiffId('2'), 2}, {DiffId('3'), 10}};
  ASSERT_OK(db.PutArtifact(model));
  const Artifact found = *(*db.FindArtifact("quay.io/team/model:1"));
  EXPECT_EQ(found.digest, model.digest);
  EXPECT_EQ(found.manifest, model.manifest);
  EXPECT_EQ(found.created, 5);
  EXPECT_EQ(found.size, 12);
  EXPECT_EQ(found.blobs, model.blobs);
  EXPECT_EQ(*db.ReferencedBlobs(), (std::vector<std::string>{DiffId('2'), DiffId('3')}));
  EXPECT_TRUE(db.ListImages()->empty());
  model.blobs = {{DiffId('4'), 10}};
  ASSERT_OK(db.PutArtifact(model));  // replaces the one of that name
  model.name = "localhost/b:latest";
  ASSERT_OK(db.PutArtifact(model));
  const std::vector<Artifact> all = *db.ListArtifacts();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "localhost/b:latest");
  EXPECT_EQ(all[1].blobs, model.blobs);
  EXPECT_EQ(*db.ReferencedBlobs(), std::vector<std::string>{DiffId('4')});
  ASSERT_OK(db.RemoveArtifact("localhost/b:latest"));
  ASSERT_OK(db.RemoveArtifact("localhost/b:latest"));
  EXPECT_EQ(*db.ReferencedBlobs(), std::vector<std::string>{DiffId('4')});
  ASSERT_OK(db.RemoveArtifact("quay.io/team/model:1"));
  EXPECT_TRUE(db.ReferencedBlobs()->empty());
  EXPECT_TRUE(db.Check()->empty());
}

// --- volumes ---------------------------------------------------------------------------------

TEST_F(VolumesTest, KeepsEveryField) {
  Database db = Open();
  Volume volume{"data", "local", R"({"l":"1"})", R"({"o":"2"})", 99, true, false};
  ASSERT_OK(db.PutVolume(volume));
  EXPECT_EQ(db.PutVolume(volume).error().code(), Code::kAlreadyExists);
  volume.needs_copy_up = true;
  volume.anonymous = false;
  ASSERT_OK(db.UpdateVolume(volume));
  const auto found = db.FindVolume("data");
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->driver, "local");
  EXPECT_EQ((*found)->labels, volume.labels);
  EXPECT_EQ((*found)->options, volume.options);
  EXPECT_EQ((*found)->created, 99);
  EXPECT_FALSE((*found)->anonymous);
  EXPECT_TRUE((*found)->needs_copy_up);
  volume.name = "nope";
  EXPECT_EQ(db.UpdateVolume(volume).error().code(), Code::kNotFound);
}

TEST_F(VolumesTest, OnlyTheExactNameIsRemoved) {
  Database db = Open();
  for (const char* name : {"test_1", "testa2", "testa1", "%"}) {
    Volume volume;
    volume.name = name;
    ASSERT_OK(db.PutVolume(volume));
  }
  ASSERT_OK(db.RemoveVolume("test_1"));
  ASSERT_OK(db.RemoveVolume("%"));
  ASSERT_OK(db.RemoveVolume("test_1"));
  const auto list = db.ListVolumes();
  ASSERT_EQ(list->size(), 2u);
  EXPECT_EQ((*list)[0].name, "testa1");
  EXPECT_EQ((*list)[1].name, "testa2");
}

TEST_F(VolumesTest, AVolumeInUseStays) {
  Database db = Open();
  Volume volume;
  volume.name = "data";
  ASSERT_OK(db.PutVolume(volume));
  EXPECT_EQ(db.UseVolume("data", Id('a')).error().code(), Code::kNotFound);
  ASSERT_OK(db.PutContainer(MakeContainer(Id('a'), "web")));
  EXPECT_EQ(db.UseVolume("nope", Id('a')).error().code(), Code::kNotFound);
  ASSERT_OK(db.UseVolume("data", Id('a')));
  ASSERT_OK(db.UseVolume("data", Id('a')));
  EXPECT_EQ(*db.VolumeUsers("data"), std::vector<std::string>{Id('a')});
  EXPECT_EQ(*db.VolumesOf(Id('a')), std::vector<std::string>{"data"});
  const Status busy = db.RemoveVolume("data");
  EXPECT_EQ(busy.error().code(), Code::kBusy);
  EXPECT_NE(busy.error().text().find(Id('a')), std::string::npos);
  ASSERT_OK(db.RemoveContainer(Id('a')));
  EXPECT_TRUE(db.VolumeUsers("data")->empty());
  ASSERT_OK(db.RemoveVolume("data"));
}

// The budget of `ps -a`: 1,000 containers in 5 ms. Generous here, because the tests run on busy
// machines and with sanitizers; DESIGN.md has the number.
TEST_F(ContainersTest, ListsAThousand) {
  Database db = Open();
  ASSERT_OK(db.Transaction(Database::Commit::kOrdered, [&]() -> Status {
    for (int i = 0; i < 1000; ++i) {
      char id[65];
      std::snprintf(id, sizeof id, "%064x", i * 7919);
      Container c = MakeContainer(id, "c" + std::to_string(i));
      c.created = i;
      c.spec.assign(4000, 'x');
      TRY(db.PutContainer(c));
    }
    return Ok();
  }));
  const int64_t start = MonotonicNanos();
  const auto list = Open().ListContainers(kSummary);
  const int64_t taken = MonotonicNanos() - start;
  EXPECT_EQ(list->size(), 1000u);
  EXPECT_LT(taken, 200'000'000);
  RecordProperty("microseconds", static_cast<int>(taken / 1000));
}

}  // namespace
}  // namespace ctool::state
