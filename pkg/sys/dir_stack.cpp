// SPDX-License-Identifier: Apache-2.0
#include "sys/dir_stack.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include "sys/file.hpp"

namespace ctool::sys {
namespace {

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK;

}  // namespace

DirStack::DirStack(Fd base) {
  frames_.emplace_back();
  frames_.back().fd = std::move(base);
}

Result<int> DirStack::Current() {
  if (!frames_.back().fd) TRY(Reopen());
  return frames_.back().fd.get();
}

Status DirStack::Enter(const std::string& name) {
  const int current = TRY(Current());
  Frame frame;
  frame.fd = TRY(OpenAt(current, name, kDirectory));
  const struct stat st = TRY(StatFd(frame.fd.get(), name));
  frame.name = name;
  frame.dev = st.st_dev;
  frame.ino = st.st_ino;
  frames_.push_back(std::move(frame));
  if (!path_.empty()) path_ += '/';
  path_ += name;
  if (frames_.size() > kOpen + 1) frames_[frames_.size() - 1 - kOpen].fd.Reset();
  return Ok();
}

void DirStack::Leave() {
  const size_t name = frames_.back().name.size();
  path_.resize(path_.size() > name ? path_.size() - name - 1 : 0);
  frames_.pop_back();
}

// Opens all from the nearest open directory down to the last, and keeps the last few.
Status DirStack::Reopen() {
  size_t open = frames_.size() - 1;
  while (!frames_[open].fd) --open;
  for (size_t i = open + 1; i < frames_.size(); ++i) {
    Frame& frame = frames_[i];
    frame.fd = TRY(OpenAt(frames_[i - 1].fd.get(), frame.name, kDirectory));
    const struct stat st = TRY(StatFd(frame.fd.get(), frame.name));
    if (st.st_dev != frame.dev || st.st_ino != frame.ino)
      return Error(Code::kBusy, "directory '" + frame.name + "' was replaced meanwhile");
    if (i > kOpen && i - kOpen > open) frames_[i - kOpen].fd.Reset();
  }
  return Ok();
}

}  // namespace ctool::sys
