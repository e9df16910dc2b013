// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace ctool {

// What a caller can act on. cmd/ctool/exit_status.cpp maps each to a process exit status.
enum class Code {
  kInvalidArgument,  // the request itself is wrong
  kNotFound,
  kAlreadyExists,
  kPermission,
  kUnsupported,  // this kernel, host or build can't do it
  kBusy,         // in use, or in a state that forbids it
  kCorrupt,      // data from outside does not keep its own promises (digest, format)
  kNetwork,
  kIo,
  kNotExecutable,  // the container's command exists but can't be executed (exit status 126)
  kNoCommand,      // the container's command does not exist (exit status 127)
  kInternal,
};

// A failure as a value: code, errno (0 when no system call failed), text and a hint that says
// what to do. The convention is in pkg/base/DESIGN.md.
class [[nodiscard]] Error {
 public:
  Error(Code code, std::string text) : code_(code), text_(std::move(text)) {}

  // `err` is errno by value: the caller reads it in the same expression as the failed call.
  static Error Sys(int err, std::string_view op, std::string_view object = {});

  // Puts "context: " in front. An outer layer adds only what it alone knows.
  Error&& Wrap(std::string_view context) &&;
  // One line for the user: what to do about it. The innermost hint wins.
  Error&& Hint(std::string what_to_do) &&;
  Error&& As(Code code) && {
    code_ = code;
    return std::move(*this);
  }

  Code code() const { return code_; }
  int sys_errno() const { return errno_; }
  const std::string& hint() const { return hint_; }
  const std::string& text() const { return text_; }  // without the errno description
  std::string Message() const;                        // "op 'object': No such file or directory"

 private:
  Code code_;
  int errno_ = 0;
  std::string text_, hint_;
};

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;
  Result(T v) : v_(std::in_place_index<0>, std::move(v)) {}       // NOLINT: implicit on purpose
  Result(Error e) : v_(std::in_place_index<1>, std::move(e)) {}   // NOLINT: implicit on purpose

  bool ok() const { return v_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<0>(v_); }
  const T& value() const& { return std::get<0>(v_); }
  T&& value() && { return std::get<0>(std::move(v_)); }
  T* operator->() { return &std::get<0>(v_); }
  const T* operator->() const { return &std::get<0>(v_); }
  T& operator*() & { return std::get<0>(v_); }
  const T& operator*() const& { return std::get<0>(v_); }
  Error& error() & { return std::get<1>(v_); }
  const Error& error() const& { return std::get<1>(v_); }
  Error&& error() && { return std::get<1>(std::move(v_)); }

 private:
  std::variant<T, Error> v_;
};

using Status = Result<std::monostate>;
inline Status Ok() { return std::monostate{}; }

// TRY(expr): the value of a Result, or return its error from the enclosing function.
// TRY_CTX(context, expr): the same, with "context: " in front of the error.
#define CTOOL_JOIN2(a, b) a##b
#define CTOOL_JOIN(a, b) CTOOL_JOIN2(a, b)
#define CTOOL_TRY(result, wrap, ...)                                     \
  __extension__({                                                        \
    auto result = (__VA_ARGS__);                                         \
    if (!result.ok()) return std::move(result).error() wrap;             \
    std::move(result).value();                                           \
  })
#define TRY(...) CTOOL_TRY(CTOOL_JOIN(try_, __COUNTER__), , __VA_ARGS__)
#define TRY_CTX(ctx, ...) CTOOL_TRY(CTOOL_JOIN(try_, __COUNTER__), .Wrap(ctx), __VA_ARGS__)

// A broken invariant: prints the expression and traps. Not abort(): PID 1 of a pid namespace
// survives its own SIGABRT.
#define CHECK(cond) \
  do {              \
    if (!(cond)) ::ctool::CheckFailed(#cond, __FILE__, __LINE__); \
  } while (0)
[[noreturn]] void CheckFailed(const char* expr, const char* file, int line) noexcept;

}  // namespace ctool
