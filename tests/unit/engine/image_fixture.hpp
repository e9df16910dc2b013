// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "../archive/tar_builder.hpp"
#include "../http/raw_server.hpp"
#include "base/text.hpp"
#include "digest/sha256.hpp"
#include "engine/images.hpp"
#include "spec/image.hpp"
#include "spec/reference.hpp"
#include "sys/file.hpp"

namespace ctool::engine {

inline std::string Id(char digit) { return std::string(64, digit); }

// A store, a home and a configuration of its own for every test.
class ImageTest : public testing::Test {
 protected:
  ImageTest() {
    char name[] = "/tmp/ctool-engine-XXXXXX";
    CHECK(::mkdtemp(name) != nullptr);
    home_ = name;
    for (const char* variable :
         {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "DOCKER_CONFIG",
          "REGISTRY_AUTH_FILE", "CONTAINERS_CONF", "SOURCE_DATE_EPOCH", "http_proxy", "https_proxy",
          "all_proxy"})
      ::unsetenv(variable);
    ::setenv("HOME", home_.c_str(), 1);
    Configure("unqualified-search-registries = [\"one.example\", \"two.example\"]\n"
              "short-name-mode = \"permissive\"\n"
              "[aliases]\n\"short\" = \"alias.example/team/long\"\n");
    Write("policy.json", R"({"default": [{"type": "insecureAcceptAnything"}]})");
    ::setenv("CONTAINERS_POLICY_JSON", (home_ + "/policy.json").c_str(), 1);
    options_ = {home_ + "/store", home_ + "/run"};
  }
  void TearDown() override {
    WaitForEmptyTrash();
    const Status removed = sys::RemoveTree(home_);
    EXPECT_TRUE(removed.ok()) << removed.error().Message();
  }

  void Write(const std::string& name, const std::string& text) {
    CHECK(sys::WriteFileAtomic(home_ + "/" + name, text, 0600, sys::Durability::kNone).ok());
  }
  void Configure(const std::string& registries) {
    Write("registries.conf", registries);
    ::setenv("CONTAINERS_REGISTRIES_CONF", (home_ + "/registries.conf").c_str(), 1);
  }

  // Deleting goes on in the background.
  void WaitForEmptyTrash() {
    for (int i = 0; i < 500 && !Names("trash").empty(); ++i) ::poll(nullptr, 0, 10);
    EXPECT_TRUE(Names("trash").empty());
    while (::waitpid(-1, nullptr, WNOHANG) > 0) continue;
  }
  // What is in a folder of the store; a folder that is not there is empty.
  std::vector<std::string> Names(const std::string& folder) {
    const Result<sys::Fd> dir = sys::Open(options_.root + "/" + folder, O_RDONLY | O_DIRECTORY);
    if (!dir.ok()) return {};
    Result<std::vector<std::string>> names = sys::ListDir(dir->get(), folder);
    return names.ok() ? *names : std::vector<std::string>{};
  }
  // Nothing that an image would need, and nothing half-made.
  void ExpectStoreIsEmpty() {
    WaitForEmptyTrash();
    for (const char* folder : {"blobs/sha256", "layers", "staging"})
      EXPECT_EQ(Names(folder), std::vector<std::string>()) << folder;
    Engine engine(options_);
    EXPECT_TRUE((*engine.Db())->ListImages()->empty());
  }

  static spec::ImageConfig Config() {
    spec::ImageConfig config;
    config.created = "2024-01-27T00:30:48.624602109Z";
    config.platform = spec::Platform::Host();
    return config;
  }
  // A row as a pull would write it, without any file.
  static state::Image Row(const std::string& id, const std::vector<std::string>& names,
                          const spec::ImageConfig& config = Config()) {
    state::Image image;
    image.id = id;
    image.config = config.Print();
    image.manifest_digest = "sha256:" + std::string(64, id[0]);
    image.manifest_type = std::string(spec::kOciManifest);
    image.created = 1706315448624602109;
    image.names = names;
    for (const std::string& name : names) {
      const Result<spec::Reference> reference = spec::Reference::Parse(name);
      if (reference.ok())
        image.digests.push_back(reference->Repository() + "@" + image.manifest_digest);
    }
    return image;
  }
  static void Put(Engine& engine, const state::Image& image) {
    const Status put = (*engine.Db())->PutImage(image);
    ASSERT_TRUE(put.ok()) << put.error().Message();
  }
  static void PutContainer(Engine& engine, const std::string& id, const std::string& image) {
    state::Container container;
    container.id = id;
    container.name = "c" + id.substr(0, 8);
    container.image_id = image;
    container.labels = "{}";
    container.spec = "{}";
    const Status put = (*engine.Db())->PutContainer(container);
    ASSERT_TRUE(put.ok()) << put.error().Message();
  }

  std::string home_;
  GlobalOptions options_;
};

// A registry on 127.0.0.1 that serves one repository, "app", from memory, and counts requests.
class FakeRegistry {
 public:
  struct Document {
    std::string type, bytes;
  };

  FakeRegistry()
      : server_([this](const std::string& head) { return Answer(head); }) {}

  std::string host() const { return "127.0.0.1:" + std::to_string(server_.port()); }
  std::string name(const std::string& tag = "latest") const { return host() + "/app:" + tag; }

  // "GET blobs/sha256:...", "HEAD manifests/latest", in order; without GET /v2/.
  std::vector<std::string> requests() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return requests_;
  }
  void Forget() {
    const std::lock_guard<std::mutex> lock(mutex_);
    requests_.clear();
  }

  spec::Descriptor AddBlob(std::string_view type, const std::string& bytes) {
    spec::Descriptor descriptor;
    descriptor.media_type = type;
    descriptor.digest = digest::Sha256(bytes);
    descriptor.size = static_cast<int64_t>(bytes.size());
    Set("blobs/" + descriptor.digest.str(), {"application/octet-stream", bytes});
    return descriptor;
  }
  spec::Descriptor AddManifest(std::string_view type, const std::string& bytes,
                               const std::string& tag) {
    spec::Descriptor descriptor = AddBlob(type, bytes);
    for (const std::string& name : {descriptor.digest.str(), tag})
      if (!name.empty()) Set("manifests/" + name, {std::string(type), bytes});
    return descriptor;
  }
  // An image of these tar archives, bottom first, under `tag`.
  struct Image {
    spec::ImageConfig config;
    spec::Manifest manifest;
    spec::Descriptor descriptor;
    std::string id() const { return std::string(manifest.config.digest.hex()); }
  };
  Image AddImage(const std::vector<std::string>& tars, const std::string& tag,
                 spec::ImageConfig config = {}) {
    Image image;
    if (config.platform.os.empty()) config.platform = spec::Platform::Host();
    if (config.created.empty()) config.created = "2024-01-27T00:30:48Z";
    image.manifest.media_type = spec::kOciManifest;
    for (const std::string& tar : tars) {
      image.manifest.layers.push_back(AddBlob(spec::kOciLayer, tar));
      config.diff_ids.push_back(digest::Sha256(tar));
      spec::HistoryEntry entry;
      entry.created_by = "layer";
      config.history.push_back(entry);
    }
    image.config = config;
    image.manifest.config = AddBlob(spec::kOciConfig, config.Print());
    image.descriptor = AddManifest(spec::kOciManifest, image.manifest.Print(), tag);
    return image;
  }

  void Set(const std::string& path, Document document) {
    const std::lock_guard<std::mutex> lock(mutex_);
    documents_[path] = std::move(document);
  }

 private:
  std::string Answer(const std::string& head) {
    const size_t blank = head.find(' ');
    const std::string method = head.substr(0, blank);
    const std::string path = head.substr(blank + 1, head.find(' ', blank + 1) - blank - 1);
    const std::string prefix = "/v2/app/";
    // One connection at a time: it must not be kept.
    const std::string close = "Connection: close\r\n";
    if (!StartsWith(path, prefix)) return http::Reply("200 OK", close, "{}");
    const std::string part = path.substr(prefix.size());
    const std::lock_guard<std::mutex> lock(mutex_);
    requests_.push_back(method + " " + part);
    const auto found = documents_.find(part);
    if (found == documents_.end())
      return http::Reply("404 Not Found", close, R"({"errors":[{"code":"MANIFEST_UNKNOWN"}]})");
    std::string headers = close + "Content-Type: " + found->second.type + "\r\n";
    if (StartsWith(part, "manifests/"))
      headers += "Docker-Content-Digest: " + digest::Sha256(found->second.bytes).str() + "\r\n";
    std::string reply = http::Reply("200 OK", headers, found->second.bytes);
    if (method == "HEAD") reply.resize(reply.size() - found->second.bytes.size());
    return reply;
  }

  std::mutex mutex_;
  std::map<std::string, Document> documents_;
  std::vector<std::string> requests_;
  http::RawServer server_;
};

inline std::string Tar(const std::string& file, const std::string& body) {
  return archive::test::TarBuilder().Dir("./").File(file, body).str();
}

}  // namespace ctool::engine
