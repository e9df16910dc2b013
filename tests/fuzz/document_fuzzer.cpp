// SPDX-License-Identifier: Apache-2.0
//
// Manifests, indexes and image configurations from a stranger, and the runtime configuration. What
// was read can be printed, and read again as the same.
#include "fuzz.hpp"
#include "spec/image.hpp"
#include "spec/runtime.hpp"

using namespace ctool::spec;  // NOLINT: one small program

namespace {

template <class Document>
void Check(std::string_view bytes) {
  const ctool::Result<Document> document = Document::Parse(bytes);
  if (!document.ok()) {
    CHECK(!document.error().Message().empty());
    return;
  }
  const std::string printed = document->Print();
  const ctool::Result<Document> again = Document::Parse(printed);
  CHECK(again.ok());
  CHECK(again->Print() == printed);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = Text(data, size);
  Check<Manifest>(bytes);
  Check<Index>(bytes);
  Check<ImageConfig>(bytes);
  Check<RuntimeSpec>(bytes);
  const ctool::Result<bool> is_index = IsIndex(bytes, "");
  if (is_index.ok() && *is_index) CHECK(!Manifest::Parse(bytes).ok());
  if (is_index.ok() && !*is_index) CHECK(!Index::Parse(bytes).ok());
  const ctool::Result<Index> index = Index::Parse(bytes);
  if (index.ok()) static_cast<void>(index->Select(Platform{"linux", "arm", "v7"}).ok());
  return 0;
}
