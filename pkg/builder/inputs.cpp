// SPDX-License-Identifier: Apache-2.0
#include "builder/inputs.hpp"

#include <unistd.h>

#include <cstdlib>

#include "base/text.hpp"
#include "spec/reference.hpp"
#include "sys/file.hpp"

namespace ctool::builder {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

void AddArgument(const std::string& text, build::Variables& into) {
  const size_t equals = text.find('=');
  if (equals != std::string::npos) {
    into[text.substr(0, equals)] = text.substr(equals + 1);
  } else if (const char* value = std::getenv(text.c_str())) {
    into[text] = value;
  }
}

}  // namespace

Result<build::Variables> BuildArguments(const BuildOptions& options) {
  build::Variables arguments;
  for (const std::string& file : options.build_arg_files) {
    const std::string text = TRY(sys::ReadFile(file));
    for (const std::string& line : Split(text, '\n')) {
      const std::string trimmed(Trim(line));
      if (!trimmed.empty() && trimmed[0] != '#') AddArgument(trimmed, arguments);
    }
  }
  for (const std::string& text : options.build_args) AddArgument(text, arguments);
  if (!options.run.http_proxy) return arguments;
  // As docker and podman do: the caller's proxies are those of its RUNs.
  for (const char* name : {"http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY"})
    if (const char* value = std::getenv(name); value != nullptr && arguments.count(name) == 0) arguments[name] = value;
  return arguments;
}

Result<Times> TimesOf(const BuildOptions& options) {
  Times times;
  if (options.timestamp) {
    times.created = *options.timestamp * kSecond;
    times.files = *options.timestamp;
    return times;
  }
  std::optional<int64_t> epoch = options.source_date_epoch;
  const char* variable = std::getenv("SOURCE_DATE_EPOCH");
  if (!epoch && variable != nullptr && *variable != '\0') {
    epoch = ParseInt(variable);
    if (!epoch) return Error(Code::kInvalidArgument, "SOURCE_DATE_EPOCH=" + Printable(variable) + ": wanted seconds since 1970");
  }
  if (epoch && *epoch < 0) return Error(Code::kInvalidArgument, "a source date epoch before 1970");
  if (options.rewrite_timestamp && !epoch) return Error(Code::kInvalidArgument, "--rewrite-timestamp needs --source-date-epoch, or SOURCE_DATE_EPOCH in the environment");
  if (!epoch) return times;
  times.created = *epoch * kSecond;
  if (options.rewrite_timestamp) times.files = *epoch;
  times.clamp = true;
  return times;
}

Result<std::vector<std::string>> NamesOf(const BuildOptions& options) {
  std::vector<std::string> names;
  for (const std::string& tag : options.tags) {
    const spec::Reference parsed = TRY_CTX("tag " + Quote(tag), spec::Reference::ParseWithDomain(tag, "localhost"));
    if (!parsed.digest.empty()) return Error(Code::kInvalidArgument, "tag " + Quote(tag) + ": a digest can't be chosen");
    names.push_back(parsed.Name());
  }
  return names;
}

size_t JobsOf(const BuildOptions& options) {
  constexpr size_t kNoLimit = 1000;
  if (options.jobs) return *options.jobs <= 0 ? kNoLimit : static_cast<size_t>(*options.jobs);
  const int64_t processors = ::sysconf(_SC_NPROCESSORS_ONLN);
  return processors < 1 ? 1 : static_cast<size_t>(processors);
}

bool NamesTransport(const std::string& where) {
  for (const char* transport : {"oci-archive:", "docker-archive:", "oci:", "dir:"})
    if (StartsWith(where, transport)) return true;
  return false;
}

Result<std::vector<NamedContext>> NamedContextsOf(const BuildOptions& options) {
  std::vector<NamedContext> contexts;
  for (const std::string& text : options.build_contexts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0) return Error(Code::kInvalidArgument, "--build-context " + Quote(text) + ": wanted NAME=WHERE");
    NamedContext context{text.substr(0, equals), text.substr(equals + 1)};
    for (const char* prefix : {"docker-image://", "container-image://", "docker://"}) {
      if (!StartsWith(context.where, prefix)) continue;
      context.where.erase(0, std::string_view(prefix).size());
      context.image = true;
      break;
    }
    context.image |= NamesTransport(context.where);
    contexts.push_back(std::move(context));
  }
  return contexts;
}

}  // namespace ctool::builder
