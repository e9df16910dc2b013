// SPDX-License-Identifier: Apache-2.0
#include "runtime/frame.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "sys/file.hpp"

namespace ctool::runtime {
namespace {

class FrameTest : public ::testing::Test {
 protected:
  static size_t OpenFiles() {
    return sys::ListDir(sys::Open("/proc/self/fd", O_RDONLY | O_DIRECTORY).value().get(), "fds")->size();
  }
  std::pair<SyncSocket, SyncSocket> ends_ = SyncSocket::Pair().value();
};

TEST_F(FrameTest, CarriesPayloadAndDescriptor) {
  ASSERT_TRUE(ends_.first.Send(Msg::kConsole, Stage::kTerminal, std::string(kMaxPayload, 'x'), 0).ok());
  Frame frame;
  ASSERT_TRUE(*ends_.second.Receive(frame));
  EXPECT_EQ(frame.header.msg, Msg::kConsole);
  EXPECT_EQ(frame.header.stage, Stage::kTerminal);
  EXPECT_EQ(frame.payload.size(), kMaxPayload);
  EXPECT_TRUE(static_cast<bool>(frame.fd));
  ends_.first.Close();
  EXPECT_FALSE(*ends_.second.Receive(frame));
}

TEST_F(FrameTest, WhatIsTooLongIsRefused) {
  Frame frame;
  const std::string large(sizeof(FrameHeader) + kMaxPayload + 1, 'x');
  ASSERT_EQ(::send(ends_.first.fd(), large.data(), large.size(), 0), static_cast<ssize_t>(large.size()));
  EXPECT_EQ(ends_.second.Receive(frame).error().code(), Code::kCorrupt);
}

TEST_F(FrameTest, NoMoreThanOneDescriptorIsTaken) {
  FrameHeader header;
  iovec part{&header, sizeof header};
  const std::array<int, 2> fds{0, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fds)> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof fds);
  std::memcpy(CMSG_DATA(c), fds.data(), sizeof fds);
  ASSERT_GT(::sendmsg(ends_.first.fd(), &message, 0), 0);
  const size_t before = OpenFiles();
  {
    Frame frame;
    EXPECT_EQ(ends_.second.Receive(frame).error().code(), Code::kCorrupt);
  }
  EXPECT_EQ(OpenFiles(), before);
}

}  // namespace
}  // namespace ctool::runtime
