// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <set>

#include "base/log.hpp"
#include "base/text.hpp"
#include "http/url.hpp"
#include "registry/explain_internal.hpp"
#include "registry/transport_internal.hpp"

namespace ctool::registry {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxDocument = 4 << 20, kMaxCatalog = 10'000;

std::string TextOf(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

bool FlagOf(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_boolean() && it->get<bool>();
}

// {"results": [{"name": ..., "description": ..., "star_count": 1, "is_official": true}]}; nothing: it is something else.
std::optional<std::vector<SearchHit>> HitsOfVersion1(const std::string& body) {
  const Json doc = Json::parse(body, nullptr, false);
  if (!doc.is_object() || !doc.contains("results") || !doc["results"].is_array()) return std::nullopt;
  std::vector<SearchHit> hits;
  for (const Json& one : doc["results"]) {
    if (!one.is_object()) return std::nullopt;
    SearchHit hit;
    hit.name = TextOf(one, "name");
    hit.description = TextOf(one, "description");
    if (one.contains("star_count") && one["star_count"].is_number_integer()) hit.stars = one["star_count"].get<int64_t>();
    hit.official = FlagOf(one, "is_official");
    hit.automated = FlagOf(one, "is_automated");
    if (!hit.name.empty()) hits.push_back(std::move(hit));
  }
  return hits;
}

Result<std::vector<SearchHit>> SearchCatalog(Transport& transport, const std::string& term, size_t limit) {
  std::vector<SearchHit> hits;
  std::set<std::string> seen;
  for (std::string path = "/v2/_catalog?n=1000";;) {
    http::Request request;
    request.max_body = kMaxDocument;
    const http::Transfer transfer = transport.SendPersistently(request, path);
    if (!transfer.ok() || transfer.response.status != 200)
      return Explain(transport.endpoint(), transfer, "the registry can't be searched");
    const Json doc = Json::parse(transfer.response.body, nullptr, false);
    if (!doc.is_object() || !doc.contains("repositories"))
      return Error(Code::kCorrupt, "the answer is no list of repositories");
    std::string last;
    const size_t before = seen.size();
    for (const Json& name : doc["repositories"]) {
      if (!name.is_string()) return Error(Code::kCorrupt, "the answer is no list of repositories");
      last = name.get<std::string>();
      if (!seen.insert(last).second || last.find(term) == std::string::npos) continue;
      SearchHit hit;
      hit.name = last;
      hits.push_back(std::move(hit));
      if (hits.size() == limit) return hits;
    }
    // The link only says that there is more: where it leads is the server's idea.
    const bool more = !transfer.response.Header("link").empty() && seen.size() > before && seen.size() < kMaxCatalog;
    if (!more) return hits;
    path = "/v2/_catalog?" + http::EncodeForm({{"n", "1000"}, {"last", last}});
  }
}

}  // namespace

Status CheckLogin(Endpoint endpoint, Client::Options options) {
  if (endpoint.host == "docker.io" || endpoint.host == "index.docker.io") endpoint.host = "registry-1.docker.io";
  const std::unique_ptr<Transport> transport = TRY(Transport::Create(std::move(endpoint), std::move(options)));
  const http::Transfer transfer = transport->SendPersistently(http::Request{}, "/v2/");
  if (transfer.ok() && transfer.response.status == 200) return Ok();
  return Explain(transport->endpoint(), transfer, "this is no registry");
}

Result<std::vector<SearchHit>> Search(Endpoint endpoint, Client::Options options, const std::string& term, size_t limit) {
  if (endpoint.host == "registry-1.docker.io" || endpoint.host == "docker.io") endpoint.host = "index.docker.io";
  options.catalog = true;
  const std::unique_ptr<Transport> transport = TRY(Transport::Create(std::move(endpoint), std::move(options)));
  http::Request request;
  request.max_body = kMaxDocument;
  const http::Transfer transfer = transport->SendPersistently(
      request, "/v1/search?" + http::EncodeForm({{"n", std::to_string(limit)}, {"q", term}}));
  if (transfer.failure == http::Failure::kCancelled || transfer.failure == http::Failure::kUnreachable ||
      transfer.failure == http::Failure::kCertificate || transfer.failure == http::Failure::kNotTls)
    return Explain(transport->endpoint(), transfer, "");
  if (transfer.ok() && transfer.response.status == 200)
    if (std::optional<std::vector<SearchHit>> hits = HitsOfVersion1(transfer.response.body)) {
      if (hits->size() > limit) hits->resize(limit);
      return std::move(*hits);
    }
  return SearchCatalog(*transport, term, limit);
}

}  // namespace ctool::registry
