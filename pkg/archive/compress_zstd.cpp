// SPDX-License-Identifier: Apache-2.0
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>

#include "archive/compress_internal.hpp"

namespace ctool::archive {
namespace {

constexpr int kDefaultLevel = 3;
constexpr unsigned kMaxThreads = 4;  // each has some MB of its own

struct Free {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

}  // namespace

Status CompressZstd(Source& in, std::optional<int> level, const std::function<Status(std::string_view)>& out) {
  const std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
  CHECK(context != nullptr);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level.value_or(kDefaultLevel));
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  // With one worker or several the result is the same; a library without threads refuses, and does it itself.
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_nbWorkers,
                         static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1U, kMaxThreads)));
  std::string from(ZSTD_CStreamInSize(), '\0'), to(ZSTD_CStreamOutSize(), '\0');
  for (bool last = false; !last;) {
    const size_t n = TRY(ReadFull(in, from));
    last = n < from.size();
    ZSTD_inBuffer input{from.data(), n, 0};
    for (;;) {
      ZSTD_outBuffer output{to.data(), to.size(), 0};
      const size_t left = ZSTD_compressStream2(context.get(), &output, &input, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left)) return Error(Code::kInternal, std::string("zstd: ") + ZSTD_getErrorName(left));
      if (output.pos > 0) TRY(out(std::string_view(to).substr(0, output.pos)));
      if (last ? left == 0 : input.pos == input.size) break;
    }
  }
  return Ok();
}

}  // namespace ctool::archive
