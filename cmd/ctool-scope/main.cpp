// SPDX-License-Identifier: Apache-2.0
//
// ctool-scope SOCKET UNIT SLICE: asks the systemd behind SOCKET for a scope, a control group that is delegated to the
// caller. Which processes it begins with comes on stdin, when they are there: a line of pids. Ends with status 0 when
// systemd has moved them, else with the reason on stdout. The monitor starts it beside a container's init, so that what
// libsystemd costs to load, and systemd to answer, is nobody's to wait for.
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

namespace {

constexpr const char* kService = "org.freedesktop.systemd1";
constexpr const char* kPath = "/org/freedesktop/systemd1";
constexpr const char* kManager = "org.freedesktop.systemd1.Manager";
constexpr uint64_t kMostMicros = 10'000'000;  // systemd answers in milliseconds, or has other worries
constexpr uint64_t kMostFreeMicros = 2'000'000;  // for a name to become free that an ended container had

uint64_t Now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

int Fail(const char* what, const char* why) {
  std::printf("%s: %s\n", what, why);
  return 1;
}

// sd-bus has errno, negated.
int Fail(const char* what, int result) { return Fail(what, ::strerrordesc_np(-result)); }

// How the job that systemd has made of our order ends.
struct Job {
  std::string path, result;
  std::vector<std::pair<std::string, std::string>> ended;  // before we knew which one is ours
};

int OnJobRemoved(sd_bus_message* message, void* data, sd_bus_error*) {
  auto* job = static_cast<Job*>(data);
  uint32_t id = 0;
  const char *path = nullptr, *unit = nullptr, *result = nullptr;
  if (sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) >= 0) job->ended.emplace_back(path, result);
  return 0;
}

int Append(sd_bus_message* m, const char* unit, const char* slice, const std::vector<uint32_t>& pids) {
  int r = sd_bus_message_append(m, "ss", unit, "fail");
  if (r >= 0) r = sd_bus_message_open_container(m, 'a', "(sv)");
  if (r >= 0) r = sd_bus_message_append(m, "(sv)", "Description", "s", "ctool container");
  if (r >= 0) r = sd_bus_message_append(m, "(sv)", "Slice", "s", slice);
  if (r >= 0) r = sd_bus_message_append(m, "(sv)", "Delegate", "b", 1);
  // Nothing is left of it, however the container ends.
  if (r >= 0) r = sd_bus_message_append(m, "(sv)", "CollectMode", "s", "inactive-or-failed");
  if (r >= 0) r = sd_bus_message_open_container(m, 'r', "sv");
  if (r >= 0) r = sd_bus_message_append(m, "s", "PIDs");
  if (r >= 0) r = sd_bus_message_open_container(m, 'v', "au");
  if (r >= 0) r = sd_bus_message_append_array(m, 'u', pids.data(), pids.size() * sizeof(uint32_t));
  if (r >= 0) r = sd_bus_message_close_container(m);
  if (r >= 0) r = sd_bus_message_close_container(m);
  if (r >= 0) r = sd_bus_message_close_container(m);
  return r < 0 ? r : sd_bus_message_append(m, "a(sa(sv))", 0);
}

// The pids, in decimal: one line of stdin.
std::vector<uint32_t> ReadPids() {
  std::array<char, 256> text{};
  size_t size = 0;
  // Not to the end: init, a copy of the monitor, has the other end open too.
  while (size < text.size() - 1 && std::strchr(text.data(), '\n') == nullptr) {
    const ssize_t got = ::read(STDIN_FILENO, text.data() + size, text.size() - 1 - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<size_t>(got);
  }
  std::vector<uint32_t> pids;
  char* at = text.data();
  for (char* end = nullptr; const unsigned long pid = std::strtoul(at, &end, 10); at = end) pids.push_back(static_cast<uint32_t>(pid));
  return pids;
}

// The reply to StartTransientUnit: the job's path, or empty with `error`.
std::string Order(sd_bus* bus, const char* unit, const char* slice, const std::vector<uint32_t>& pids, sd_bus_error* error) {
  sd_bus_message *call = nullptr, *reply = nullptr;
  int r = sd_bus_message_new_method_call(bus, &call, kService, kPath, kManager, "StartTransientUnit");
  if (r >= 0) r = Append(call, unit, slice, pids);
  if (r >= 0) r = sd_bus_call(bus, call, kMostMicros, error, &reply);
  const char* path = nullptr;
  if (r >= 0) r = sd_bus_message_read(reply, "o", &path);
  std::string job = r >= 0 ? path : "";
  if (r < 0 && !sd_bus_error_is_set(error)) sd_bus_error_set_errno(error, r);
  sd_bus_message_unref(call);
  sd_bus_message_unref(reply);
  return job;
}

bool Ended(Job& job) {
  for (const auto& [path, result] : job.ended)
    if (path == job.path) job.result = result;
  job.ended.clear();
  return !job.result.empty();
}

int Run(sd_bus* bus, const char* unit, const char* slice) {
  Job job;
  // On a direct connection systemd tells its signals unasked.
  int r = sd_bus_match_signal_async(bus, nullptr, nullptr, kPath, kManager, "JobRemoved", OnJobRemoved, nullptr, &job);
  if (r < 0) return Fail("wait for systemd's jobs", r);
  const std::vector<uint32_t> pids = ReadPids();
  if (pids.empty()) return Fail("read the processes", "there are none");
  const uint64_t deadline = Now() + kMostMicros, freed = Now() + kMostFreeMicros;
  // A unit of this name that has ended is there until systemd has seen its group become empty: of a container that is
  // started again at once.
  for (sd_bus_error error = SD_BUS_ERROR_NULL; (job.path = Order(bus, unit, slice, pids, &error)).empty(); sd_bus_error_free(&error)) {
    constexpr useconds_t kLookAgain = 5000;
    if (!sd_bus_error_has_name(&error, "org.freedesktop.systemd1.UnitExists") || Now() > freed)
      return Fail("start a transient unit", error.message != nullptr ? error.message : error.name);
    ::usleep(kLookAgain);
  }
  while (!Ended(job)) {
    r = sd_bus_process(bus, nullptr);
    if (r < 0) return Fail("hear from systemd", r);
    if (r > 0) continue;
    const uint64_t now = Now();
    if (now > deadline) return Fail("start a transient unit", "systemd does not say that it is done");
    r = sd_bus_wait(bus, deadline - now);
    if (r < 0 && r != -EINTR) return Fail("wait for systemd", r);
  }
  return job.result == "done" ? 0 : Fail("start a transient unit", job.result.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return Fail("usage", "ctool-scope SOCKET UNIT SLICE");
  sd_bus* bus = nullptr;
  // The path may have characters that an address has as %XX.
  std::string address = "unix:path=";
  for (const char* c = argv[1]; *c != '\0'; ++c) {
    std::array<char, 4> escaped{};
    std::snprintf(escaped.data(), escaped.size(), "%%%02x", static_cast<unsigned char>(*c));
    address += escaped.data();
  }
  int r = sd_bus_new(&bus);
  if (r >= 0) r = sd_bus_set_address(bus, address.c_str());
  if (r >= 0) r = sd_bus_start(bus);
  const int status = r < 0 ? Fail("connect to systemd", r) : Run(bus, argv[2], argv[3]);
  std::fflush(stdout);
  sd_bus_unref(bus);
  return status;
}
