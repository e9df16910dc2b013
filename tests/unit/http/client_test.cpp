// SPDX-License-Identifier: Apache-2.0
#include "http/client.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "raw_server.hpp"

namespace ctool::http {
namespace {

using Clock = std::chrono::steady_clock;

std::unique_ptr<Client> MakeClient(Options options = {}) {
  options.allow_http = true;
  Result<std::unique_ptr<Client>> client = Client::Create(std::move(options));
  CHECK(client.ok());
  return std::move(client).value();
}

Request Get(const std::string& url) {
  Request request;
  request.url = url;
  return request;
}

std::string Message(const Transfer& transfer) {
  return transfer.error ? transfer.error->Message() : "no error";
}

void ExpectRefused(const Transfer& transfer, Failure failure, const std::string& part) {
  EXPECT_EQ(transfer.failure, failure) << Message(transfer);
  EXPECT_NE(Message(transfer).find(part), std::string::npos) << Message(transfer);
}

TEST(Client, CollectsBodyAndHeaders) {
  RawServer server([](const std::string&) {
    return Reply("200 OK", "Content-Type: Text/HTML; charset=x\r\nX-A: 1\r\nx-a: 2\r\n", "hello");
  });
  const auto client = MakeClient();
  const Transfer got = client->Perform(Get(server.url("/x")));
  ASSERT_TRUE(got.ok()) << Message(got);
  EXPECT_EQ(got.response.status, 200);
  EXPECT_EQ(got.response.body, "hello");
  EXPECT_EQ(got.response.ContentType(), "text/html");
  EXPECT_EQ(got.response.Header("x-a"), "1");
  EXPECT_EQ(got.response.HeaderValues("x-a").size(), 2u);
  EXPECT_EQ(got.response.Header("absent"), "");
}

TEST(Client, SendsWhatIsAskedFor) {
  RawServer server([](const std::string&) { return Reply("200 OK", "", ""); });
  Options options;
  options.user_agent = "agent/1";
  const auto client = MakeClient(options);
  Request request = Get(server.url("/x"));
  request.method = "POST";
  request.body = "a=b";
  request.headers = {"Accept: a/b"};
  request.authorization = "Bearer t";
  request.range_from = 17;
  ASSERT_TRUE(client->Perform(request).ok());
  const std::string head = server.heads().at(0);
  for (const char* line : {"POST /x HTTP/1.1\r\n", "Accept: a/b\r\n", "Authorization: Bearer t\r\n",
                           "Range: bytes=17-\r\n", "User-Agent: agent/1\r\n",
                           "Content-Length: 3\r\n"})
    EXPECT_NE(head.find(line), std::string::npos) << line << "\n" << head;
  EXPECT_EQ(head.find("Accept-Encoding"), std::string::npos);
  EXPECT_EQ(head.find("Cookie"), std::string::npos);
}

TEST(Client, KeepsConnectionsOpen) {
  RawServer server([](const std::string&) {
    return Reply("200 OK", "Set-Cookie: a=b\r\n", "x");
  });
  const auto client = MakeClient();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(client->Perform(Get(server.url())).ok());
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(server.heads().at(2).find("Cookie"), std::string::npos);
}

TEST(Client, Head) {
  RawServer server([](const std::string&) {
    return "HTTP/1.1 200 OK\r\nContent-Length: 77\r\n\r\n";
  });
  const auto client = MakeClient();
  Request request = Get(server.url());
  request.method = "HEAD";
  const Transfer got = client->Perform(request);
  ASSERT_TRUE(got.ok()) << Message(got);
  EXPECT_EQ(got.response.Header("content-length"), "77");
  EXPECT_EQ(got.response.body, "");
}

TEST(Client, SinkSeesSuccessOnly) {
  RawServer server([](const std::string& head) {
    return head.find("/bad") != std::string::npos ? Reply("404 Not Found", "", "why")
                                                  : Reply("200 OK", "", std::string(1 << 20, 'x'));
  });
  const auto client = MakeClient();
  size_t bytes = 0;
  const auto sink = [&](const Response& head, std::string_view chunk) {
    EXPECT_EQ(head.status, 200);
    bytes += chunk.size();
    return Ok();
  };
  EXPECT_TRUE(client->Perform(Get(server.url()), sink).ok());
  EXPECT_EQ(bytes, 1u << 20);
  const Transfer missing = client->Perform(Get(server.url("/bad")), sink);
  EXPECT_EQ(missing.response.status, 404);
  EXPECT_EQ(missing.response.body, "why");
  EXPECT_EQ(bytes, 1u << 20);
  const auto full = [](const Response&, std::string_view) {
    return Status(Error(Code::kIo, "disk full"));
  };
  const Transfer stopped = client->Perform(Get(server.url()), full);
  ExpectRefused(stopped, Failure::kSink, "disk full");
}

TEST(Client, BodyCaps) {
  RawServer server([](const std::string& head) {
    return Reply(head.find("/bad") != std::string::npos ? "401 No" : "200 OK", "",
                 std::string(1 << 20, 'x'));
  });
  const auto client = MakeClient();
  Request request = Get(server.url());
  request.max_body = (1 << 20) - 1;
  ExpectRefused(client->Perform(request), Failure::kRefused, "larger than 1048575 bytes");
  const Transfer error = client->Perform(Get(server.url("/bad")));
  ASSERT_TRUE(error.ok()) << Message(error);
  EXPECT_EQ(error.response.status, 401);
  EXPECT_EQ(error.response.body.size(), 64u << 10);
}

TEST(Client, HeaderCap) {
  RawServer server([](const std::string&) {
    std::string headers;
    for (int i = 0; i < 300; ++i) headers += "X-H: " + std::string(1024, 'x') + "\r\n";
    return Reply("200 OK", headers, "");
  });
  ExpectRefused(MakeClient()->Perform(Get(server.url())), Failure::kRefused, "headers");
}

TEST(Client, NotHttp) {
  RawServer server([](const std::string&) { return "hello there\r\nConnection: close\r\n"; });
  ExpectRefused(MakeClient()->Perform(Get(server.url())), Failure::kRefused, "not HTTP");
}

TEST(Client, BrokenConnections) {
  RawServer server([](const std::string& head) -> std::string {
    if (head.find("/close") != std::string::npos) return "";
    if (head.find("/reset") != std::string::npos) return "RESET";
    return "HTTP/1.1 200 OK\r\nContent-Length: 10\r\nConnection: close\r\n\r\nabc";
  });
  const auto client = MakeClient();
  ExpectRefused(client->Perform(Get(server.url("/close"))), Failure::kLost, "without an answer");
  ExpectRefused(client->Perform(Get(server.url("/reset"))), Failure::kLost, "connection reset");
  ExpectRefused(client->Perform(Get(server.url("/cut"))), Failure::kTruncated, "closed early");
}

TEST(Client, Unreachable) {
  int port = 0;
  {
    RawServer server([](const std::string&) { return ""; });
    port = server.port();
  }
  const auto client = MakeClient();
  ExpectRefused(client->Perform(Get("http://127.0.0.1:" + std::to_string(port))),
                Failure::kUnreachable,
                "cannot connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
  ExpectRefused(client->Perform(Get("http://no-such-host.invalid/")), Failure::kUnreachable,
                "cannot resolve the host name \"no-such-host.invalid\"");
}

TEST(Client, Stall) {
  RawServer server([](const std::string&) { return "STALL"; });
  Options options;
  options.stall_timeout_s = 1;
  const auto begin = Clock::now();
  ExpectRefused(MakeClient(options)->Perform(Get(server.url())), Failure::kStalled,
                "127.0.0.1: no data for 1 s");
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(10));
}

TEST(Client, SlowSinkIsNoStall) {
  RawServer server([](const std::string&) { return Reply("200 OK", "", std::string(600, 'x')); });
  Options options;
  options.stall_timeout_s = 1;
  const Transfer got =
      MakeClient(options)->Perform(Get(server.url()), [](const Response&, std::string_view) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1300));
        return Ok();
      });
  EXPECT_TRUE(got.ok()) << Message(got);
}

TEST(Client, Cancel) {
  RawServer server([](const std::string&) { return "STALL"; });
  std::atomic<bool> cancel{false};
  Options options;
  options.cancel = &cancel;
  const auto client = MakeClient(options);
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    cancel = true;
  });
  const auto begin = Clock::now();
  ExpectRefused(client->Perform(Get(server.url())), Failure::kCancelled, "interrupted");
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(3));  // not 60
  later.join();
}

TEST(Client, RedirectKeepsAuthorizationOnSameOriginOnly) {
  RawServer other([](const std::string&) { return Reply("200 OK", "", "there"); });
  RawServer server([&](const std::string& head) {
    if (head.find("GET /far") == 0)
      return Reply("302 Found", "Location: " + other.url("/x") + "\r\n", "");
    if (head.find("GET /near") == 0) return Reply("307 Temporary", "Location: here\r\n", "");
    return Reply("200 OK", "", "here");
  });
  const auto client = MakeClient();
  Request request = Get(server.url("/near"));
  request.authorization = "Basic c2VjcmV0";
  Transfer got = client->Perform(request);
  EXPECT_EQ(got.response.body, "here");
  EXPECT_EQ(got.response.url, server.url("/here"));
  EXPECT_NE(server.heads().at(1).find("c2VjcmV0"), std::string::npos);
  request.url = server.url("/far");
  got = client->Perform(request);
  EXPECT_EQ(got.response.body, "there");
  EXPECT_EQ(other.heads().at(0).find("Authorization"), std::string::npos);
  request.follow_redirects = false;
  EXPECT_EQ(client->Perform(request).response.status, 302);
}

TEST(Client, ForbiddenRedirects) {
  std::string location;
  RawServer server([&](const std::string&) {
    return Reply("302 Found", "Location: " + location + "\r\n", "");
  });
  const auto client = MakeClient();
  const auto refusal = [&](const std::string& to) {
    location = to;
    const Transfer got = client->Perform(Get(server.url()));
    EXPECT_EQ(got.failure, Failure::kRefused) << to;
    return Message(got);
  };
  EXPECT_NE(refusal("ftp://h/x").find("refusing a redirect to \"ftp://h\""), std::string::npos);
  EXPECT_NE(refusal("file:///etc/passwd").find("redirect"), std::string::npos);
  EXPECT_NE(refusal("http://u:p@h/").find("password"), std::string::npos);
  EXPECT_NE(refusal("").find("redirect"), std::string::npos);
  const size_t before = server.heads().size();
  EXPECT_NE(refusal("/again").find("more than 10 redirects"), std::string::npos);
  EXPECT_EQ(server.heads().size() - before, 11u);
}

TEST(Client, HttpNeedsPermission) {
  RawServer server([](const std::string&) { return Reply("200 OK", "", "x"); });
  Result<std::unique_ptr<Client>> client = Client::Create({});
  ASSERT_TRUE(client.ok());
  const Transfer got = (*client)->Perform(Get(server.url()));
  ExpectRefused(got, Failure::kRefused, "refusing to speak \"http\"");
  EXPECT_EQ(server.connections(), 0);
  ExpectRefused((*client)->Perform(Get("file:///etc/passwd")), Failure::kRefused, "");
}

TEST(Client, LinkLocal) {
  Request request = Get("http://169.254.169.254/");
  request.refuse_link_local = true;
  const auto begin = Clock::now();
  ExpectRefused(MakeClient()->Perform(request), Failure::kRefused, "link-local");
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(10));
  RawServer server([](const std::string&) { return Reply("200 OK", "", "x"); });
  request.url = server.url();
  EXPECT_TRUE(MakeClient()->Perform(request).ok());
  request.url = "http://0.0.0.0:" + std::to_string(server.port()) + "/";
  ExpectRefused(MakeClient()->Perform(request), Failure::kRefused, "link-local");
}

TEST(Client, LoopbackNeedsNoProxy) {
  RawServer server([](const std::string&) { return Reply("200 OK", "", "direct"); });
  RawServer proxy([](const std::string&) { return Reply("200 OK", "", "proxied"); });
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  const auto client = MakeClient();
  EXPECT_EQ(client->Perform(Get(server.url())).response.body, "direct");
  EXPECT_EQ(client->Perform(Get("http://example.invalid/")).response.body, "proxied");
  ::unsetenv("http_proxy");
  ::setenv("HTTP_PROXY", proxy.url().c_str(), 1);
  EXPECT_EQ(client->Perform(Get("http://example.invalid/")).response.body, "proxied");
  ::unsetenv("HTTP_PROXY");
}

TEST(Client, NoProxyNamesHostsAndDomains) {
  RawServer proxy([](const std::string&) { return Reply("200 OK", "", "proxied"); });
  ::setenv("http_proxy", proxy.url().c_str(), 1);
  for (const char* name : {"no_proxy", "NO_PROXY"}) {
    ::setenv(name, "other.invalid,example.invalid,.inner.invalid", 1);
    const auto client = MakeClient();
    // There are no such hosts: whoever does not ask the proxy can't reach them.
    EXPECT_FALSE(client->Perform(Get("http://example.invalid/")).ok()) << name;
    EXPECT_FALSE(client->Perform(Get("http://registry.inner.invalid/")).ok()) << name;
    EXPECT_EQ(client->Perform(Get("http://third.invalid/")).response.body, "proxied") << name;
    EXPECT_EQ(client->Perform(Get("http://notexample.invalid/")).response.body, "proxied") << name;
    ::unsetenv(name);
  }
  ::unsetenv("http_proxy");
}

TEST(Client, SeveralThreads) {
  RawServer server([](const std::string&) {
    return Reply("200 OK", "Connection: close\r\n", std::string(100'000, 'x'));
  });
  const auto client = MakeClient();
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 5; ++k)
        if (client->Perform(Get(server.url())).response.body.size() == 100'000) ++good;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 30);
}

}  // namespace
}  // namespace ctool::http
