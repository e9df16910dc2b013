// SPDX-License-Identifier: Apache-2.0
#include "registry/client.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "fault_registry.hpp"
#include "http/raw_server.hpp"

namespace ctool::registry {
namespace {

using Clock = std::chrono::steady_clock;

class RegistryTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { registry_ = new FaultRegistry(); }
  static void TearDownTestSuite() {
    delete registry_;
    registry_ = nullptr;
  }

  static Endpoint MakeEndpoint(const std::string& repository) {
    Endpoint endpoint;
    endpoint.host = registry_->host();
    endpoint.repository = repository;
    endpoint.allow_http = true;
    return endpoint;
  }
  static Client::Options MakeOptions() {
    Client::Options options;
    options.retry_delay_ms = 1;
    return options;
  }
  static std::unique_ptr<Client> Connect(const std::string& repository) {
    return Connect(MakeEndpoint(repository), MakeOptions());
  }
  static std::unique_ptr<Client> Connect(Endpoint endpoint, Client::Options options) {
    auto client = Client::Connect(std::move(endpoint), std::move(options));
    CHECK(client.ok());
    return std::move(client).value();
  }

  // Fetches manifest, config and layer as a pull does: "" or the error.
  static std::string Pull(const std::string& repository) {
    return Pull(*Connect(repository));
  }
  static std::string Pull(Client& client, const std::string& tag = "latest") {
    const auto document = client.GetManifest(tag);
    if (!document.ok()) return Text(document.error());
    const auto manifest = spec::Manifest::Parse(document->bytes);
    if (!manifest.ok()) return Text(manifest.error());
    for (const spec::Descriptor& blob : {manifest->config, manifest->layers.at(0)}) {
      const Status got = Blob(client, blob);
      if (!got.ok()) return Text(got.error());
    }
    return "";
  }
  static Status Blob(Client& client, const spec::Descriptor& blob) {
    digest::Hasher hasher;
    Progress progress;
    int64_t bytes = 0;
    TRY(client.GetBlob(
        blob,
        [&](std::string_view chunk) {
          hasher.Update(chunk);
          bytes += static_cast<int64_t>(chunk.size());
          return Ok();
        },
        &progress));
    EXPECT_EQ(bytes, blob.size);
    EXPECT_EQ(progress.received, blob.size);
    if (hasher.Finish() != blob.digest) return Error(Code::kCorrupt, "digest mismatch (caller)");
    return Ok();
  }
  static std::string Text(const Error& error) {
    return error.Message() + (error.hint().empty() ? "" : " | " + error.hint());
  }

  static FaultRegistry* registry_;
};
FaultRegistry* RegistryTest::registry_ = nullptr;

void ExpectIn(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << text << "'\n  lacks '" << part << "'";
  for (const char c : text) EXPECT_GE(static_cast<unsigned char>(c), ' ');
}

TEST_F(RegistryTest, Ok) {
  const auto client = Connect("ok/1");
  EXPECT_EQ(Pull(*client), "");
  // No ping, no second connection attempt: three requests, the scheme found by the first.
  EXPECT_EQ(registry_->Requests("/ok/1/").size(), 3u);
  const auto document = client->GetManifest("latest");
  EXPECT_EQ(document->content_type, spec::kOciManifest);
  EXPECT_EQ(document->digest, digest::Sha256(document->bytes));
  EXPECT_EQ(client->GetManifest(document->digest.str())->bytes, document->bytes);
  const auto head = client->HeadManifest("latest");
  ASSERT_TRUE(head.ok()) << head.error().Message();
  EXPECT_EQ(head->digest, document->digest);
  EXPECT_EQ(head->bytes, "");
}

TEST_F(RegistryTest, BlobAsTheFirstRequest) {
  const auto manifest = spec::Manifest::Parse(Connect("ok")->GetManifest("latest")->bytes);
  const auto client = Connect("ok/blob-first");
  const Status got = Blob(*client, manifest->layers.at(0));
  EXPECT_TRUE(got.ok()) << got.error().Message();
}

TEST_F(RegistryTest, NoFaultsForUs) {
  for (const char* name : {"reset-mid-once/1", "range-ignored/1", "503-blob/1", "auth-bearer/1",
                           "double-auth/1", "double-auth-one/1", "auth-unquoted/1",
                           "token-expired/1", "redirect-other/1", "scope-inject/1", "cookie-set/1"})
    EXPECT_EQ(Pull(name), "") << name;
  ExpectIn(registry_->Requests("reset-mid-once/1/blobs").back(), "bytes=");
  for (const std::string& line : registry_->Requests("cookie-set/1"))
    ExpectIn(line, "\"cookie\": null");
  for (const std::string& line : registry_->Requests("\"other\", \"method\": \"GET\", \"path\": "
                                                     "\"/blob"))
    ExpectIn(line, "\"auth\": null");
  EXPECT_EQ(registry_->Requests("/token/scope-inject/1?").size(), 1u);
  ExpectIn(registry_->Requests("/token/scope-inject/1?").at(0),
           "scope=repository%3ascope-inject%2f1%3apull");
}

TEST_F(RegistryTest, RetryAfter) {
  const auto begin = Clock::now();
  std::thread other([] { EXPECT_EQ(Pull("503/1"), ""); });
  EXPECT_EQ(Pull("429/1"), "");
  EXPECT_GE(Clock::now() - begin, std::chrono::milliseconds(1900));  // twice a second
  other.join();
}

TEST_F(RegistryTest, GivesUp) {
  struct Case {
    const char* repository;
    const char* part;
    Code code;
  };
  for (const Case& c : {Case{"429-always/1", "too many requests: slow down", Code::kNetwork},
                        Case{"503-always/1", "HTTP status 503: maintenance", Code::kNetwork},
                        Case{"500/1", "HTTP status 500: oops \\x1b[2J", Code::kNetwork},
                        Case{"gone/1", "closed without an answer", Code::kNetwork}}) {
    const auto got = Connect(c.repository)->GetManifest("latest");
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().code(), c.code);
    ExpectIn(Text(got.error()), c.part);
    ExpectIn(Text(got.error()), "reading manifest latest in " + registry_->host());
  }
  EXPECT_EQ(registry_->Requests("/503-always/1/").size(), 4u);  // and three more tries
}

TEST_F(RegistryTest, BlobFaults) {
  ExpectIn(Pull("reset-mid/1"), "connection reset after 4000 of 262");
  EXPECT_EQ(registry_->Requests("bytes=").empty(), false);
  ExpectIn(Pull("truncate/1"), "truncated: got 131");
  ExpectIn(Pull("cl-long/1"), "wrong size");
  ExpectIn(Pull("cl-short/1"), "wrong size");
  ExpectIn(Pull("size-layer/1"), "wrong size");
  ExpectIn(Pull("size-config/1"), "wrong size");
  ExpectIn(Pull("baddigest-blob/1"), "digest mismatch (caller)");
  ExpectIn(Pull("range-wrong/1"), "wrong Content-Range");
  ExpectIn(Pull("404-blob/1"), "not found: blob unknown to registry");
  ExpectIn(Pull("404-blob/1"), "reading blob sha256:");
  ExpectIn(Pull("evil-digest/1"), "invalid digest");
  ExpectIn(Pull("foreign-url/1"), "not found");
  EXPECT_TRUE(registry_->Requests("/foreign\"").empty());
}

TEST_F(RegistryTest, Stalls) {
  Client::Options options = MakeOptions();
  options.retries = 1;
  options.stall_timeout_s = 1;
  const auto pull = [&](const std::string& repository) {
    return Pull(*Connect(MakeEndpoint(repository), options));
  };
  std::thread mid([&] { ExpectIn(pull("stall-mid/1"), "no data for 1 s after 131"); });
  std::thread slow([&] { ExpectIn(pull("slow/1"), "less than 1 KiB/s for 1 s after"); });
  std::thread token([&] { ExpectIn(pull("token-slow/1"), "no data for 1 s"); });
  ExpectIn(pull("stall-headers/1"), "no data for 1 s");
  for (std::thread* thread : {&mid, &slow, &token}) thread->join();
}

TEST_F(RegistryTest, Redirects) {
  ExpectIn(Pull("redirect-ftp/1"), "refusing a redirect to \"ftp://127.0.0.1\"");
  ExpectIn(Pull("redirect-file/1"), "redirect");
  ExpectIn(Pull("redirect-loop/1"), "more than 10 redirects");
  EXPECT_EQ(registry_->Requests("/redirect-loop/1/blobs").size(), 12u);  // the config's is one
}

TEST_F(RegistryTest, ManifestFaults) {
  ExpectIn(Pull("html-200/1"), "not a manifest (text/html)");
  ExpectIn(Pull("empty-manifest/1"), "not a manifest (0 bytes)");
  ExpectIn(Pull("no-type/1"), "not a manifest (no content type)");
  ExpectIn(Pull("wrong-type/1"), "ambiguous manifest");
  ExpectIn(Pull("ambiguous/1"), "ambiguous manifest");
  ExpectIn(Pull("huge-manifest/1"), "larger than 4 MiB");
  ExpectIn(Pull("wide-index/1"), "larger than 4 MiB");
  ExpectIn(Pull("hdr-huge/1"), "headers are larger than");
  ExpectIn(Pull("http09/1"), "not HTTP");
  ExpectIn(Pull("baddigest-manifest/1"), "digest mismatch");
  ExpectIn(Pull("hdr-digest/1"), "invalid digest");
  ExpectIn(Pull("407/1"), "HTTP status 407");
}

TEST_F(RegistryTest, Unknown) {
  const auto no_tag = Connect("ok/1")->GetManifest("nosuch");
  ASSERT_FALSE(no_tag.ok());
  EXPECT_EQ(no_tag.error().code(), Code::kNotFound);
  EXPECT_EQ(no_tag.error().Message(),
            "reading manifest nosuch in " + registry_->host() + "/ok/1: manifest unknown");
  const auto no_name = Connect("no-such-repository")->GetManifest("latest");
  ExpectIn(Text(no_name.error()), "manifest unknown: repository name not known to registry");
  EXPECT_EQ(Connect("ok/1")->HeadManifest("nosuch").error().code(), Code::kNotFound);
  const std::string other = "sha256:" + std::string(64, '0');
  EXPECT_EQ(Connect("ok/1")->GetManifest(other).error().code(), Code::kNotFound);
  for (const char* bad : {"", "a/b", "../x", "a b", "a?b", "a\nb"})
    EXPECT_EQ(Connect("ok/1")->GetManifest(bad).error().code(), Code::kInvalidArgument);
}

TEST_F(RegistryTest, Index) {
  const auto client = Connect("index/1");
  const auto index = client->GetManifest("latest");
  ASSERT_TRUE(index.ok()) << index.error().Message();
  EXPECT_TRUE(*spec::IsIndex(index->bytes, index->content_type));
  const auto chosen = spec::Index::Parse(index->bytes)->Select(spec::Platform::Host());
  ASSERT_TRUE(chosen.ok()) << chosen.error().Message();
  EXPECT_EQ(Pull(*client, chosen->digest.str()), "");
  const auto deep = spec::Index::Parse(Connect("deep-index/1")->GetManifest("latest")->bytes);
  EXPECT_FALSE(deep->Select(spec::Platform::Host()).ok());
  const auto others = spec::Index::Parse(Connect("no-platform/1")->GetManifest("latest")->bytes);
  EXPECT_EQ(others->Select(spec::Platform::Host()).error().code(), Code::kNotFound);
}

TEST_F(RegistryTest, RefusedAuthorization) {
  struct Case {
    const char* repository;
    const char* part;
  };
  for (const Case& c :
       {Case{"401-always/1", "unauthorized: authentication required"},
        Case{"auth-basic/1", "unauthorized"}, Case{"auth-none/1", "unauthorized"},
        Case{"auth-empty/1", "unauthorized"},
        Case{"auth-negotiate/1", "not supported (negotiate)"},
        Case{"auth-many/1", "malformed challenge"}, Case{"auth-garbage/1", "malformed challenge"},
        Case{"auth-twice/1", "malformed challenge"},
        Case{"auth-no-realm/1", "malformed challenge"}, Case{"401-huge-body/1", "unauthorized"},
        Case{"realm-file/1", "refusing realm"}, Case{"realm-ftp/1", "refusing realm"},
        Case{"realm-user/1", "refusing realm"}, Case{"realm-fragment/1", "refusing realm"},
        Case{"realm-relative/1", "refusing realm"},
        Case{"realm-link-local/1", "refusing to connect to a link-local"},
        Case{"realm-redirect/1", "refusing to follow a redirect with credentials"},
        Case{"token-huge/1", "larger than 1 MiB"}, Case{"token-long/1", "larger than 64 KiB"},
        Case{"token-html/1", "not a JSON object"}, Case{"token-empty/1", "no token"},
        Case{"token-crlf/1", "forbidden characters"},
        Case{"token-500/1", "token server is down"},
        Case{"token-denied/1", "unauthorized: requested access to the resource is denied"}})
    ExpectIn(Pull(c.repository), c.part);
  // 401, token, 401: no loop.
  EXPECT_EQ(registry_->Requests("/401-always/1").size(), 3u);
  EXPECT_EQ(Connect("401-always/2")->GetManifest("latest").error().code(), Code::kPermission);
  ExpectIn(Pull("auth-none/1"), "| it may not exist, or need a login: ctool login 127.0.0.1:");
  EXPECT_TRUE(registry_->Requests("\"other\", \"method\": \"GET\", \"path\": \"/token").empty());
}

TEST_F(RegistryTest, Credentials) {
  Endpoint endpoint = MakeEndpoint("auth-basic/2");
  endpoint.credentials = {"user", "secret", ""};
  EXPECT_EQ(Pull(*Connect(endpoint, MakeOptions())), "");
  endpoint.repository = "auth-bearer/2";
  EXPECT_EQ(Pull(*Connect(endpoint, MakeOptions())), "");
  ExpectIn(registry_->Requests("/token/auth-bearer/2").at(0), "account=user");
  ExpectIn(registry_->Requests("/token/auth-bearer/2").at(0), "Basic dXNlcjpzZWNyZXQ=");
  for (const std::string& line : registry_->Requests("/v2/auth-bearer/2"))
    EXPECT_EQ(line.find("Basic"), std::string::npos);

  endpoint.credentials.password = "wrong";
  for (const char* repository : {"auth-basic/3", "auth-bearer/3"}) {
    endpoint.repository = repository;
    const std::string text = Pull(*Connect(endpoint, MakeOptions()));
    ExpectIn(text, "unauthorized");
    ExpectIn(text, "the credentials for 127.0.0.1");
    EXPECT_EQ(text.find("wrong"), std::string::npos);
  }
  EXPECT_EQ(registry_->Requests("/auth-basic/3/").size(), 2u);

  endpoint.repository = "auth-bearer/4";
  endpoint.credentials = {"", "", "refresh"};
  EXPECT_EQ(Pull(*Connect(endpoint, MakeOptions())), "");
  ExpectIn(registry_->Requests("/token/auth-bearer/4").at(0), "POST");
}

TEST_F(RegistryTest, OneTokenForSeveralThreads) {
  const auto client = Connect("auth-bearer/5");
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int i = 0; i < 6; ++i)
    threads.emplace_back([&] { good += Pull(*client).empty() ? 1 : 0; });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 6);
  EXPECT_EQ(registry_->Requests("/token/auth-bearer/5").size(), 1u);
}

TEST_F(RegistryTest, SinkStopsTheDownload) {
  const auto client = Connect("ok/2");
  const auto manifest = spec::Manifest::Parse(client->GetManifest("latest")->bytes);
  const Status got = client->GetBlob(
      manifest->layers.at(0),
      [](std::string_view) { return Status(Error(Code::kIo, "no space left")); }, nullptr);
  ASSERT_FALSE(got.ok());
  EXPECT_EQ(got.error().Message(), "no space left");
}

TEST_F(RegistryTest, Cancel) {
  for (const char* repository : {"stall-headers/9", "429-huge-retry/9", "token-slow/9"}) {
    std::atomic<bool> cancel{false};
    Client::Options options = MakeOptions();
    options.cancel = &cancel;
    const auto client = Connect(MakeEndpoint(repository), options);
    std::thread later([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(150));
      cancel = true;
    });
    const auto begin = Clock::now();
    EXPECT_FALSE(client->GetManifest("latest").ok());
    EXPECT_LT(Clock::now() - begin, std::chrono::seconds(3)) << repository;  // not 60
    later.join();
  }
}

TEST_F(RegistryTest, PlainHttpNeedsPermission) {
  Endpoint endpoint = MakeEndpoint("ok/3");
  endpoint.allow_http = false;
  const std::string text = Pull(*Connect(endpoint, MakeOptions()));
  ExpectIn(text, "does not speak TLS");
  ExpectIn(text, "insecure = true");
  ExpectIn(text, "--tls-verify=false");
  EXPECT_TRUE(registry_->Requests("/ok/3/").empty());
}

// Pages are asked for by the last tag; the link's own target is not followed.
TEST_F(RegistryTest, TagsComeInPages) {
  std::string second = R"({"tags":["c"]})";
  http::RawServer server([&](const std::string& head) {
    if (head.find("last=b") != head.npos) return http::Reply("200 OK", "Connection: close\r\n", second);
    return http::Reply("200 OK", "Link: </v2/other/tags/list?last=x>; rel=\"next\"\r\nConnection: close\r\n",
                       R"({"name":"x","tags":["a","b"]})");
  });
  Endpoint endpoint = MakeEndpoint("x");
  endpoint.host = "127.0.0.1:" + std::to_string(server.port());
  const auto client = Connect(endpoint, MakeOptions());
  const auto tags = client->ListTags();
  ASSERT_TRUE(tags.ok()) << tags.error().Message();
  EXPECT_EQ(*tags, (std::vector<std::string>{"a", "b", "c"}));
  for (const char* bad : {R"({"tags":["../x"]})", R"({"tags":["a b"]})", R"({"tags":[1]})", R"({"tags":["sha256:0"]})", "[]", "<"}) {
    second = bad;
    EXPECT_EQ(client->ListTags().error().code(), Code::kCorrupt) << bad;
  }
  second = R"({"tags":null})";
  EXPECT_TRUE(client->ListTags().ok());
}

TEST_F(RegistryTest, ALinkToAnotherServerIsNotFollowed) {
  http::RawServer elsewhere([](const std::string&) { return http::Reply("200 OK", "", R"({"tags":["evil"],"repositories":["evil"]})"); });
  http::RawServer server([&](const std::string& head) {
    const bool tags = head.find("/tags/") != head.npos;
    if (head.find("last=b") != head.npos)
      return http::Reply("200 OK", "Connection: close\r\n", tags ? R"({"tags":["c"]})" : R"({"repositories":["c-x"]})");
    return http::Reply("200 OK", "Link: <" + elsewhere.url("/v2/x/tags/list?last=b") + ">; rel=\"next\"\r\nConnection: close\r\n",
                       tags ? R"({"tags":["a","b"]})" : R"({"repositories":["a-x","b"]})");
  });
  Endpoint endpoint = MakeEndpoint("x");
  endpoint.host = "127.0.0.1:" + std::to_string(server.port());
  EXPECT_EQ(*Connect(endpoint, MakeOptions())->ListTags(), (std::vector<std::string>{"a", "b", "c"}));
  endpoint.repository.clear();
  const auto hits = Search(endpoint, MakeOptions(), "x", 10);
  ASSERT_TRUE(hits.ok()) << hits.error().Message();
  ASSERT_EQ(hits->size(), 2u);
  EXPECT_EQ((*hits)[1].name, "c-x");
  EXPECT_TRUE(elsewhere.heads().empty());
}

TEST_F(RegistryTest, DockerHubThroughAProxy) {
  http::RawServer proxy([](const std::string&) {
    return http::Reply("407 Proxy Authentication Required", "Connection: close\r\n", "");
  });
  ::setenv("https_proxy", proxy.url().c_str(), 1);
  Endpoint endpoint = MakeEndpoint("library/alpine");
  endpoint.host = "docker.io";
  endpoint.allow_http = false;
  const std::string text = Pull(*Connect(endpoint, MakeOptions()));
  ::unsetenv("https_proxy");
  ExpectIn(text, "reading manifest latest in docker.io/library/alpine: ");
  ExpectIn(text, "cannot reach registry-1.docker.io:443 through the proxy");
  ExpectIn(text, "407");
  EXPECT_EQ(proxy.heads().at(0).find("CONNECT registry-1.docker.io:443 HTTP/1.1\r\n"), 0u);
}

TEST_F(RegistryTest, Unreachable) {
  Endpoint endpoint = MakeEndpoint("x");
  endpoint.host = "127.0.0.1:1";
  Client::Options options;  // real delays: there must be none
  const auto begin = Clock::now();
  ExpectIn(Pull(*Connect(endpoint, options)), "cannot connect to 127.0.0.1:1: Connection refused");
  endpoint.host = "no-such-host.invalid";
  ExpectIn(Pull(*Connect(endpoint, options)), "cannot resolve the host name");
  EXPECT_LT(Clock::now() - begin, std::chrono::seconds(5));
}

}  // namespace
}  // namespace ctool::registry
