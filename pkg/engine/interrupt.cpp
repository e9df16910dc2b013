// SPDX-License-Identifier: Apache-2.0
#include "engine/interrupt.hpp"

#include <signal.h>
#include <sys/mman.h>

#include <array>
#include <cerrno>
#include <new>

namespace ctool::engine {
namespace {

constexpr std::array kSignals = {SIGINT, SIGTERM, SIGHUP};

}  // namespace

struct Interrupt::Shared {
  std::atomic<bool> stop{false};
  std::atomic<int> signal{0};
  std::array<struct sigaction, kSignals.size()> former{};
};
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free,
              "they are set in signal handlers and shared between processes");

std::atomic<Interrupt::Shared*> Interrupt::current_{nullptr};

void Interrupt::Handle(int signal) {
  Shared* shared = current_.load();
  if (shared == nullptr) return;
  shared->signal.store(signal);
  shared->stop.store(true);
}

Result<std::unique_ptr<Interrupt>> Interrupt::Begin() {
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return Error::Sys(errno, "mmap");
  Shared* shared = new (memory) Shared;
  current_.store(shared);
  struct sigaction action {};
  action.sa_handler = Handle;
  action.sa_flags = SA_RESTART;
  for (size_t i = 0; i < kSignals.size(); ++i) {
    ::sigaction(kSignals[i], nullptr, &shared->former[i]);
    if (shared->former[i].sa_handler != SIG_IGN) ::sigaction(kSignals[i], &action, nullptr);
  }
  return std::unique_ptr<Interrupt>(new Interrupt(shared));
}

Interrupt::~Interrupt() {
  for (size_t i = 0; i < kSignals.size(); ++i)
    ::sigaction(kSignals[i], &shared_->former[i], nullptr);
  current_.store(nullptr);
  ::munmap(shared_, sizeof(Shared));
}

const std::atomic<bool>* Interrupt::flag() const { return &shared_->stop; }
void Interrupt::Stop() { shared_->stop.store(true); }
void Interrupt::Resume() { shared_->stop.store(shared_->signal.load() != 0); }
int Interrupt::signal() const { return shared_->signal.load(); }

void Interrupt::TakeEffect() const {
  if (signal() == 0) return;
  ::signal(signal(), SIG_DFL);
  ::raise(signal());
}

Status Interrupt::Check() const {
  if (signal() != 0) return Error(Code::kIo, "interrupted");
  return Ok();
}

}  // namespace ctool::engine
