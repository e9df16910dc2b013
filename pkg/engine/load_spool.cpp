// SPDX-License-Identifier: Apache-2.0
#include "engine/load_spool_internal.hpp"

namespace ctool::engine {

Result<spec::Digest> StoreSpool::Keep(archive::Source& bytes, int64_t size) {
  constexpr size_t kChunk = 256 << 10;
  const std::unique_ptr<storage::Store::BlobWriter> blob = TRY(store_.NewBlob({}));
  std::string chunk(kChunk, '\0');
  for (;;) {
    const size_t n = TRY(bytes.Read({chunk.data(), chunk.size()}));
    if (n == 0) break;
    TRY(blob->Write({chunk.data(), n}));
  }
  if (blob->size() != size) return Error(Code::kCorrupt, "truncated");
  TRY(blob->Commit());
  adder_.Know(blob->digest(), size);
  return blob->digest();
}

}  // namespace ctool::engine
