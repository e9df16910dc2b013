// SPDX-License-Identifier: Apache-2.0
#include "engine/stream_events.hpp"

#include <poll.h>

#include <algorithm>

#include "base/clock.hpp"
#include "sys/file.hpp"
#include "sys/watch.hpp"

namespace ctool::engine {
namespace {

// Until something changes in the log's folder, or it is `until`.
Status Await(sys::FolderWatch& watch, const std::optional<int64_t>& until) {
  constexpr int64_t kHour = 3'600'000;
  int timeout = -1;
  if (until) timeout = static_cast<int>(std::clamp<int64_t>((*until - WallNanos()) / 1'000'000 + 1, 0, kHour));
  pollfd polled{watch.fd(), POLLIN, 0};
  if (::poll(&polled, 1, timeout) < 0 && errno != EINTR) return Error::Sys(errno, "poll");
  watch.Drain();
  return Ok();
}

}  // namespace

Status StreamEvents(Engine& engine, const EventsOptions& options, const EventSink& sink) {
  const events::Filter filter = TRY(events::Filter::Parse(options.filters));
  const std::string log = TRY(engine.EventsLog());
  if (log.empty()) return Error(Code::kInvalidArgument, R"(cannot read events with the "none" backend)");
  std::optional<sys::FolderWatch> watch;
  if (options.stream) {
    const std::string folder = log.substr(0, log.rfind('/'));
    const sys::Fd made = TRY(sys::OpenPrivateDir(folder));
    watch = TRY(sys::FolderWatch::New());
    TRY(watch->Add(folder));
  }
  events::Reader reader(log);
  if (options.stream && !options.since && !options.until) TRY(reader.SkipToEnd());
  for (;;) {
    // Asked first: what was told before that time is read after it.
    const bool late = !options.stream || (options.until && WallNanos() >= *options.until);
    for (const events::Event& event : TRY(reader.Read())) {
      const bool in_time = (!options.since || event.time > *options.since) && (!options.until || event.time < *options.until);
      if (in_time && filter.Matches(event) && !TRY(sink(event))) return Ok();
    }
    if (late) return Ok();
    TRY(Await(*watch, options.until));
  }
}

}  // namespace ctool::engine
