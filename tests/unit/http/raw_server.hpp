// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::http {

// Answers HTTP requests on 127.0.0.1 with exactly the bytes a test wants, one connection after the
// other. `answer` gets the request head; what it returns is sent. "" closes the connection,
// "RESET" resets it, "STALL" keeps it open and says nothing.
class RawServer {
 public:
  using Answer = std::function<std::string(const std::string& head)>;

  explicit RawServer(Answer answer) : answer_(std::move(answer)) {
    listener_ = sys::Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    CHECK(::listen(listener_.get(), 16) == 0);
    socklen_t size = sizeof address;
    CHECK(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] {
      started_ = true;
      Serve();
    });
    // Tests fork. A thread that is still starting may hold the allocator's lock, which the child would wait for
    // for ever (AddressSanitizer's; glibc's is made safe at a fork).
    while (!started_) ::poll(nullptr, 0, 1);
  }
  ~RawServer() {
    stop_ = true;
    thread_.join();
  }

  int port() const { return port_; }
  std::string url(const std::string& path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  int connections() const { return connections_; }
  std::vector<std::string> heads() {
    const std::lock_guard lock(mutex_);
    return heads_;
  }

 private:
  bool Ready(int fd) {
    while (!stop_) {
      pollfd p{fd, POLLIN, 0};
      if (::poll(&p, 1, 20) > 0) return true;
    }
    return false;
  }
  void Serve() {
    while (Ready(listener_.get())) {
      sys::Fd peer(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      ++connections_;
      while (peer && Exchange(peer)) continue;
    }
  }
  bool Exchange(sys::Fd& peer) {
    std::string head;
    while (head.find("\r\n\r\n") == std::string::npos) {
      char buffer[4096];
      if (!Ready(peer.get())) return false;
      const ssize_t n = ::recv(peer.get(), buffer, sizeof buffer, 0);
      if (n <= 0) return false;
      head.append(buffer, static_cast<size_t>(n));
    }
    {
      const std::lock_guard lock(mutex_);
      heads_.push_back(head);
    }
    const std::string reply = answer_(head);
    if (reply == "STALL") {
      char c;
      while (Ready(peer.get()) && ::recv(peer.get(), &c, 1, 0) > 0) continue;
      return false;
    }
    if (reply == "RESET") {
      const linger now{1, 0};
      ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
      return false;
    }
    size_t sent = 0;
    while (sent < reply.size()) {
      const ssize_t n =
          ::send(peer.get(), reply.data() + sent, reply.size() - sent, MSG_NOSIGNAL);
      if (n <= 0) return false;
      sent += static_cast<size_t>(n);
    }
    return !reply.empty() && reply.find("Connection: close") == std::string::npos;
  }

  Answer answer_;
  sys::Fd listener_;
  int port_ = 0;
  std::atomic<bool> started_{false}, stop_{false};
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::vector<std::string> heads_;
  std::thread thread_;
};

inline std::string Reply(const std::string& status, const std::string& headers,
                         const std::string& body) {
  return "HTTP/1.1 " + status + "\r\n" + headers + "Content-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace ctool::http
