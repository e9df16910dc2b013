// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <poll.h>

#include "base/result.hpp"
#include "monitor/health.hpp"
#include "monitor/log.hpp"
#include "monitor/streams.hpp"
#include "runtime/frame.hpp"
#include "sys/child.hpp"

namespace ctool::monitor {

// Carries bytes between a process, its log and the commands that are attached to it, until the
// process has ended and its output is drained. Nothing is dropped on the way: when a command
// does not read, the process' writes wait, as they would at a terminal.
class Relay {
 public:
  // What comes in by the control socket and is not for the relay itself.
  struct Control {
    int listener = -1;  // no control socket
    // A process to run beside the container; the child is reaped by the relay.
    std::function<Result<sys::Child>(runtime::SyncSocket, runtime::Frame)> execute;
    Health* health = nullptr;
    std::function<void()> reload = nullptr;  // reads the configuration again
    std::string run_dir;  // where a stop is asked for
    int stop_signal = 15;
    int64_t stop_timeout_seconds = 10;
  };

  // `starter`: the command that has started the process, and is attached to it.
  Relay(Log log, runtime::SyncSocket starter, bool starter_has_input, Control control);
  ~Relay();

  // The process is killed when the starter goes away: what it runs is nothing without it (a step of a build).
  void TieToStarter() { tied_ = true; }

  // `deadline_ns` on CLOCK_MONOTONIC kills the process (--timeout); 0: none.
  struct Outcome {
    sys::ExitStatus status;
    bool timed_out = false;
    bool restart = false;  // it was ended to be started again
  };
  Result<Outcome> Run(sys::Child& process, Streams streams, int64_t deadline_ns);

  // A line of the monitor's own, as if the process had written it to stderr.
  void Say(const std::string& text);

  // The end, told to the starter, if it is there.
  void SendExit(int exit_code);
  // After it: true when the starter has put the container's record in order. `folders`: what it left to us to
  // delete, each ended by a NUL. `tidy`: it wants the cleanup program all the same.
  bool AwaitDone(std::string& folders, bool& tidy);
  // The end of this run, told to everybody who is still attached: afterwards nobody is.
  void LetGo(int exit_code);

 private:
  struct Client {
    runtime::SyncSocket socket;
    bool attached = false, starter = false;
    bool full = false;  // takes no more for now
    bool lent = false;  // has the pipe to the process' stdin
    bool wants_pipe = false;
  };

  void FillPoll(const sys::Child& process);
  void ServeClients(sys::Child& process);
  void ServeProcess();
  // How much it was.
  size_t PumpOutput(sys::Fd& from, runtime::Msg msg, std::string_view stream);
  void DrainOutput();
  // False: the client is to be dropped.
  bool Receive(Client& client, const sys::Child& process);
  void Accept();
  void Reap(sys::Child& process);
  void CheckHealth(const sys::Child& process);
  void End(sys::Child& process, bool restart);
  void WriteStdin();
  void CloseStdin();
  void LendStdin(Client& client);
  void EndStdin();
  bool Congested();
  // Waits, after the end of the process, until the client takes more. False: it is gone, or does not read although the
  // container is wanted to be gone.
  bool AwaitRoom(const Client& client);
  sys::Fd& out() { return streams_.terminal ? streams_.terminal : streams_.out; }

  Streams streams_;
  Log log_;
  Control control_;
  std::vector<Client> clients_;
  // What runs beside the process: sessions and health checks.
  struct Helper {
    sys::Child child;
    bool check = false, timed = false;  // a health check; one of the timer's
    runtime::SyncSocket client;         // who asked for the check
  };
  std::vector<Helper> helpers_;
  // Asked for a check that ends this run of the container, and wait for that: what they look at next is true.
  std::vector<runtime::SyncSocket> waiting_;
  int64_t kill_ns_ = 0;  // when who does not end by itself is killed
  bool restart_ = false;
  bool tied_ = false;
  std::vector<pollfd> polled_;
  runtime::Frame frame_;
  std::string buffer_;
  std::string pending_in_;  // stdin that the process has not read yet
  bool close_in_ = false;   // EOF comes after it
};

}  // namespace ctool::monitor
