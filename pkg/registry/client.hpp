// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
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
  std::atomic<int64_t> received{0};  // or sent
};

// A blob to be sent. Its bytes can be read more than once, from any offset.
struct BlobUpload {
  spec::Digest digest;  // empty: it is known when all bytes are
  int64_t size = -1;    // -1: the same
  // At least one byte from `offset` on, or 0 at the end; may wait for them, and end early once Options::cancel is true.
  std::function<Result<size_t>(int64_t offset, std::span<char> into)> read;
  // Without digest and size: waits for the last byte and tells them.
  std::function<Result<spec::Descriptor>()> finish;
  // Repositories of the same registry that may have the blob, best first.
  std::vector<std::string> mount_from;
};
enum class BlobSent { kPresent, kMounted, kUploaded };

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
    bool push = false;                    // asks for the right to push, too
    bool catalog = false;                 // asks for the right to read the list of repositories
    std::vector<std::string> mount_from;  // with `push`: and for that to read these repositories
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

  // --- with Options::push ---

  // Whether the repository has the blob.
  virtual Result<bool> HasBlob(const spec::Digest& digest) = 0;
  // Makes the repository have the blob: looks first, has it mounted from one of the other repositories, or sends it in
  // one request (two when its digest is found out on the way). A connection that breaks is resumed where the registry
  // says that it is, or the upload begins anew; 1 MiB of progress sets the count of tries back. kCorrupt when the
  // registry says that it has got something else.
  virtual Result<BlobSent> PutBlob(const BlobUpload& blob, Progress* progress) = 0;
  // Puts a manifest or index under a tag or its digest. To be called when everything in it is there. kCorrupt when
  // the registry says that its digest is another one.
  virtual Status PutManifest(const std::string& tag_or_digest, const std::string& media_type,
                             const std::string& bytes) = 0;
};

// Whether the registry knows the endpoint's credentials; its repository must be empty. kPermission when it does not.
Status CheckLogin(Endpoint endpoint, Client::Options options);

// What a registry finds for `term`.
struct SearchHit {
  std::string name;  // without the registry
  std::string description;
  int64_t stars = 0;
  bool official = false, automated = false;
};
// By the search of version 1 of the protocol where a registry has it, else in its catalog, of which at most 10,000 names
// are read. At most `limit` of them. The endpoint's repository must be empty.
Result<std::vector<SearchHit>> Search(Endpoint endpoint, Client::Options options, const std::string& term, size_t limit);

// Errors everywhere: kNotFound "manifest unknown" (404), kPermission "unauthorized", kNetwork with
// host and cause (a hint for certificates and for HTTP answered on an HTTPS port), kCorrupt for an
// answer that breaks the spec, kPermission "denied" and hints for what a registry refuses to take. Server text is shown
// escaped and cut short.

}  // namespace ctool::registry
