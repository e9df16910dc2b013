// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "fault_registry.hpp"

namespace ctool::registry {
namespace {

using Clock = std::chrono::steady_clock;

std::string Noise(size_t size) {
  std::string out(size, '\0');
  uint64_t x = 88172645463325252ULL;
  for (char& c : out) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    c = static_cast<char>(x >> 32);
  }
  return out;
}

class UploadTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { registry_ = new FaultRegistry(); }
  static void TearDownTestSuite() {
    delete registry_;
    registry_ = nullptr;
  }

  // A repository of this test's own.
  std::string Repository(const std::string& fault) const {
    return fault + "/" + ToLower(testing::UnitTest::GetInstance()->current_test_info()->name());
  }
  std::unique_ptr<Client> Connect(const std::string& fault, const std::vector<std::string>& mount_from = {}) {
    Endpoint endpoint;
    endpoint.host = registry_->host();
    endpoint.repository = Repository(fault);
    endpoint.allow_http = true;
    endpoint.credentials = credentials_;
    return ConnectTo(std::move(endpoint), mount_from);
  }
  std::unique_ptr<Client> ConnectTo(Endpoint endpoint, const std::vector<std::string>& mount_from = {}) {
    Client::Options options;
    options.retry_delay_ms = 1;
    options.stall_timeout_s = 1;
    options.push = true;
    options.mount_from = mount_from;
    options.cancel = &cancel_;
    auto client = Client::Connect(std::move(endpoint), std::move(options));
    CHECK(client.ok());
    return std::move(client).value();
  }

  static BlobUpload Blob(const std::string& bytes) {
    BlobUpload blob;
    blob.digest = digest::Sha256(bytes);
    blob.size = static_cast<int64_t>(bytes.size());
    blob.read = [&bytes](int64_t offset, std::span<char> into) -> Result<size_t> {
      return bytes.copy(into.data(), into.size(), std::min(static_cast<size_t>(offset), bytes.size()));
    };
    return blob;
  }
  // Digest and size are only known at the end.
  static BlobUpload Stream(const std::string& bytes) {
    BlobUpload blob = Blob(bytes);
    blob.finish = [digest = blob.digest, size = blob.size]() -> Result<spec::Descriptor> {
      spec::Descriptor out;
      out.digest = digest;
      out.size = size;
      return out;
    };
    blob.digest = {};
    blob.size = -1;
    return blob;
  }

  // "" or what went wrong.
  static std::string Text(const Result<BlobSent>& sent) {
    if (sent.ok()) return "";
    return sent.error().Message() + (sent.error().hint().empty() ? "" : " | " + sent.error().hint());
  }
  std::string Send(const std::string& fault, const std::string& bytes) {
    Progress progress;
    const std::unique_ptr<Client> client = Connect(fault);
    const Result<BlobSent> sent = client->PutBlob(Blob(bytes), &progress);
    if (sent.ok()) {
      EXPECT_EQ(progress.received, static_cast<int64_t>(bytes.size()));
    }
    if (sent.ok()) {
      EXPECT_TRUE(client->HasBlob(digest::Sha256(bytes)).value()) << "not there";
    }
    return Text(sent);
  }
  std::string SendStream(const std::string& fault, const std::string& bytes) {
    const std::unique_ptr<Client> client = Connect(fault);
    const Result<BlobSent> sent = client->PutBlob(Stream(bytes), nullptr);
    if (sent.ok()) {
      EXPECT_TRUE(client->HasBlob(digest::Sha256(bytes)).value()) << "not there";
    }
    return Text(sent);
  }
  std::vector<std::string> Requests(const std::string& method) const {
    std::vector<std::string> out;
    const std::string own = ToLower(testing::UnitTest::GetInstance()->current_test_info()->name()) + "/";
    for (const std::string& line : registry_->Requests("\"" + method + "\""))
      if (line.find(own) != std::string::npos) out.push_back(line);
    return out;
  }

  static FaultRegistry* registry_;
  Credentials credentials_;
  std::atomic<bool> cancel_{false};
};
FaultRegistry* UploadTest::registry_ = nullptr;

#define EXPECT_HAS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(UploadTest, OneRequestForTheBytes) {
  const std::string bytes = Noise(300'000);
  EXPECT_EQ(Send("upload", bytes), "");
  EXPECT_EQ(Requests("POST").size(), 1u);
  EXPECT_EQ(Requests("PUT").size(), 1u);
  EXPECT_EQ(Requests("PATCH").size(), 0u);
  EXPECT_EQ(*Connect("upload")->PutBlob(Blob(bytes), nullptr), BlobSent::kPresent);
  EXPECT_EQ(Requests("POST").size(), 1u) << "it was there";
}

TEST_F(UploadTest, AnEmptyBlob) { EXPECT_EQ(Send("upload", ""), ""); }

TEST_F(UploadTest, AStream) {
  EXPECT_EQ(SendStream("upload", Noise(300'000)), "");
  EXPECT_EQ(Requests("PATCH").size(), 1u);
  EXPECT_EQ(Requests("PUT").size(), 1u);
}

TEST_F(UploadTest, GoesOnWhereItWas) {
  for (const char* fault : {"upload-reset-once", "upload-truncate-once"}) {
    EXPECT_EQ(Send(fault, Noise(5'000'000)), "") << fault;
    EXPECT_EQ(registry_->Requests(Repository(fault) + "/blobs/uploads/s").size(), 4u) << "PUT, GET, PATCH, PUT";
  }
}

TEST_F(UploadTest, AStreamGoesOnWhereItWas) {
  EXPECT_EQ(SendStream("upload-reset-once", Noise(5'000'000)), "");
  EXPECT_EQ(Requests("POST").size(), 1u);
}

TEST_F(UploadTest, BeginsAnewWhenItWasForgotten) {
  EXPECT_EQ(Send("upload-forget-once", Noise(5'000'000)), "");
  EXPECT_EQ(Requests("POST").size(), 2u);
  EXPECT_EQ(Send("upload-416-once", Noise(300'000)), "");
}

TEST_F(UploadTest, GivesUpAfterSomeTries) {
  EXPECT_HAS(Send("upload-reset", Noise(5'000'000)), "writing blob sha256:");
  EXPECT_EQ(Requests("PUT").size(), 4u);
}

TEST_F(UploadTest, AStallEnds) {
  const auto begin = Clock::now();
  EXPECT_HAS(Send("upload-stall", Noise(30'000'000)), "for 1 s");
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(20));
}

TEST_F(UploadTest, NoAnswerEnds) {
  const auto begin = Clock::now();
  EXPECT_HAS(Send("upload-no-answer", Noise(1000)), "for 5 s");
  EXPECT_GT(Clock::now() - begin, std::chrono::seconds(5)) << "a registry needs time to store it";
}

TEST_F(UploadTest, CanBeCancelled) {
  const std::unique_ptr<Client> client = Connect("upload-stall");
  std::thread canceller([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    cancel_ = true;
  });
  const auto begin = Clock::now();
  const std::string bytes = Noise(30'000'000);
  EXPECT_HAS(Text(client->PutBlob(Blob(bytes), nullptr)), "interrupted");
  canceller.join();
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(2));
}

TEST_F(UploadTest, TriesAgainWhenItIsBusy) {
  EXPECT_EQ(Send("upload-429", Noise(3000)), "");
  EXPECT_EQ(Send("upload-503", Noise(3000)), "");
  EXPECT_EQ(SendStream("upload-503", Noise(4000)), "");
}

TEST_F(UploadTest, ATokenThatExpiresOnTheWay) {
  EXPECT_EQ(Send("upload-token", Noise(300'000)), "");
  EXPECT_EQ(SendStream("upload-token", Noise(300'001)), "");
  bool asked = false;
  for (const std::string& line : registry_->Requests("/token/" + Repository("upload-token")))
    asked |= line.find("%3apull%2cpush") != std::string::npos || line.find(":pull,push") != std::string::npos;
  EXPECT_TRUE(asked) << "the scope";
}

TEST_F(UploadTest, APassword) {
  EXPECT_HAS(Send("upload-auth", Noise(3000)), "unauthorized");
  credentials_ = {"user", "secret", ""};
  EXPECT_EQ(Send("upload-auth", Noise(3000)), "");
}

TEST_F(UploadTest, WhatARegistryRefuses) {
  EXPECT_HAS(Send("upload-denied", Noise(3000)), "denied: requested access to the resource is denied | ");
  EXPECT_HAS(Send("upload-readonly", Noise(3000)), "takes no uploads (405)");
  EXPECT_HAS(Send("upload-413", Noise(3000)), "too large for");
  EXPECT_HAS(Send("upload-507", Noise(3000)), "is full (507): no space left on device");
  EXPECT_HAS(Send("upload-post-200", Noise(3000)), "HTTP status 200");
}

TEST_F(UploadTest, LocationsThatAreNone) {
  EXPECT_HAS(Send("upload-no-location", Noise(3000)), "no Location");
  EXPECT_HAS(Send("upload-ftp", Noise(3000)), "refusing the location");
  EXPECT_HAS(Send("upload-file", Noise(3000)), "refusing the location");
  EXPECT_HAS(Send("upload-user", Noise(3000)), "refusing the location");
  EXPECT_HAS(Send("upload-link-local", Noise(3000)), "refusing to connect to a link-local");
  EXPECT_HAS(Send("upload-garbage", Noise(3000)), "invalid URL");
}

TEST_F(UploadTest, ARelativeLocation) { EXPECT_EQ(Send("upload-relative", Noise(3000)), ""); }

TEST_F(UploadTest, AnotherHostGetsNoCredentials) {
  credentials_ = {"user", "secret", ""};
  const std::unique_ptr<Client> client = Connect("upload-other-host");
  const std::string bytes = Noise(3000);
  EXPECT_EQ(Text(client->PutBlob(Blob(bytes), nullptr)), "");
  const std::vector<std::string> there = registry_->Requests("\"other\"");
  ASSERT_EQ(there.size(), 1u);
  EXPECT_HAS(there[0], "\"auth\": null");
}

TEST_F(UploadTest, ARegistryThatLies) {
  EXPECT_HAS(Send("upload-lie-blob", Noise(3000)), "digest mismatch");
  EXPECT_HAS(SendStream("upload-short", Noise(3000)), "\"0-10\" of 3000 bytes");
}

TEST_F(UploadTest, Mounts) {
  const std::string bytes = Noise(3000);
  const std::string source = "upload/mounts-source";
  Endpoint endpoint;
  endpoint.host = registry_->host();
  endpoint.repository = source;
  endpoint.allow_http = true;
  ASSERT_EQ(Text(ConnectTo(endpoint)->PutBlob(Blob(bytes), nullptr)), "");
  const auto mount = [&](const std::string& fault, const std::string& from) {
    BlobUpload blob = Blob(bytes);
    blob.mount_from = {from};
    return Connect(fault, {from})->PutBlob(blob, nullptr);
  };
  EXPECT_EQ(*mount("upload-mount", "upload/other"), BlobSent::kUploaded) << "it is not there";
  EXPECT_EQ(*mount("upload", source), BlobSent::kUploaded) << "the registry does not mount";
  EXPECT_EQ(*mount("upload-mount-403", source), BlobSent::kUploaded) << "mounting is forbidden";
  endpoint.repository = "upload-mount/mounted";
  BlobUpload blob = Blob(bytes);
  blob.mount_from = {source};
  EXPECT_EQ(*ConnectTo(endpoint, {source})->PutBlob(blob, nullptr), BlobSent::kMounted);
}

TEST_F(UploadTest, PutsManifests) {
  const std::string bytes = R"({"schemaVersion":2,"layers":[]})";
  const auto put = [&](const std::string& fault) {
    const Status done = Connect(fault)->PutManifest("v1", std::string(spec::kOciManifest), bytes);
    return done.ok() ? std::string() : done.error().Message();
  };
  EXPECT_EQ(put("upload"), "");
  EXPECT_EQ(put("upload-503-manifest"), "");
  EXPECT_EQ(put("upload-token"), "");
  EXPECT_HAS(put("upload-manifest-denied"), "denied: tag is immutable");
  EXPECT_HAS(put("upload-manifest-400"), "manifest \\x1b[31minvalid");
  EXPECT_HAS(put("upload-lie-manifest"), "digest mismatch");
  EXPECT_FALSE(Connect("upload")->PutManifest("../x", "t", bytes).ok());
}

TEST_F(UploadTest, AReaderThatFails) {
  BlobUpload blob;
  blob.digest = digest::Sha256("x");
  blob.size = 1000;
  blob.read = [](int64_t, std::span<char>) -> Result<size_t> { return Error(Code::kIo, "no such bytes"); };
  EXPECT_HAS(Text(Connect("upload")->PutBlob(blob, nullptr)), "no such bytes");
  EXPECT_EQ(Requests("POST").size(), 1u) << "that is not tried again";
}

}  // namespace
}  // namespace ctool::registry
