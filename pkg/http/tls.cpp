// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"
#include "http/tls_internal.hpp"
#include "sys/file.hpp"

namespace ctool::http {
namespace {

constexpr size_t kMaxPemBytes = 1 << 20;

std::string Environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  if (value != nullptr && *value != '\0') return value;
  return otherwise != nullptr ? otherwise : "";
}

Result<std::vector<std::string>> List(const std::string& dir) {
  const sys::Fd fd = TRY(sys::Open(dir, O_RDONLY | O_DIRECTORY));
  std::vector<std::string> names = TRY(sys::ListDir(fd.get(), dir));
  std::sort(names.begin(), names.end());
  return names;
}

// Made by c_rehash: names like "5ed36f99.0".
bool IsHashed(const std::string& dir) {
  const Result<std::vector<std::string>> names = List(dir);
  return names.ok() && std::any_of(names->begin(), names->end(), [](const std::string& name) {
           return name.size() == 10 && EndsWith(name, ".0");
         });
}

Status ReadCertDir(const std::string& dir, Trust& trust) {
  Result<std::vector<std::string>> names = List(dir);
  if (!names.ok()) {
    if (names.error().code() == Code::kNotFound) return Ok();
    return std::move(names).error();
  }
  for (const std::string& name : *names) {
    const std::string path = dir + "/" + name;
    const std::string stem = path.substr(0, path.rfind('.'));
    if (EndsWith(name, ".crt")) {
      trust.extra_cas += TRY(sys::ReadFile(path, kMaxPemBytes)) + "\n";
    } else if (EndsWith(name, ".cert")) {
      if (!sys::Exists(stem + ".key"))
        return Error(Code::kInvalidArgument,
                     "missing key " + Quote(stem + ".key") + " for client certificate " +
                         Quote(path))
            .Hint("a CA certificate must have the extension .crt");
      if (trust.client_cert.empty()) {
        trust.client_cert = path;
        trust.client_key = stem + ".key";
      }
    } else if (EndsWith(name, ".key") && !sys::Exists(stem + ".cert")) {
      return Error(Code::kInvalidArgument, "missing client certificate " +
                                               Quote(stem + ".cert") + " for key " + Quote(path));
    }
  }
  return Ok();
}

}  // namespace

Result<Trust> Trust::Find(const std::vector<std::string>& cert_dirs) {
  const curl_version_info_data* info = curl_version_info(CURLVERSION_NOW);
  Trust out;
  out.ca_file = Environment("SSL_CERT_FILE", info->cainfo);
  out.ca_dir = Environment("SSL_CERT_DIR", info->capath);
  // Somebody who names a file alone means that file alone.
  if (std::getenv("SSL_CERT_FILE") != nullptr && std::getenv("SSL_CERT_DIR") == nullptr)
    out.ca_dir.clear();
  if (!out.ca_dir.empty() && !IsHashed(out.ca_dir)) out.ca_dir.clear();
  for (const std::string& dir : cert_dirs) TRY(ReadCertDir(dir, out));
  return out;
}

void ApplyTrust(CURL* easy, const Trust& trust, CaSource source) {
  const bool bundle = source == CaSource::kBundle || trust.ca_dir.empty();
  const char* dir = trust.ca_dir.empty() ? nullptr : trust.ca_dir.c_str();
  curl_easy_setopt(easy, CURLOPT_CAPATH, dir);
  curl_easy_setopt(easy, CURLOPT_CAINFO,
                   bundle && !trust.ca_file.empty() ? trust.ca_file.c_str() : nullptr);
  if (trust.extra_cas.empty()) return;
  // A blob replaces the file, so it has to hold the file's CAs too.
  std::string pem = trust.extra_cas;
  if (bundle) {
    const Result<std::string> file = sys::ReadFile(trust.ca_file, 16 * kMaxPemBytes);
    if (file.ok()) pem += *file;
  }
  curl_blob blob{pem.data(), pem.size(), CURL_BLOB_COPY};
  curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
}

}  // namespace ctool::http
