// SPDX-License-Identifier: Apache-2.0
//
// Which way a blob is fetched: over one connection, which costs one request and no memory; when that is slow, over
// several; and over one again when several are no quicker, because then it is the network itself that is slow.
#include <algorithm>

#include "base/clock.hpp"
#include "registry/blob_internal.hpp"

namespace ctool::registry {
namespace {

// What is worth several connections: a few segments for each.
constexpr int64_t kWorthwhileSegments = 8;
// How much quicker several have to be to be kept.
constexpr double kGain = 1.25;

// Passes on what comes, and watches how fast it does. The time in the sink is not the network's.
class Meter {
 public:
  explicit Meter(const Client::Sink& sink) : sink_(sink) {}

  Status Take(std::string_view chunk) {
    const int64_t began = MonotonicNanos();
    Status taken = sink_(chunk);
    in_sink_ += MonotonicNanos() - began;
    if (taken.ok()) taken_ += static_cast<int64_t>(chunk.size());
    return taken;
  }

  int64_t taken() const { return taken_; }
  int64_t elapsed() const { return MonotonicNanos() - began_; }
  bool waits_for_sink() const { return in_sink_ > elapsed() / 2; }
  double BytesPerSecond() const { return static_cast<double>(taken_) * 1e9 / static_cast<double>(std::max<int64_t>(elapsed(), 1)); }

 private:
  const Client::Sink& sink_;
  const int64_t began_ = MonotonicNanos();
  int64_t taken_ = 0, in_sink_ = 0;
};

// One blob at a time of a repository has several connections: more would be a burden, and take the memory several times.
class Turn {
 public:
  explicit Turn(std::atomic<bool>& taken) : taken_(taken) {}
  ~Turn() {
    if (mine_) taken_ = false;
  }
  bool Take() { return mine_ = mine_ || !taken_.exchange(true); }

 private:
  std::atomic<bool>& taken_;
  bool mine_ = false;
};

}  // namespace

Status FetchBlob(Transport& transport, const spec::Descriptor& blob, const Client::Sink& sink, Progress* progress) {
  const Client::Options& options = transport.options();
  const int64_t worthwhile = kWorthwhileSegments * options.segment_bytes;
  if (blob.size <= worthwhile) return FetchExtent(transport, blob, {0, blob.size}, sink, progress);
  Turn turn(transport.segments_in_use());
  Meter single(sink);
  bool is_slow = false;
  const Status alone = FetchExtent(transport, blob, {0, blob.size}, [&](std::string_view chunk) -> Status {
    if (is_slow) return Error(Code::kIo, "slow");
    TRY(single.Take(chunk));
    if (single.elapsed() < options.slow_after_ms * 1'000'000 || blob.size - single.taken() < worthwhile) return Ok();
    is_slow = single.BytesPerSecond() < static_cast<double>(options.slow_bytes_per_s) && !single.waits_for_sink() && turn.Take();
    return Ok();
  }, progress);
  if (!is_slow || alone.ok()) return alone;
  const double enough = kGain * single.BytesPerSecond();

  int64_t at = single.taken();
  const auto fetch_segments = [&](int64_t end) -> Result<double> {
    Meter several(sink);
    const Status fetched = FetchSegments(transport, blob, {at, end}, [&](std::string_view chunk) { return several.Take(chunk); }, progress);
    at += several.taken();
    TRY(Status(fetched));
    return several.BytesPerSecond();
  };
  const Result<double> rate = fetch_segments(at + worthwhile);
  if (!rate.ok() && rate.error().code() != Code::kUnsupported) return rate.error();
  if (rate.ok() && *rate >= enough) {
    const Result<double> rest = fetch_segments(blob.size);
    return rest.ok() ? Ok() : Status(rest.error());
  }
  return FetchExtent(transport, blob, {at, blob.size}, sink, progress);
}

}  // namespace ctool::registry
