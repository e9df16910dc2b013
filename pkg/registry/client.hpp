// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "spec/image.hpp"
#include "spec/reference.hpp"

namespace ctool::registry {

struct Credentials {
  std::string username, password;  // both empty: anonymous
  std::string identity_token;      // from auth.json; sent as refresh token
};

// How to talk to one registry host, from registries.conf, certs.d, auth files and the command line
// (config::RegistryFor and config::CredentialsFor fill it).
struct Endpoint {
  std::string host;               // "registry-1.docker.io", "127.0.0.1:5000"
  std::string repository;         // "library/alpine"
  bool allow_http = false;        // marked insecure: TLS unverified, then plain HTTP
  bool skip_tls_verify = false;   // the same, from --tls-verify=false
  std::vector<std::string> cert_dirs;  // certs.d/HOST folders: *.crt CAs, *.cert + *.key pairs
  Credentials credentials;
};

struct FetchedDocument {
  std::string bytes;         // exactly as received
  std::string content_type;  // without parameters
  spec::Digest digest;       // over `bytes`, verified against the digest asked for, if one was
};

struct Progress {
  std::atomic<int64_t> received{0};
};

// A client for one repository. Thread safe: blobs may be fetched by several threads at once; the
// token is shared and renewed when it expires. Every request has connect and low-speed timeouts,
// retries with back-off (429 and 5xx, honouring Retry-After up to 60 s; connection failures), and
// ends within a second of `cancel` becoming true.
// Spec: OCI distribution-spec v1.1; token authentication as in the distribution project's docs.
class Client {
 public:
  struct Options {
    int retries = 3;             // after the first try
    int64_t retry_delay_ms = 0;  // 0: exponential from 1 s
    const std::atomic<bool>* cancel = nullptr;
    std::string user_agent;
    int64_t stall_timeout_s = 60;
    // A blob that has come so slowly over one connection for so long is fetched over several. Registries limit the
    // connection, or its round trips do; who has this rate gains nothing.
    int64_t slow_bytes_per_s = 24 << 20;
    int64_t slow_after_ms = 1500;
    int64_t segment_bytes = 4 << 20;  // what a connection fetches at a time, and has in memory
  };
  static Result<std::unique_ptr<Client>> Connect(Endpoint endpoint, Options options);
  virtual ~Client() = default;

  // GET (or HEAD: bytes empty, digest from Docker-Content-Digest) of a manifest or index.
  virtual Result<FetchedDocument> GetManifest(const std::string& tag_or_digest) = 0;
  virtual Result<FetchedDocument> HeadManifest(const std::string& tag_or_digest) = 0;

  // The repository's tags, in the registry's order; at most 100,000, each of them once.
  virtual Result<std::vector<std::string>> ListTags() = 0;

  // Streams a blob: `sink` gets every byte once, in order; it returns an error to stop, which comes
  // back unchanged. Resumes by Range after a lost connection; a try that brought 1 MiB does not
  // count against Options::retries. The size must match exactly; hashing is the caller's (it has
  // the bytes anyway).
  using Sink = std::function<Status(std::string_view chunk)>;
  virtual Status GetBlob(const spec::Descriptor& blob, const Sink& sink, Progress* progress) = 0;
};

// Errors everywhere: kNotFound "manifest unknown" (404), kPermission "unauthorized", kNetwork with
// host and cause (a hint for certificates and for HTTP answered on an HTTPS port), kCorrupt for an
// answer that breaks the spec. Server text is shown escaped and cut short.

}  // namespace ctool::registry
