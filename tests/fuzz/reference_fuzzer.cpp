// SPDX-License-Identifier: Apache-2.0
//
// Names of images, as a user types them or a registry's answers hold them. What was understood can
// be printed and understood again, and has nothing in it that would leave a URL's path.
#include "fuzz.hpp"
#include "spec/platform.hpp"
#include "spec/reference.hpp"

using ctool::Result;
using ctool::spec::Reference;

namespace {

void Check(const Result<Reference>& parsed) {
  if (!parsed.ok()) {
    CHECK(!parsed.error().Message().empty());
    return;
  }
  CHECK(!parsed->domain.empty() && !parsed->path.empty());
  CHECK(parsed->path.find("..") == std::string::npos && parsed->path.find("//") == std::string::npos);
  CHECK(parsed->path.find_first_of("?#%@:\\ ") == std::string::npos && parsed->path.front() != '/');
  CHECK(!parsed->TagOrDigest().empty());
  const Result<Reference> again = Reference::Parse(parsed->Name());
  CHECK(again.ok() && *again == *parsed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = Text(data, size);
  const Result<Reference> plain = Reference::Parse(text);
  Check(plain);
  Check(Reference::ParseWithDomain(text, "docker.io"));
  Check(Reference::ParseWithDomain(text, "localhost:5000"));
  if (ctool::spec::IsShortName(text)) CHECK(!plain.ok());
  const Result<ctool::spec::Digest> digest = ctool::spec::Digest::Parse(text);
  if (digest.ok()) CHECK(digest->str() == text);
  const Result<ctool::spec::Platform> platform = ctool::spec::Platform::Parse(text);
  if (platform.ok()) {
    const Result<ctool::spec::Platform> again = ctool::spec::Platform::Parse(platform->Print());
    CHECK(again.ok() && *again == *platform);
  }
  return 0;
}
