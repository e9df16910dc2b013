// SPDX-License-Identifier: Apache-2.0
#include "engine/input_stream.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "archive/pipe.hpp"
#include "base/text.hpp"
#include "http/client.hpp"
#include "sys/file.hpp"
#include "sys/thread.hpp"

namespace ctool::engine {
namespace {

// The body of an URL as a stream: a thread of its own fills a pipe.
class UrlSource final : public archive::Source {
 public:
  static Result<std::unique_ptr<archive::Source>> Open(const std::string& url,
                                                       const Interrupt& interrupt) {
    http::Options options;
    options.allow_http = StartsWith(url, "http://");
    options.user_agent = "ctool/" CTOOL_VERSION;
    options.cancel = interrupt.flag();
    std::unique_ptr<http::Client> client = TRY(http::Client::Create(std::move(options)));
    std::unique_ptr<UrlSource> source(new UrlSource(std::move(client)));
    source->thread_ = TRY(sys::StartThread(
        [raw = source.get(), url] { raw->pipe_.writer.Close(raw->Fetch(url)); }));
    return std::unique_ptr<archive::Source>(std::move(source));
  }
  ~UrlSource() override {
    pipe_.reader.reset();
    if (thread_.joinable()) thread_.join();
  }
  Result<size_t> Read(std::span<char> into) override { return pipe_.reader->Read(into); }

 private:
  explicit UrlSource(std::unique_ptr<http::Client> client)
      : client_(std::move(client)), pipe_(archive::MakePipe()) {}
  Status Fetch(const std::string& url) {
    http::Request request;
    request.url = url;
    http::Transfer transfer =
        client_->Perform(request, [this](const http::Response&, std::string_view chunk) {
          return pipe_.writer.Write(chunk);
        });
    if (!transfer.ok()) return std::move(*transfer.error);
    const int status = transfer.response.status;
    if (status == 200) return Ok();
    return Error(status == 404 ? Code::kNotFound : Code::kNetwork,
                 "the server answered with HTTP status " + std::to_string(status));
  }
  std::unique_ptr<http::Client> client_;
  archive::Pipe pipe_;
  std::thread thread_;
};

// A file or pipe. Somebody may take for ever to write into it: it is only read when there is
// something, so that a signal ends the wait.
class FileSource final : public archive::Source {
 public:
  FileSource(int fd, const std::string& what, const Interrupt& interrupt)
      : fd_(fd), source_(archive::FromFd(fd, what)), interrupt_(interrupt) {}
  Result<size_t> Read(std::span<char> into) override {
    pollfd polled{fd_, POLLIN, 0};
    do {
      if (interrupt_.stopped()) return Error(Code::kIo, "interrupted");
    } while (::poll(&polled, 1, kPatienceMs) == 0);
    return source_->Read(into);
  }

 private:
  static constexpr int kPatienceMs = 200;
  int fd_;
  std::unique_ptr<archive::Source> source_;
  const Interrupt& interrupt_;
};

bool IsUrl(const std::string& source) {
  return StartsWith(source, "http://") || StartsWith(source, "https://");
}

}  // namespace

Result<Input> FindInput(const std::string& source) {
  Input input;
  input.what = source;
  if (IsUrl(source)) {
    input.url = source;
    return input;
  }
  if (source != "-") {
    input.file = TRY(sys::Open(source, O_RDONLY));
    return input;
  }
  input.what = "the standard input";
  input.file = sys::Fd(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
  if (!input.file) return Error::Sys(errno, "dup", input.what);
  return input;
}

Result<std::unique_ptr<archive::Source>> OpenInput(const Input& input, const Interrupt& interrupt) {
  if (!input.url.empty()) return UrlSource::Open(input.url, interrupt);
  return std::unique_ptr<archive::Source>(
      std::make_unique<FileSource>(input.file.get(), input.what, interrupt));
}

}  // namespace ctool::engine
