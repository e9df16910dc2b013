// SPDX-License-Identifier: Apache-2.0
#include "transport/image_name.hpp"

#include <array>

#include "base/text.hpp"

namespace ctool::transport {
namespace {

struct Prefix {
  std::string_view text;
  Kind kind;
  bool path;
};
constexpr std::array<Prefix, 6> kPrefixes = {{{"docker://", Kind::kDocker, false},
                                              {"oci-archive:", Kind::kOciArchive, true},
                                              {"docker-archive:", Kind::kDockerArchive, true},
                                              {"oci:", Kind::kOci, true},
                                              {"dir:", Kind::kDir, true},
                                              {"containers-storage:", Kind::kContainersStorage, false}}};

const Prefix& PrefixOf(Kind kind) {
  for (const Prefix& prefix : kPrefixes)
    if (prefix.kind == kind) return prefix;
  return kPrefixes.front();
}

// "PATH", "PATH:NAME", "PATH:@3". A folder of dir: may have colons in its name.
Status ParseDetails(std::string_view details, ImageName& out) {
  const size_t colon = out.kind == Kind::kDir ? std::string_view::npos : details.find(':');
  out.path = std::string(details.substr(0, colon));
  if (out.path.empty()) return Error(Code::kInvalidArgument, "no path in it");
  if (colon == std::string_view::npos) return Ok();
  const std::string_view rest = details.substr(colon + 1);
  if (!StartsWith(rest, "@")) {
    out.reference = std::string(rest);
    return Ok();
  }
  const std::optional<uint64_t> index = ParseUint(rest.substr(1));
  if (!index) return Error(Code::kInvalidArgument, "what follows @ is no index of an image");
  out.index = *index;
  return Ok();
}

}  // namespace

std::string ImageName::Print() const {
  std::string out(PrefixOf(kind).text);
  out += path;
  if (index) return out + ":@" + std::to_string(*index);
  if (!path.empty() && !reference.empty()) out += ":";
  return out + reference;
}

Result<std::optional<ImageName>> ImageName::Parse(std::string_view text) {
  if (StartsWith(text, "docker-daemon:"))
    return Error(Code::kUnsupported, Quote(text) + ": there is no Docker daemon to ask")
        .Hint("`docker save IMAGE | ctool load` brings it over");
  for (const std::string_view unsupported : {"ostree:", "sif:", "tarball:", "atomic:"})
    if (StartsWith(text, unsupported))
      return Error(Code::kUnsupported, Quote(text) + ": the transport \"" + std::string(unsupported) +
                                           "\" is not supported");
  for (const Prefix& prefix : kPrefixes) {
    if (!StartsWith(text, prefix.text)) continue;
    ImageName out;
    out.kind = prefix.kind;
    const std::string_view details = text.substr(prefix.text.size());
    if (prefix.path) TRY_CTX("invalid image name " + Quote(text), ParseDetails(details, out));
    else out.reference = std::string(details);
    return std::optional<ImageName>(std::move(out));
  }
  return std::optional<ImageName>();
}

}  // namespace ctool::transport
