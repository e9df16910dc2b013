// SPDX-License-Identifier: Apache-2.0
#include "engine/image_list_internal.hpp"

#include "base/clock.hpp"
#include "image_fixture.hpp"

namespace ctool::engine {
namespace {

class ImageListTest : public ImageTest {
 protected:
  ImageListTest() : engine_(options_) {
    spec::ImageConfig labelled = Config();
    labelled.config.labels = {{"tier", "web"}, {"team", "a"}};
    Add('1', {"docker.io/library/alpine:3", "docker.io/library/alpine:latest"}, 100, 30, labelled);
    Add('2', {"localhost/app:dev"}, 300, 10, Config());
    Add('3', {"quay.io/x/tool@sha256:" + Id('3')}, 200, 20, Config());
    Add('4', {}, 50, 40, Config());
  }
  void Add(char id, const std::vector<std::string>& names, int64_t seconds, int64_t size,
           const spec::ImageConfig& config) {
    state::Image image = Row(Id(id), names, config);
    image.created = seconds * 1'000'000'000;
    image.size = size;
    Put(engine_, image);
  }
  Result<std::vector<ImageRow>> Rows(const std::vector<std::string>& filters,
                                     const std::string& sort = "created",
                                     const std::string& reference = "", bool all = false) {
    ListImagesOptions options;
    options.filters = filters;
    options.sort = sort;
    options.reference = reference;
    options.all = all;
    return ListImages(engine_, options);
  }
  // "1:3" is the row of image 111... with the tag 3; an error's text otherwise.
  template <class... Arguments>
  std::string List(const Arguments&... arguments) {
    const Result<std::vector<ImageRow>> rows = Rows(arguments...);
    if (!rows.ok()) return rows.error().Message();
    std::vector<std::string> out;
    for (const ImageRow& row : *rows) out.push_back(row.image.id.substr(0, 1) + ":" + row.tag);
    return Join(out, " ");
  }
  using Filters = std::vector<std::string>;
  Engine engine_;
};

TEST_F(ImageListTest, OneRowForATagAndOneForAnImageWithout) {
  EXPECT_EQ(List(Filters{}), "2:dev 3:<none> 1:3 1:latest 4:<none>");
  const Result<std::vector<ImageRow>> rows = Rows({});
  EXPECT_EQ((*rows)[1].repository, "quay.io/x/tool");
  EXPECT_EQ((*rows)[2].repository, "docker.io/library/alpine");
  EXPECT_EQ((*rows)[2].name, "docker.io/library/alpine:3");
  EXPECT_EQ((*rows)[4].repository, "<none>");
  EXPECT_EQ((*rows)[4].name, "");
}

TEST_F(ImageListTest, Sorting) {
  EXPECT_EQ(List(Filters{}, "id"), "1:3 1:latest 2:dev 3:<none> 4:<none>");
  EXPECT_EQ(List(Filters{}, "size"), "2:dev 3:<none> 1:3 1:latest 4:<none>");
  EXPECT_EQ(List(Filters{}, "repository"), "4:<none> 1:3 1:latest 2:dev 3:<none>");
  EXPECT_EQ(List(Filters{}, "tag"), "1:3 3:<none> 4:<none> 2:dev 1:latest");
  EXPECT_NE(List(Filters{}, "colour").find("not a valid field"), std::string::npos);
}

TEST_F(ImageListTest, TheArgumentIsAPatternOrAName) {
  EXPECT_EQ(List(Filters{}, "created", "alpine"), "1:3 1:latest");
  EXPECT_EQ(List(Filters{}, "created", "alpine:3"), "1:3");
  EXPECT_EQ(List(Filters{}, "created", "*/app"), "2:dev");
  EXPECT_EQ(List(Filters{}, "created", "localhost/*"), "2:dev");
  EXPECT_EQ(List(Filters{}, "created", "quay.io/*/*"), "3:<none>");
  EXPECT_EQ(List(Filters{}, "created", "quay.io/*"), "") << "* stops at a slash";
  EXPECT_EQ(List(Filters{}, "created", Id('4')), "4:<none>");
  EXPECT_EQ(List(Filters{"reference=x"}, "created", "alpine"),
            "cannot specify an image and a filter(s) of the kind \"reference\"");
}

TEST_F(ImageListTest, FiltersOfOneKeyWidenAndOfSeveralNarrow) {
  EXPECT_EQ(List(Filters{"reference=alpine", "reference=app:dev"}), "2:dev 1:3 1:latest");
  EXPECT_EQ(List(Filters{"reference=alpine", "dangling=true"}), "");
  EXPECT_EQ(List(Filters{"label=tier=web"}), "1:3 1:latest");
  EXPECT_EQ(List(Filters{"label=tier", "label=team=b"}), "") << "labels narrow";
  EXPECT_EQ(List(Filters{"label!=tier"}), "2:dev 3:<none> 4:<none>");
  EXPECT_EQ(List(Filters{"dangling=true"}), "4:<none>");
  EXPECT_EQ(List(Filters{"dangling=false"}), "2:dev 3:<none> 1:3 1:latest");
  EXPECT_EQ(List(Filters{"id=22"}), "2:dev");
  EXPECT_EQ(List(Filters{"digest=sha256:" + Id('2')}), "2:dev");
  EXPECT_EQ(List(Filters{"readonly=true"}), "");
  EXPECT_EQ(List(Filters{"manifest=false", "id=22"}), "2:dev");
}

TEST_F(ImageListTest, FiltersByTime) {
  EXPECT_EQ(List(Filters{"before=" + Id('3')}), "1:3 1:latest 4:<none>");
  EXPECT_EQ(List(Filters{"since=alpine"}), "2:dev 3:<none>");
  EXPECT_EQ(List(Filters{"after=alpine"}), "2:dev 3:<none>");
  EXPECT_EQ(List(Filters{"until=150"}), "1:3 1:latest 4:<none>");
  EXPECT_EQ(List(Filters{"until=1970-01-01T00:01:00Z"}), "4:<none>");
  EXPECT_EQ(List(Filters{"until=1h"}), "2:dev 3:<none> 1:3 1:latest 4:<none>");
  EXPECT_EQ(List(Filters{"since=gone"}), "could not find local image for filter \"since\"=\"gone\": gone: image not known");
  EXPECT_NE(List(Filters{"until=soon"}).find("failed to parse value as time or duration: \"soon\""), std::string::npos);
}

TEST_F(ImageListTest, WhatIsNoFilter) {
  EXPECT_EQ(List(Filters{"colour=red"}), "unsupported image filter \"colour\"");
  EXPECT_EQ(List(Filters{"dangling"}), "invalid image filter \"dangling\": must be in the format \"filter=value or filter!=value\"");
  EXPECT_NE(List(Filters{"dangling=perhaps"}).find("non-boolean value \"perhaps\" for dangling filter"), std::string::npos);
  EXPECT_EQ(List(Filters{"digest=x"}), "invalid value \"x\" for digest filter");
}

TEST_F(ImageListTest, ContainersAreCounted) {
  PutContainer(engine_, Id('c'), Id('1'));
  PutContainer(engine_, Id('d'), Id('1'));
  const Result<std::vector<ImageRow>> rows = Rows({"containers=true"});
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ((*rows)[0].containers, 2);
  EXPECT_EQ(List(Filters{"containers=false"}), "2:dev 3:<none> 4:<none>");
}

TEST_F(ImageListTest, WhatOthersWereBuiltOnIsHidden) {
  spec::ImageConfig parent = Config();
  parent.diff_ids = {*spec::Digest::FromHex(Id('a'))};
  parent.history = {{"2024", "FROM", "", "", false}};
  spec::ImageConfig child = parent;
  child.history.push_back({"2024", "RUN", "", "", false});
  child.diff_ids.push_back(*spec::Digest::FromHex(Id('b')));
  EXPECT_TRUE(IsParent(parent, child));
  EXPECT_FALSE(IsParent(child, parent));
  EXPECT_FALSE(IsParent(parent, parent));
  Add('5', {}, 500, 1, parent);
  Add('6', {"localhost/child:1"}, 600, 1, child);
  EXPECT_EQ(List(Filters{"since=alpine"}), "6:1 2:dev 3:<none>");
  EXPECT_EQ(List(Filters{"since=alpine"}, "created", "", true), "6:1 5:<none> 2:dev 3:<none>");
  EXPECT_EQ(List(Filters{"intermediate=true"}), "5:<none>");
}

}  // namespace
}  // namespace ctool::engine
