// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "network/tcp_forward.hpp"

namespace ctool::network {

// A client's connection and the one that stands for it in the container. An end of file passes on by itself, a reset
// resets both, and who does not read makes the other wait.
class TcpLink : public Worker, public std::enable_shared_from_this<TcpLink> {
 public:
  TcpLink(TcpForward& owner, sys::Fd client, sys::Fd server)
      : owner_(owner), ends_{End(*this, std::move(client)), End(*this, std::move(server))} {}
  Status Start();
  void Work() override;

 private:
  struct End : Handler {
    End(TcpLink& of, sys::Fd socket) : link(of), fd(std::move(socket)) {}
    void Ready(uint32_t events) override { link.Note(*this, events); }
    TcpLink& link;
    sys::Fd fd;
    bool readable = false, writable = false;  // as far as we know: the kernel tells of changes only
  };
  // From one end to the other.
  struct Way {
    End* from = nullptr;
    End* to = nullptr;
    std::optional<Pipe> pipe;
    size_t held = 0;      // bytes in it
    bool ended = false;   // nothing more comes
    bool broken = false;  // and not in good order
    bool done = false;
  };
  void Note(End& end, uint32_t events);
  void MoveAll();
  // False: it has had its turn, and there is more.
  bool Move(Way& way);
  bool Read(Way& way);
  bool Write(Way& way);
  void Close(bool reset);

  TcpForward& owner_;
  End ends_[2];
  Way ways_[2];
  bool connected_ = false, closed_ = false, queued_ = false;
};

}  // namespace ctool::network
