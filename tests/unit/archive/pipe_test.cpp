// SPDX-License-Identifier: Apache-2.0
#include "archive/pipe.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>

#include "sandbox.hpp"

namespace ctool::archive {
namespace {

using test::ReadToEnd;

TEST(Pipe, CarriesEveryByteInOrder) {
  std::mt19937 random(1);
  std::string sent(3 << 20, '\0');
  for (char& c : sent) c = static_cast<char>(random());
  for (const size_t capacity : {size_t{1}, size_t{4096}, size_t{100003}, kPipeBytes}) {
    const std::string_view data = std::string_view(sent).substr(0, capacity == 1 ? 2000 : sent.size());
    Pipe pipe = MakePipe(capacity);
    std::thread producer([&, seed = capacity] {
      std::mt19937 sizes(static_cast<unsigned>(seed));
      for (size_t at = 0; at < data.size();) {
        const size_t n = std::min<size_t>(sizes() % 70000, data.size() - at);
        EXPECT_TRUE(pipe.writer.Write(data.substr(at, n)).ok());
        at += n;
      }
      pipe.writer.Close();
    });
    const Result<std::string> got = ReadToEnd(*pipe.reader, 30011);
    producer.join();
    ASSERT_TRUE(got.ok());
    EXPECT_TRUE(*got == data) << capacity;
  }
}

TEST(Pipe, WriterWaitsWhenFull) {
  Pipe pipe = MakePipe(1000);
  std::atomic<size_t> written = 0;
  std::thread producer([&] {
    for (int i = 0; i < 100; ++i) {
      EXPECT_TRUE(pipe.writer.Write(std::string(100, 'x')).ok());
      written += 100;
    }
    pipe.writer.Close();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_LE(written, 1000U);
  const Result<std::string> got = ReadToEnd(*pipe.reader);
  producer.join();
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->size(), 10000U);
}

TEST(Pipe, AnErrorOvertakesTheData) {
  Pipe pipe = MakePipe();
  ASSERT_TRUE(pipe.writer.Write("some data").ok());
  pipe.writer.Close(Error(Code::kNetwork, "connection reset"));
  pipe.writer.Close();  // changes nothing
  const Result<std::string> got = ReadToEnd(*pipe.reader);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code(), Code::kNetwork);
  EXPECT_EQ(got.error().Message(), "connection reset");
}

TEST(Pipe, AnErrorWakesAWaitingReader) {
  Pipe pipe = MakePipe();
  std::thread producer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    pipe.writer.Close(Error(Code::kNetwork, "connection reset"));
  });
  const Result<std::string> got = ReadToEnd(*pipe.reader);
  producer.join();
  EXPECT_FALSE(got.ok());
}

TEST(Pipe, AWriterThatGoesAwayIsNoEndOfStream) {
  Pipe pipe = MakePipe();
  std::thread producer([writer = std::move(pipe.writer)]() mutable {
    EXPECT_TRUE(writer.Write("half").ok());
    const PipeWriter gone = std::move(writer);
  });
  const Result<std::string> got = ReadToEnd(*pipe.reader);
  producer.join();
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().code(), Code::kIo);
}

TEST(Pipe, AReaderThatGoesAwayWakesTheWriter) {
  Pipe pipe = MakePipe(1000);
  Status status = Ok();
  std::thread producer([&] { status = pipe.writer.Write(std::string(100000, 'x')); });
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  pipe.reader.reset();
  producer.join();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code(), Code::kIo);
  EXPECT_FALSE(pipe.writer.Write("more").ok());
}

TEST(Pipe, EmptyStream) {
  Pipe pipe = MakePipe();
  pipe.writer.Close();
  const Result<std::string> got = ReadToEnd(*pipe.reader);
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(*got, "");
  EXPECT_FALSE(pipe.writer.Write("late").ok());
}

}  // namespace
}  // namespace ctool::archive
