// SPDX-License-Identifier: Apache-2.0
//
// Blobs that come slowly are fetched over several connections, where that helps.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "fault_registry.hpp"
#include "registry/client.hpp"
#include "spec/image.hpp"

namespace ctool::registry {
namespace {

constexpr size_t kLayerBytes = 6 << 20;

class SegmentsTest : public testing::Test {
 protected:
  // A layer that does not get smaller by compression.
  SegmentsTest() {
    std::string bytes(kLayerBytes, '\0');
    uint32_t x = 1;
    for (char& c : bytes) c = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
    CHECK(sys::WriteFileAtomic(dir_.path() + "/layer", bytes, 0600, sys::Durability::kNone).ok());
    registry_.emplace(std::vector<std::string>{"--layer", dir_.path() + "/layer"});
  }

  Status Fetch(const std::string& repository, const Client::Sink& sink = {}, int64_t slow = 8 << 20) {
    Endpoint endpoint;
    endpoint.host = registry_->host();
    endpoint.repository = repository;
    endpoint.allow_http = true;
    Client::Options options;
    options.retry_delay_ms = 1;
    options.slow_bytes_per_s = slow;
    options.slow_after_ms = 400;
    options.segment_bytes = 128 << 10;
    const std::unique_ptr<Client> client = TRY(Client::Connect(endpoint, options));
    const spec::Manifest manifest = TRY(spec::Manifest::Parse(TRY(client->GetManifest("latest")).bytes));
    digest::Hasher hasher;
    Progress progress;
    TRY(client->GetBlob(manifest.layers.at(0), [&](std::string_view chunk) {
      hasher.Update(chunk);
      return sink ? sink(chunk) : Ok();
    }, &progress));
    EXPECT_EQ(progress.received, manifest.layers.at(0).size);
    EXPECT_EQ(hasher.Finish(), manifest.layers.at(0).digest);
    return Ok();
  }

  // The Range header of each request for the layer; "" for one without.
  std::vector<std::string> Ranges(const std::string& repository) const {
    std::vector<std::string> ranges;
    for (const std::string& line : registry_->Requests("/v2/" + repository + "/blobs/")) {
      const nlohmann::json range = nlohmann::json::parse(line).at("range");
      ranges.push_back(range.is_string() ? range.get<std::string>() : "");
    }
    return ranges;
  }

  TestDir dir_;
  std::optional<FaultRegistry> registry_;
};

bool IsSegment(const std::string& range) { return !range.empty() && range.back() != '-'; }

TEST_F(SegmentsTest, OneRequestWhenItIsQuick) {
  ASSERT_TRUE(Fetch("ok/1", {}, 1).ok());
  EXPECT_EQ(Ranges("ok/1"), std::vector<std::string>{""});
}

// Rates are compared: on a machine that is busy with other things one try may mislead.
constexpr int kTries = 4;

TEST_F(SegmentsTest, SeveralWhenAConnectionIsSlow) {
  std::vector<std::string> ranges;
  for (int i = 0; i < kTries && ranges.size() < 24; ++i) {
    const std::string repository = "slow-connection/" + std::to_string(i);
    const Status fetched = Fetch(repository);
    ASSERT_TRUE(fetched.ok()) << fetched.error().Message();
    ranges = Ranges(repository);
  }
  // The first one, and the last segment, which has no end but the blob's.
  EXPECT_EQ(ranges.at(0), "");
  EXPECT_GT(ranges.size(), 24u);
  EXPECT_EQ(std::count_if(ranges.begin(), ranges.end(), IsSegment), static_cast<ptrdiff_t>(ranges.size()) - 2);
}

TEST_F(SegmentsTest, OneAgainWhenTheNetworkIsSlow) {
  std::vector<std::string> ranges;
  for (int i = 0; i < kTries && ranges.size() != 10; ++i) {
    const std::string repository = "slow-network/" + std::to_string(i);
    const Status fetched = Fetch(repository);
    ASSERT_TRUE(fetched.ok()) << fetched.error().Message();
    ranges = Ranges(repository);
  }
  EXPECT_EQ(ranges.size(), 10u);  // the first one, the trial, the rest
  EXPECT_EQ(std::count_if(ranges.begin(), ranges.end(), IsSegment), 8);
  EXPECT_EQ(ranges.back().back(), '-');
}

TEST_F(SegmentsTest, OneAgainWhenTheRegistryHasNoParts) {
  const Status fetched = Fetch("slow-whole/1");
  ASSERT_TRUE(fetched.ok()) << fetched.error().Message();
  EXPECT_EQ(Ranges("slow-whole/1").back().back(), '-');
}

TEST_F(SegmentsTest, WhoStopsIsNotMadeToWait) {
  int64_t taken = 0;
  const Status fetched = Fetch("slow-connection/2", [&taken](std::string_view chunk) -> Status {
    taken += static_cast<int64_t>(chunk.size());
    if (taken > static_cast<int64_t>(kLayerBytes) / 3) return Error(Code::kIo, "no space left");
    return Ok();
  });
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().Message(), "no space left");
}

}  // namespace
}  // namespace ctool::registry
