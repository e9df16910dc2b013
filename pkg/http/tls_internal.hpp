// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include <string>
#include <vector>

#include "base/result.hpp"

namespace ctool::http {

// Whom we trust, and who we are. Found once a client.
struct Trust {
  std::string ca_file;    // one PEM file with all CAs
  std::string ca_dir;     // a directory that OpenSSL can look a CA up in by its hash
  std::string extra_cas;  // PEM text: the *.crt of cert_dirs
  std::string client_cert, client_key;  // paths; both or none

  // SSL_CERT_FILE and SSL_CERT_DIR count, as for every OpenSSL or Go program.
  static Result<Trust> Find(const std::vector<std::string>& cert_dirs);
};

enum class CaSource {
  kDirectory,  // 2 ms a connection where there is one
  kBundle,     // 40 ms: the whole file is parsed; it may hold CAs that the directory lacks
};

// Sets `easy` up to verify servers against `trust`.
void ApplyTrust(CURL* easy, const Trust& trust, CaSource source);

}  // namespace ctool::http
