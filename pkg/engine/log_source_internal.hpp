// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "engine/k8s_log.hpp"
#include "sys/child.hpp"
#include "sys/rotated.hpp"

namespace ctool::engine {

// False: no more are wanted.
using EntrySink = std::function<bool(const LogEntry& entry)>;

// Where a container's log is kept.
class LogSource {
 public:
  virtual ~LogSource() = default;
  // What is there and was not read yet. False: the sink wants no more.
  virtual Result<bool> Read(const EntrySink& sink) = 0;
  // The container has ended: the last that there will be.
  virtual Result<bool> ReadToEnd(const EntrySink& sink) = 0;
  // Readable when there is more; -1: the log's folder has to be watched, or it has to be tried again now and then.
  virtual int fd() const { return -1; }
  virtual bool is_file() const { return false; }
};

class FileSource : public LogSource {
 public:
  // `tail` < 0: all of it.
  static Result<std::unique_ptr<LogSource>> Open(const std::string& path, int64_t tail);
  Result<bool> Read(const EntrySink& sink) override;
  Result<bool> ReadToEnd(const EntrySink& sink) override;
  bool is_file() const override { return true; }

 private:
  explicit FileSource(const std::string& path) : file_(path) {}
  Status SkipToTail(int64_t tail);
  sys::RotatedFile file_;
  LineCutter lines_;
  std::array<uint64_t, 2> from_{};
};

// journalctl, which knows what the user may see.
class JournalSource : public LogSource {
 public:
  static Result<std::unique_ptr<LogSource>> Open(const std::string& container_id, int64_t tail, bool follow);
  Result<bool> Read(const EntrySink& sink) override;
  Result<bool> ReadToEnd(const EntrySink& sink) override;
  int fd() const override { return out_.get(); }

 private:
  JournalSource(std::string container_id, int64_t tail) : id_(std::move(container_id)), tail_(tail) {}
  // Runs journalctl, for what comes after the last entry that was taken, if there can be any.
  Status Start();
  Result<bool> Take(const EntrySink& sink);
  // journalctl has closed its output.
  Result<bool> End();
  std::string id_, cursor_;
  int failures_ = 0;  // of journalctl, since the last entry
  int64_t tail_, opened_micros_ = 0;
  std::optional<sys::Child> child_;
  sys::Fd out_;
  sys::Fd complaints_;  // what journalctl says on its standard error
  bool follows_ = false, begun_ = false;
  std::string buffer_;
};

}  // namespace ctool::engine
