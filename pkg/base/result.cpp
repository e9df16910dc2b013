// SPDX-License-Identifier: Apache-2.0
#include "base/result.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ctool {
namespace {

Code FromErrno(int err) {
  switch (err) {
    case ENOENT: return Code::kNotFound;
    case EEXIST: return Code::kAlreadyExists;
    case EPERM:
    case EACCES: return Code::kPermission;
    case ENOSYS:
    case EOPNOTSUPP: return Code::kUnsupported;
    case EBUSY: return Code::kBusy;
    case EINVAL:
    case ENAMETOOLONG: return Code::kInvalidArgument;
    default: return Code::kIo;
  }
}

}  // namespace

Error Error::Sys(int err, std::string_view op, std::string_view object) {
  Error e(FromErrno(err), std::string(op));
  if (!object.empty()) e.text_.append(" '").append(object).append("'");
  e.errno_ = err;
  return e;
}

Error&& Error::Wrap(std::string_view context) && {
  text_.insert(0, ": ").insert(0, context);
  return std::move(*this);
}

Error&& Error::Hint(std::string what_to_do) && {
  if (hint_.empty()) hint_ = std::move(what_to_do);
  return std::move(*this);
}

std::string Error::Message() const {
  if (errno_ == 0) return text_;
  const char* d = ::strerrordesc_np(errno_);  // not strerror, which shares a buffer
  std::string why = d != nullptr ? std::string(d) : "errno " + std::to_string(errno_);
  // In the middle of a sentence; the same words as Go's, which scripts for podman look for.
  if (why.size() > 1 && why[0] >= 'A' && why[0] <= 'Z' && why[1] >= 'a') why[0] = static_cast<char>(why[0] - 'A' + 'a');
  return text_ + ": " + why;
}

void CheckFailed(const char* expr, const char* file, int line) noexcept {
  char text[512];
  const int n = std::snprintf(text, sizeof text, "%s:%d: broken invariant: %s\n", file, line, expr);
  // The process ends on the next line; there is nobody to report a failed write to.
  if (n > 0 && ::write(STDERR_FILENO, text, static_cast<size_t>(n)) < 0) __builtin_trap();
  __builtin_trap();
}

}  // namespace ctool
