// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "http/client.hpp"
#include "http/tls_internal.hpp"
#include "http/url.hpp"

namespace ctool::http {

struct Exchange;

struct CurlFree {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct MultiFree {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

// Runs one exchange at a time, redirects not followed. Its connections stay open between them.
class Session {
 public:
  // `share` holds what the sessions of one client have in common.
  Session(const Options& options, const Trust& trust, CURLSH* share);

  // Sends `request` to its own URL, which must be https (or http where the options allow it).
  Transfer Run(const Request& request, CaSource source, const Client::Sink& sink);

 private:
  void Configure(const Request& request, const Url& url, CaSource source);
  void ConfigureTls(const Url& url, CaSource source);
  void ConfigureProxy(const Url& url);
  void ConfigureMethod(const Request& request);
  void NameCause(CURLcode code, const std::string& detail, const Url& url,
                 Exchange& exchange) const;

  const Options& options_;
  const Trust& trust_;
  std::unique_ptr<CURLM, MultiFree> multi_;  // owns the connections
  std::unique_ptr<CURL, CurlFree> easy_;
  std::unique_ptr<curl_slist, CurlFree> headers_;
};

// Why curl stopped, as a Failure and a sentence that names the host. `detail` is curl's own text.
struct Diagnosis {
  Failure failure;
  Error error;
};
Diagnosis Diagnose(CURLcode code, CURL* easy, const std::string& detail, const Url& url,
                   int64_t connect_timeout_s);
Diagnosis CertificateWanted(const Url& url);

}  // namespace ctool::http
