// SPDX-License-Identifier: Apache-2.0
//
// Instructions of one text: MAINTAINER, STOPSIGNAL, USER, WORKDIR; and EXPOSE.
#include <utility>

#include "base/text.hpp"
#include "build/characters_internal.hpp"
#include "build/flags_internal.hpp"
#include "build/instruction_internal.hpp"
#include "build/words_internal.hpp"

namespace ctool::build {
namespace {

Result<std::string> OneText(Request& request) {
  TRY(Flags::Check(request, {}));
  if (request.arguments.empty()) return NeedsExactlyOne(request);
  return std::string(request.arguments);
}

// [HOST:]PORT[-PORT][/PROTOCOL] without variables.
void CheckPort(const Request& request, std::string_view port) {
  if (port.find('$') != std::string_view::npos) return;
  const size_t slash = port.find('/');
  const std::string_view protocol = slash == std::string_view::npos ? "" : port.substr(slash + 1);
  if (protocol != ToLower(protocol))
    request.Warn("ExposeProtoCasing", port, "protocol in EXPOSE " + Quote(port) + " should be in lower case");
  if (port.substr(0, slash).find(':') != std::string_view::npos)
    request.Warn("ExposeInvalidFormat", port, "EXPOSE takes no host address or port: " + Quote(port));
}

}  // namespace

Result<Body> ReadMaintainer(Request& request) {
  std::string name = TRY(OneText(request));
  request.Warn("MaintainerDeprecated", request.keyword,
               "MAINTAINER is deprecated, use LABEL org.opencontainers.image.authors=");
  return Body(Maintainer{std::move(name)});
}

Result<Body> ReadStopSignal(Request& request) { return Body(StopSignal{TRY(OneText(request))}); }

Result<Body> ReadUser(Request& request) { return Body(User{TRY(OneText(request))}); }

Result<Body> ReadWorkdir(Request& request) { return Body(Workdir{TRY(OneText(request))}); }

Result<Body> ReadExpose(Request& request) {
  TRY(Flags::Check(request, {}));
  Expose expose;
  for (const std::string_view port : BlankSeparated(request.arguments)) {
    CheckPort(request, port);
    expose.ports.emplace_back(port);
  }
  if (expose.ports.empty()) return NeedsOne(request);
  return Body(std::move(expose));
}

}  // namespace ctool::build
