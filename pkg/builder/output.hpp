// SPDX-License-Identifier: Apache-2.0
//
// What a build shows. Stages may run at the same time, but their output reads as if one ran after the other: the first stage
// that is not finished writes through, what the others write waits.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::builder {

class Output {
 public:
  struct Options {
    bool quiet = false;   // nothing but errors
    bool live = false;    // stderr is a terminal: a line at the bottom says what runs
    int out = 1, err = 2; // where it goes
  };
  Output(Options options, size_t stages);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  enum class Stream { kOut, kErr };
  void Write(size_t stage, Stream stream, std::string_view bytes);
  void Line(size_t stage, const std::string& text) { Write(stage, Stream::kOut, text + "\n"); }
  // No more of this stage will come.
  void Finish(size_t stage);
  // After all stages.
  void Last(const std::string& text);

  // What a stage is doing, for the live line; empty: nothing.
  void Doing(size_t stage, const std::string& what);

 private:
  struct Piece {
    Stream stream;
    std::string bytes;
  };
  struct Stage {
    std::vector<Piece> waiting;
    size_t held = 0;   // bytes of them
    bool cut = false;  // there were too many
    bool finished = false;
    std::string doing;
    int64_t since = 0;
  };
  void Put(Stream stream, std::string_view bytes);
  void Hold(Stage& stage, Stream stream, std::string_view bytes);
  void Advance();
  void ClearLive();
  void DrawLive();
  void Tick();

  const Options options_;
  std::mutex mutex_;
  std::vector<Stage> stages_;
  size_t first_ = 0;  // that writes through
  bool drawn_ = false, at_line_start_ = true, ending_ = false;
  std::condition_variable wake_;
  std::thread ticker_;
};

// The two ends of a pipe whose contents go to the output, by a thread of its own that ends with the last writer.
class OutputPipe {
 public:
  static Result<std::unique_ptr<OutputPipe>> Start(Output& output, size_t stage, Output::Stream stream);
  int fd() const { return write_.get(); }
  void CloseEnd() { write_.Reset(); }
  ~OutputPipe();

 private:
  sys::Fd read_, write_;
  std::thread reader_;
};

}  // namespace ctool::builder
