// SPDX-License-Identifier: Apache-2.0
#include "monitor/init_program.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <initializer_list>

namespace ctool::monitor {
namespace {

int ExitCode(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void Fail(const char* what) {
  const char* why = ::strerrordesc_np(errno);
  if (::write(STDERR_FILENO, what, std::strlen(what)) < 0 || ::write(STDERR_FILENO, ": ", 2) < 0 ||
      ::write(STDERR_FILENO, why, std::strlen(why)) < 0 || ::write(STDERR_FILENO, "\n", 1) < 0)
    return;  // nowhere to say it
}

}  // namespace

int InitProgram(int argc, char** argv) {
  int first = 1;
  if (argc > 1 && std::strcmp(argv[1], "--") == 0) first = 2;
  if (first >= argc) return 127;
  sigset_t all, before;
  ::sigfillset(&all);
  for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT}) ::sigdelset(&all, fault);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t command = ::fork();
  if (command < 0) {
    Fail("fork");
    return 125;
  }
  if (command == 0) {
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    // A process group of its own that has the terminal, so that job control works below it.
    ::setpgid(0, 0);
    ::signal(SIGTTOU, SIG_IGN);
    ::tcsetpgrp(STDIN_FILENO, ::getpid());  // fails without a terminal: nothing to hand over
    ::signal(SIGTTOU, SIG_DFL);
    ::execvp(argv[first], argv + first);
    const int err = errno;
    Fail(argv[first]);
    ::_exit(err == ENOENT ? 127 : 126);
  }
  for (;;) {
    int sig = 0;
    if (::sigwait(&all, &sig) != 0) continue;
    if (sig != SIGCHLD) {
      ::kill(command, sig);  // ESRCH: it is gone, and SIGCHLD is next
      continue;
    }
    for (int status = 0;;) {
      const pid_t reaped = ::waitpid(-1, &status, WNOHANG);
      if (reaped <= 0) break;
      if (reaped == command) return ExitCode(status);
    }
  }
}

}  // namespace ctool::monitor
