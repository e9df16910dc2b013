// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "fault_registry.hpp"
#include "registry/client.hpp"

namespace ctool::registry {
namespace {

// A CA and certificates that it signed, made by openssl(1).
class Authority {
 public:
  Authority() {
    Run({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-subj", "/CN=Test CA", "-keyout", Path("ca.key"), "-out", Path("ca.crt")});
    CHECK(sys::WriteFileAtomic(Path("index.txt"), "", 0600, sys::Durability::kNone).ok());
    CHECK(sys::WriteFileAtomic(Path("ca.conf"),
                               "[ca]\ndefault_ca=c\n[c]\ndatabase=" + Path("index.txt") +
                                   "\nnew_certs_dir=" + dir_.path() +
                                   "\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n"
                                   "unique_subject=no\ncopy_extensions=copy\n"
                                   "[p]\ncommonName=supplied\n",
                               0600, sys::Durability::kNone)
              .ok());
  }

  std::string Path(const std::string& name) const { return dir_.path() + "/" + name; }

  // NAME.pem and NAME.key, for the subject alternative name `san`, valid until `end`.
  void Issue(const std::string& name, const std::string& san,
             const std::string& end = "20490101000000Z") {
    Run({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
         "/CN=" + name, "-addext", "subjectAltName=" + san, "-keyout", Path(name + ".key"), "-out",
         Path(name + ".csr")});
    Run({"ca", "-batch", "-notext", "-config", Path("ca.conf"), "-cert", Path("ca.crt"), "-keyfile",
         Path("ca.key"), "-startdate", "20200101000000Z", "-enddate", end, "-in",
         Path(name + ".csr"), "-out", Path(name + ".pem")});
  }

 private:
  static void Run(std::vector<std::string> arguments) {
    const Result<std::string> openssl = sys::FindProgram("openssl", sys::ProgramPath());
    CHECK(openssl.ok());
    arguments.insert(arguments.begin(), *openssl);
    sys::SpawnOptions options;
    options.argv = std::move(arguments);
    options.env = TestEnvironment();
    const Result<sys::Captured> done = sys::RunCaptured(options);
    ASSERT_TRUE(done.ok() && done->status.ok()) << (done.ok() ? done->err : "");
  }

  TestDir dir_;
};

class TlsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    authority_ = new Authority();
    authority_->Issue("good", "IP:127.0.0.1");
  }
  static void TearDownTestSuite() {
    delete authority_;
    authority_ = nullptr;
  }

  static std::string P(const std::string& name) { return authority_->Path(name); }
  static std::vector<std::string> Tls(const std::string& name) {
    return {"--tls", P(name + ".pem"), P(name + ".key")};
  }
  // A certs.d folder with the CA in it.
  static void Trust(const TestDir& dir) { Copy(P("ca.crt"), dir.path() + "/ca.crt"); }
  static void Copy(const std::string& from, const std::string& to) {
    const Result<std::string> text = sys::ReadFile(from);
    CHECK(text.ok() && sys::WriteFileAtomic(to, *text, 0600, sys::Durability::kNone).ok());
  }

  static Endpoint MakeEndpoint(const FaultRegistry& registry, const std::string& repository) {
    Endpoint endpoint;
    endpoint.host = registry.host();
    endpoint.repository = repository;
    return endpoint;
  }
  // "" or the error.
  static std::string Fetch(Endpoint endpoint) {
    Client::Options options;
    options.retries = 1;
    options.retry_delay_ms = 1;
    const auto client = Client::Connect(std::move(endpoint), options);
    if (!client.ok()) return client.error().Message();
    const auto document = (*client)->GetManifest("latest");
    if (!document.ok()) return document.error().Message() + " | " + document.error().hint();
    const auto manifest = spec::Manifest::Parse(document->bytes);
    const Status blob = (*client)->GetBlob(
        manifest->layers.at(0), [](std::string_view) { return Ok(); }, nullptr);
    return blob.ok() ? "" : blob.error().Message();
  }

  static Authority* authority_;
};
Authority* TlsTest::authority_ = nullptr;

void ExpectIn(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "'" << text << "'\n  lacks '" << part << "'";
}

TEST_F(TlsTest, KnownAuthority) {
  const FaultRegistry registry(Tls("good"));
  Endpoint endpoint = MakeEndpoint(registry, "auth-bearer");
  const std::string refused = Fetch(endpoint);
  ExpectIn(refused, "signed by an unknown authority");
  ExpectIn(refused, "certs.d/" + registry.host());
  EXPECT_TRUE(registry.Requests("auth-bearer").empty());
  const TestDir certs;
  Trust(certs);
  endpoint.cert_dirs = {"/no/such/dir", certs.path()};
  EXPECT_EQ(Fetch(endpoint), "");
  endpoint.cert_dirs.clear();
  endpoint.skip_tls_verify = true;
  EXPECT_EQ(Fetch(endpoint), "");
  // Nothing but https, although plain HTTP was allowed too.
  EXPECT_EQ(registry.Requests("/v2/auth-bearer/manifests").size(), 4u);
}

TEST_F(TlsTest, BadCertificates) {
  authority_->Issue("other", "DNS:other.example");
  authority_->Issue("old", "IP:127.0.0.1", "20210101000000Z");
  const TestDir certs;
  Trust(certs);
  for (const auto& [name, why] : {std::pair("other", "is for another host name"),
                                  std::pair("old", "has expired")}) {
    const FaultRegistry registry(Tls(name));
    Endpoint endpoint = MakeEndpoint(registry, "ok");
    endpoint.cert_dirs = {certs.path()};
    ExpectIn(Fetch(endpoint), why);
    EXPECT_TRUE(registry.Requests("/v2/ok").empty());
  }
  const FaultRegistry registry({"--tls", P("ca.crt"), P("ca.key")});
  ExpectIn(Fetch(MakeEndpoint(registry, "ok")), "its certificate is self-signed");
}

TEST_F(TlsTest, ClientCertificate) {
  authority_->Issue("me", "DNS:me");
  std::vector<std::string> arguments = Tls("good");
  arguments.insert(arguments.end(), {"--client-ca", P("ca.crt")});
  const FaultRegistry registry(arguments);
  const TestDir certs;
  Trust(certs);
  Endpoint endpoint = MakeEndpoint(registry, "ok");
  endpoint.cert_dirs = {certs.path()};
  ExpectIn(Fetch(endpoint), "wants a client certificate");
  Copy(P("me.pem"), certs.path() + "/client.cert");
  ExpectIn(Fetch(endpoint), "missing key");
  Copy(P("me.key"), certs.path() + "/client.key");
  EXPECT_EQ(Fetch(endpoint), "");
}

TEST_F(TlsTest, NoDowngrade) {
  const FaultRegistry registry(Tls("good"));
  const TestDir certs;
  Trust(certs);
  Endpoint endpoint = MakeEndpoint(registry, "realm-http/1");
  endpoint.cert_dirs = {certs.path()};
  endpoint.credentials = {"user", "secret", ""};
  ExpectIn(Fetch(endpoint), "refusing to send credentials over http");
  endpoint.repository = "redirect-other/1";
  ExpectIn(Fetch(endpoint), "refusing a redirect to \"http://127.0.0.1\"");
  EXPECT_TRUE(registry.Requests("\"other\"").empty());
  // The token server is asked over TLS, the registry itself never sees the password.
  endpoint.repository = "auth-bearer/1";
  EXPECT_EQ(Fetch(endpoint), "");
  EXPECT_EQ(registry.Requests("Basic").size(), 2u);
  EXPECT_EQ(registry.Requests("Basic").size(), registry.Requests("/token/").size());
}

}  // namespace
}  // namespace ctool::registry
