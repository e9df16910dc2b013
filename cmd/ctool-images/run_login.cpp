// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <unistd.h>

#include "base/log.hpp"
#include "base/text.hpp"
#include "ctool-images/commands.hpp"
#include "ctool/context.hpp"
#include "sys/file.hpp"
#include "sys/terminal.hpp"

namespace ctool {
namespace {

constexpr size_t kMaxSecret = 64 << 10;

// One line of the standard input, read byte by byte: what follows is somebody else's.
Result<std::string> ReadLine() {
  std::string line;
  for (char c = 0; line.size() < kMaxSecret;) {
    const ssize_t n = ::read(STDIN_FILENO, &c, 1);
    if (n < 0) return Error::Sys(errno, "read", "the standard input");
    if (n == 0 && line.empty()) return Error(Code::kIo, "EOF");
    if (n == 0 || c == '\n') return std::string(Trim(line));
    line += c;
  }
  return Error(Code::kInvalidArgument, "the line is too long");
}

Result<std::string> PasswordFromStdin() {
  std::string text = TRY(sys::ReadAll(STDIN_FILENO, "the standard input", kMaxSecret));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

Status CheckOptions(const LoginCommandOptions& o) {
  if (o.password_stdin && o.password)
    return Error(Code::kInvalidArgument, "Can't specify both --password-stdin and --password");
  if (o.password_stdin && o.username.empty())
    return Error(Code::kInvalidArgument, "Must provide --username with --password-stdin");
  if (!o.fetch.authfile.empty() && !o.compat_auth_file.empty())
    return Error(Code::kInvalidArgument, "--authfile and --compat-auth-file can't be used together");
  return Ok();
}

// What the user says: on the command line, on the standard input, at the terminal.
Result<config::StoredCredentials> Ask(Context& context, const LoginCommandOptions& o, const std::string& known) {
  config::StoredCredentials out;
  out.username = o.username;
  if (out.username.empty()) {
    PrintRaw(context, known.empty() ? "Username: " : "Username (" + Printable(known) + "): ");
    out.username = TRY_CTX("getting username and password: reading username", ReadLine());
    if (out.username.empty()) out.username = known;
  }
  if (o.password_stdin) out.password = TRY(PasswordFromStdin());
  else if (o.password) out.password = *o.password;
  if (out.password.empty())
    out.password = TRY_CTX("getting username and password: reading password", sys::ReadSecret(STDIN_FILENO, "Password: "));
  return out;
}

Error Refused(const std::string& key, Error error) {
  if (error.code() != Code::kPermission) return std::move(error).Wrap("authenticating creds for " + Quote(key));
  return Error(Code::kPermission, "logging into " + Quote(key) + ": invalid username/password");
}

Result<bool> StillGood(Context& context, const LoginCommandOptions& o, const std::string& key,
                       const config::StoredCredentials& kept) {
  if (kept.empty() || !o.username.empty() || o.password || o.password_stdin) return false;
  PrintLine(context, "Authenticating with existing credentials for " + key);
  if (engine::TryLogin(context.engine, key, kept, o.fetch).ok()) {
    PrintLine(context, "Existing credentials are valid. Already logged in to " + key);
    return true;
  }
  PrintLine(context, "Existing credentials are invalid, please enter valid username and password");
  return false;
}

}  // namespace

Result<int> RunLogin(Context& context, const LoginCommandOptions& o) {
  TRY(CheckOptions(o));
  const std::string key = TRY(engine::LoginKey(o.registry));
  const engine::LoginFile file{o.fetch.authfile, o.compat_auth_file};
  engine::FetchOptions where = o.fetch;
  // A file that is to be made has nothing in it.
  const std::string path = TRY(engine::LoginFilePath(file));
  const bool named = !o.fetch.authfile.empty() || !o.compat_auth_file.empty() || ::getenv("REGISTRY_AUTH_FILE") != nullptr;
  where.authfile = named ? path : "";
  config::StoredCredentials kept;
  if (!named || sys::Exists(path)) kept = TRY(engine::KeptLogin(key, where));
  if (o.get_login) {
    if (kept.username.empty()) return Error(Code::kNotFound, "not logged into " + key);
    PrintLine(context, kept.username);
    return 0;
  }
  if (TRY(StillGood(context, o, key, kept))) return 0;
  config::StoredCredentials given = TRY(Ask(context, o, kept.username));
  Status good = engine::TryLogin(context.engine, key, given, o.fetch);
  if (good.ok()) good = engine::KeepLogin(file, key, given);
  else good = Refused(key, std::move(good).error());
  ::explicit_bzero(given.password.data(), given.password.size());
  TRY(std::move(good));
  if (o.verbose) PrintLine(context, "Used:  " + path);
  PrintLine(context, "Login Succeeded!");
  return 0;
}

Result<int> RunLogout(Context& context, const LogoutCommandOptions& o) {
  const engine::LoginFile file{o.authfile, o.compat_auth_file};
  const std::string& named = o.authfile.empty() ? o.compat_auth_file : o.authfile;
  if (!named.empty() && !sys::Exists(named)) return Error::Sys(ENOENT, "checking authfile: stat", named);
  if (o.all) {
    if (!o.registry.empty()) return Error(Code::kInvalidArgument, "--all takes no arguments");
    TRY(engine::ForgetAllLogins(file));
    PrintLine(context, "Removed login credentials for all registries");
    return 0;
  }
  const std::string key = TRY(engine::LoginKey(o.registry));
  if (!TRY(engine::ForgetLogin(file, key))) {
    engine::FetchOptions anywhere;
    anywhere.authfile = named;
    const bool elsewhere = !TRY(engine::KeptLogin(key, anywhere)).empty();
    Error error(Code::kNotFound, "not logged into " + key);
    if (elsewhere) return std::move(error).Hint("the credentials for it are in another file, or kept for a part of the name");
    return error;
  }
  PrintLine(context, "Removed login credentials for " + key);
  return 0;
}

}  // namespace ctool
