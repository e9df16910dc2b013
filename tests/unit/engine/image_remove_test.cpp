// SPDX-License-Identifier: Apache-2.0
#include "engine/unused.hpp"

#include <nlohmann/json.hpp>

#include "image_fixture.hpp"

namespace ctool::engine {
namespace {

class ImageRemoveTest : public ImageTest {
 protected:
  ImageRemoveTest() : engine_(options_) {}

  // An image with one layer, whose folder is there, and one blob.
  void Add(char id, const std::vector<std::string>& names, char layer) {
    const storage::Store& store = **engine_.Store();
    spec::ImageConfig config = Config();
    config.diff_ids = {*spec::Digest::FromHex(Id(layer))};
    config.history = {{"2024", std::string("layer ") + layer, "", "", false}};
    state::Image image = Row(Id(id), names, config);
    const std::string bytes = std::string("blob of layer ") + layer;
    image.layers = {{config.diff_ids[0].str(), digest::Sha256(bytes).str(),
                     std::string(spec::kOciLayer), static_cast<int64_t>(bytes.size())}};
    ASSERT_TRUE(store.PutBlob(bytes, digest::Sha256(bytes)).ok());
    ASSERT_TRUE(sys::MakeDirs(store.LayerDiffPath(config.diff_ids[0]), 0755).ok());
    ASSERT_TRUE((*engine_.Db())->PutLayer({config.diff_ids[0].str(), 5, true, "boot"}).ok());
    Put(engine_, image);
  }
  // What was printed: "Untagged: a, b; Deleted: 1", or the error.
  std::string Remove(const std::string& name, const RemoveImagesOptions& options = {}) {
    const Result<RemovedImage> removed = RemoveImage(engine_, name, options);
    if (!removed.ok()) return removed.error().Message();
    return Join(removed->untagged, ",") + " " + removed->deleted.substr(0, 1);
  }
  bool Layer(char layer) {
    for (const std::string& name : Names("layers"))
      if (name == Id(layer)) return true;
    return false;
  }
  static RemoveImagesOptions Force() {
    RemoveImagesOptions options;
    options.force = true;
    return options;
  }
  Engine engine_;
};

TEST_F(ImageRemoveTest, OneOfSeveralNamesIsOnlyUntagged) {
  Add('1', {"localhost/a:1", "localhost/b:1"}, 'e');
  EXPECT_EQ(Remove("a:1"), "localhost/a:1 ");
  EXPECT_TRUE(Layer('e'));
  EXPECT_EQ(Remove("b:1"), "localhost/b:1 1");
  EXPECT_FALSE(Layer('e'));
  ExpectStoreIsEmpty();
}

TEST_F(ImageRemoveTest, AnIdStandsForAllNames) {
  Add('1', {"localhost/a:1", "localhost/b:1"}, 'e');
  EXPECT_NE(Remove(Id('1')).find("by ID with more than one tag"), std::string::npos);
  EXPECT_EQ(Remove(Id('1').substr(0, 12), Force()), "localhost/a:1,localhost/b:1 1");
  ExpectStoreIsEmpty();
}

TEST_F(ImageRemoveTest, SharedLayersStayAndTheRestGoes) {
  Add('1', {"localhost/a:1"}, 'e');
  Add('2', {"localhost/b:1"}, 'e');
  Add('3', {"localhost/c:1"}, 'f');
  EXPECT_EQ(Remove("a:1"), "localhost/a:1 1");
  EXPECT_TRUE(Layer('e'));
  EXPECT_EQ(Remove("c:1"), "localhost/c:1 3");
  EXPECT_TRUE(Layer('e'));
  EXPECT_FALSE(Layer('f'));
  EXPECT_FALSE((*engine_.Db())->FindLayer("sha256:" + Id('f'))->has_value());
  EXPECT_TRUE((*engine_.Db())->FindLayer("sha256:" + Id('e'))->has_value());
  EXPECT_EQ(Names("blobs/sha256").size(), 1U);
}

TEST_F(ImageRemoveTest, AnImageInUseStays) {
  Add('1', {"localhost/a:1", "localhost/b:1"}, 'e');
  PutContainer(engine_, Id('c'), Id('1'));
  EXPECT_EQ(Remove("a:1"), "localhost/a:1 ") << "a name is not the image";
  EXPECT_EQ(Remove("b:1"),
            "image used by " + Id('c') +
                ": image is in use by a container: consider listing external containers and "
                "force-removing image");
  EXPECT_EQ(RemoveImage(engine_, "b:1", {}).error().code(), Code::kBusy);
  EXPECT_TRUE(Layer('e'));
}

TEST_F(ImageRemoveTest, AMissingImage) {
  EXPECT_EQ(Remove("gone"), "gone: image not known");
  EXPECT_EQ(RemoveImage(engine_, "gone", {}).error().code(), Code::kNotFound);
  EXPECT_EQ(Remove("gone", Force()), " ");
  RemoveImagesOptions ignore;
  ignore.ignore = true;
  EXPECT_EQ(Remove("gone", ignore), " ");
}

TEST_F(ImageRemoveTest, ParentsWithoutANameGoWithTheLastChild) {
  spec::ImageConfig base = Config();
  base.history = {{"2024", "one", "", "", false}};
  spec::ImageConfig middle = base;
  middle.history.push_back({"2024", "two", "", "", false});
  spec::ImageConfig top = middle;
  top.history.push_back({"2024", "three", "", "", false});
  Put(engine_, Row(Id('1'), {"localhost/base:1"}, base));
  Put(engine_, Row(Id('2'), {}, middle));
  Put(engine_, Row(Id('3'), {"localhost/top:1"}, top));
  Put(engine_, Row(Id('4'), {"localhost/top:2"}, top));
  EXPECT_EQ(Remove("top:1"), "localhost/top:1 3");
  EXPECT_TRUE((*engine_.Db())->FindImageById(Id('2'))->has_value()) << "it has another child";
  RemoveImagesOptions keep;
  keep.no_prune = true;
  Put(engine_, Row(Id('3'), {"localhost/top:1"}, top));
  EXPECT_EQ(Remove("top:1", keep), "localhost/top:1 3");
  EXPECT_EQ(Remove("top:2"), "localhost/top:2 4");
  EXPECT_FALSE((*engine_.Db())->FindImageById(Id('2'))->has_value());
  EXPECT_TRUE((*engine_.Db())->FindImageById(Id('1'))->has_value()) << "it has a name";
}

TEST_F(ImageRemoveTest, NothingIsThrownAwayWhileSomebodyAdds) {
  const storage::Store& store = **engine_.Store();
  ASSERT_TRUE(store.PutBlob("new", digest::Sha256("new")).ok());
  {
    const Result<sys::FileLock> adding = store.LockContent(sys::FileLock::Mode::kShared);
    EXPECT_FALSE(*DiscardUnused(store, **engine_.Db()));
    EXPECT_EQ(Names("blobs/sha256").size(), 1U);
  }
  EXPECT_TRUE(*DiscardUnused(store, **engine_.Db()));
  EXPECT_TRUE(Names("blobs/sha256").empty());
  EXPECT_FALSE(*DiscardUnused(store, **engine_.Db()));
  EmptyTrashInBackground(store, Caller::kOutside);
}

TEST_F(ImageRemoveTest, InspectHasPodmansFields) {
  spec::ImageConfig config = Config();
  config.author = "me";
  config.config.env = {"A=1"};
  config.config.exposed_ports = {"80/tcp"};
  config.config.labels = {{"k", "v"}};
  config.history = {{"2024-01-27T00:30:48Z", "layer 0", "", "", false}};
  state::Image image = Row(Id('1'), {"localhost/a:1", "localhost/b@sha256:" + Id('2')}, config);
  image.digests.push_back("gone.example/c@sha256:" + Id('1'));
  Put(engine_, image);
  const Result<FoundImage> found = RequireImage(engine_, "a:1");
  const Result<std::string> text = InspectImage(engine_, *found);
  ASSERT_TRUE(text.ok()) << text.error().Message();
  const nlohmann::json json = nlohmann::json::parse(*text, nullptr, false);
  EXPECT_EQ(json["Id"], Id('1'));
  EXPECT_EQ(json["RepoTags"], nlohmann::json({"localhost/a:1"}));
  EXPECT_EQ(json["RepoDigests"].size(), 2U) << "one of a repository that has no name any more";
  EXPECT_EQ(json["Created"], "2024-01-27T00:30:48.624602109Z");
  EXPECT_EQ(json["Config"]["ExposedPorts"], nlohmann::json::parse(R"({"80/tcp":{}})"));
  EXPECT_EQ(json["Labels"]["k"], "v");
  EXPECT_EQ(json["RootFS"]["Type"], "layers");
  EXPECT_EQ(json["History"][0]["created_by"], "layer 0");
  EXPECT_EQ(json["NamesHistory"].size(), 2U);
  for (const char* key : {"Digest", "Parent", "Comment", "Version", "Author", "Architecture", "Os",
                          "Size", "VirtualSize", "GraphDriver", "Annotations", "ManifestType",
                          "User"})
    EXPECT_TRUE(json.contains(key)) << key;
}

}  // namespace
}  // namespace ctool::engine
