// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "http/client.hpp"
#include "registry/auth_internal.hpp"
#include "registry/client.hpp"

namespace ctool::registry {

// Requests to one repository: finds out the scheme, adds the authorization, tries again.
class Transport {
 public:
  static Result<std::unique_ptr<Transport>> Create(Endpoint endpoint, Client::Options options);

  // Sends `request` for /v2/REPOSITORY/`path`, or for a path that begins with "/". A 401 is answered once, by a new authorization. The
  // transfer's failure is kRefused when the authorization could not be had.
  http::Transfer Send(http::Request request, const std::string& path,
                      const http::Client::Sink& sink = {});

  // Sends `request` for a URL that an answer of the registry gave. When it is of another origin, no authorization goes
  // there, and it must not be less safe than the registry's own.
  http::Transfer SendTo(http::Request request, const std::string& url);

  // Send, tried again as long as that may help.
  http::Transfer SendPersistently(const http::Request& request, const std::string& path);

  const Endpoint& endpoint() const { return endpoint_; }
  const Client::Options& options() const { return options_; }
  bool contacted() const { return contacted_; }
  // A blob is being fetched over several connections.
  std::atomic<bool>& segments_in_use() { return segments_in_use_; }

 private:
  Transport(Endpoint endpoint, Client::Options options);
  std::string Url(const std::string& scheme, const std::string& path) const;
  std::string Path(const std::string& path) const;
  http::Transfer Perform(http::Request request, const std::string& path,
                         const http::Client::Sink& sink);
  template <class Sender>
  http::Transfer Authorized(http::Request request, Sender send);
  http::Transfer Discover(const http::Request& request, const std::string& path);

  const Endpoint endpoint_;
  const Client::Options options_;
  std::unique_ptr<http::Client> http_;
  std::unique_ptr<Authorizer> authorizer_;
  std::atomic<bool> contacted_{false}, segments_in_use_{false};
  std::mutex discovery_;                        // one thread finds the scheme out
  std::atomic<const char*> scheme_{nullptr};    // "https" or "http", once it is known
};

}  // namespace ctool::registry
