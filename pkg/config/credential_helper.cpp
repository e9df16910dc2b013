// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "config/auth_internal.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"
#include "sys/memory_file.hpp"

extern char** environ;

namespace ctool::config {
namespace {

constexpr size_t kMaxAnswer = 1 << 20;
// What a helper prints for a server that it does not know (docker-credential-helpers, errors.go).
constexpr std::string_view kNotFound = "credentials not found in native keychain";
// The user name that marks the secret as an identity token.
constexpr std::string_view kTokenUser = "<token>";

// Reads both ends until they are closed; false: the deadline passed or somebody flooded us.
Result<bool> Drain(sys::Fd& out, sys::Fd& err, int timeout_ms, std::string& out_text,
                   std::string& err_text) {
  const int64_t deadline = MonotonicNanos() + timeout_ms * int64_t{1'000'000};
  std::array<char, 4096> chunk;
  const auto take = [&chunk](sys::Fd& from, std::string& to) {
    const ssize_t n = ::read(from.get(), chunk.data(), chunk.size());
    if (n > 0)
      to.append(chunk.data(), static_cast<size_t>(n));
    else if (n == 0 || errno != EINTR)
      from.Reset();
    return to.size() <= kMaxAnswer;
  };
  while (out || err) {
    const int64_t left = (deadline - MonotonicNanos()) / 1'000'000;
    if (left <= 0) return false;
    pollfd polled[2] = {{out.get(), POLLIN, 0}, {err.get(), POLLIN, 0}};
    if (::poll(polled, 2, static_cast<int>(left)) < 0 && errno != EINTR)
      return Error::Sys(errno, "poll");
    if (polled[0].revents != 0 && !take(out, out_text)) return false;
    if (polled[1].revents != 0 && !take(err, err_text)) return false;
  }
  return true;
}

bool IsHelperName(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

}  // namespace

Result<CredentialHelper> CredentialHelper::Find(const std::string& name) {
  if (!IsHelperName(name))
    return Error(Code::kInvalidArgument, "credential helper " + Quote(name) +
                                             ": the name may only have a-z, 0-9, '.', '_' and '-'");
  const std::string program = "docker-credential-" + name;
  Result<std::string> path = sys::FindProgram(program, sys::ProgramPath());
  if (!path.ok())
    return Error(Code::kNotFound, "credential helper '" + program + "' is not installed")
        .Hint("install it, or remove it from the auth file's credHelpers or credsStore");
  return CredentialHelper(std::move(path).value());
}

Result<CredentialHelper::Answer> CredentialHelper::Run(const std::string& verb,
                                                       const std::string& input) const {
  const sys::Fd in = TRY(sys::MemoryFile("credential-request", input));
  int out[2], err[2];
  if (::pipe2(out, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
  sys::Fd out_read(out[0]), out_write(out[1]);
  if (::pipe2(err, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
  sys::Fd err_read(err[0]), err_write(err[1]);
  sys::SpawnOptions options;
  options.argv = {path_, verb};
  for (char** entry = environ; *entry != nullptr; ++entry) options.env.emplace_back(*entry);
  options.fds = {{in.get(), 0}, {out_write.get(), 1}, {err_write.get(), 2}};
  sys::Child child = TRY(sys::Spawn(options));
  out_write.Reset();
  err_write.Reset();
  Answer answer;
  std::string complaint;
  // On any of these ways out the child is killed by its destructor.
  if (!TRY(Drain(out_read, err_read, timeout_ms_, answer.text, complaint)))
    return Error(Code::kIo, "credential helper '" + path_ + "' did not finish within " +
                                std::to_string(timeout_ms_ / 1000) + " s and 1 MiB");
  const sys::ExitStatus status = TRY(child.Wait());
  answer.found = status.ok();
  if (status.ok()) return answer;
  const std::string_view said = Trim(answer.text);
  if (said.find(kNotFound) != std::string_view::npos) return Answer{};
  const std::string_view why = said.empty() ? Trim(complaint) : said;
  return Error(Code::kIo, "credential helper '" + path_ + " " + verb + "' " + status.Describe() +
                              (why.empty() ? "" : ": " + Printable(why.substr(0, 200))));
}

Result<StoredCredentials> CredentialHelper::Get(const std::string& server) const {
  const Answer answer = TRY(Run("get", server));
  StoredCredentials found;
  if (!answer.found) return found;
  const nlohmann::json document = nlohmann::json::parse(answer.text, nullptr, false);
  const auto member = [&document](const char* key) {
    const auto at = document.find(key);
    return at != document.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  if (!document.is_object() || member("Secret").empty())
    return Error(Code::kCorrupt, "credential helper '" + path_ +
                                     "' did not answer with an object "
                                     "that has a Secret");
  if (member("Username") == kTokenUser) {
    found.identity_token = member("Secret");
  } else {
    found.username = member("Username");
    found.password = member("Secret");
  }
  return found;
}

Status CredentialHelper::Store(const std::string& server, const std::string& username,
                               const std::string& password) const {
  const nlohmann::json request = {
      {"ServerURL", server}, {"Username", username}, {"Secret", password}};
  const Answer answer =
      TRY(Run("store", request.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
  if (!answer.found)
    return Error(Code::kIo, "credential helper '" + path_ + "' did not store the credentials");
  return Ok();
}

Result<bool> CredentialHelper::Erase(const std::string& server) const {
  const Answer answer = TRY(Run("erase", server));
  return answer.found;
}

}  // namespace ctool::config
