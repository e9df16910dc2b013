// SPDX-License-Identifier: Apache-2.0
#include "engine/search.hpp"

#include "base/log.hpp"
#include "base/text.hpp"
#include "config/registries.hpp"
#include "engine/endpoint_internal.hpp"
#include "engine/images.hpp"
#include "spec/reference.hpp"

namespace ctool::engine {
namespace {

constexpr int64_t kDefaultLimit = 25, kMostHits = 10'000;

struct Filter {
  int64_t stars = 0;
  std::optional<bool> official, automated;
};

Result<bool> Flag(const std::string& value, const std::string& filter) {
  if (value.empty() || value == "true") return true;
  if (value == "false") return false;
  return Error(Code::kInvalidArgument, "invalid filter " + Quote(filter) + ": it is true or false");
}

Result<Filter> ParseFilters(const std::vector<std::string>& texts) {
  Filter out;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    const std::string key = text.substr(0, equals), value = equals == std::string::npos ? "" : text.substr(equals + 1);
    if (key == "stars") {
      const auto stars = ParseInt(value);
      if (!stars) return Error(Code::kInvalidArgument, "incorrect value type for stars filter: " + Quote(value));
      out.stars = *stars;
    } else if (key == "is-official") {
      out.official = TRY(Flag(value, text));
    } else if (key == "is-automated") {
      out.automated = TRY(Flag(value, text));
    } else {
      return Error(Code::kInvalidArgument, "invalid filter type " + Quote(text));
    }
  }
  return out;
}

bool Matches(const Filter& filter, const registry::SearchHit& hit) {
  return hit.stars >= filter.stars && filter.official.value_or(hit.official) == hit.official &&
         filter.automated.value_or(hit.automated) == hit.automated;
}

// "host:5000/part of a name" or "part of a name", which every search registry is asked for.
Result<std::vector<std::pair<std::string, std::string>>> WhereToAsk(const config::Registries& registries,
                                                                    const std::string& term) {
  const size_t slash = term.find('/');
  const std::string first = term.substr(0, slash);
  const bool host = slash != std::string::npos &&
                    (first.find_first_of(".:") != std::string::npos || first == "localhost");
  std::vector<std::pair<std::string, std::string>> out;
  if (host) {
    out.emplace_back(first, term.substr(slash + 1));
    return out;
  }
  for (const std::string& registry : registries.search()) out.emplace_back(registry, term);
  if (out.empty()) return Error(Code::kInvalidArgument, "no registries to search: registries.conf names none");
  return out;
}

Result<std::vector<registry::SearchHit>> Ask(Engine& engine, const config::Registries& registries,
                                             const SearchOptions& options, const std::string& host,
                                             const std::string& term, size_t limit) {
  spec::Reference any;
  any.domain = host;
  any.path = "x";
  any.tag = "latest";
  const std::vector<config::RegistryLocation> locations = TRY(registries.Locations(any));
  const config::RegistryLocation location{host, "", !locations.empty() && locations.back().insecure};
  registry::Endpoint endpoint = TRY(EndpointFor(*TRY(engine.Paths()), options.fetch, location));
  endpoint.repository.clear();
  return registry::Search(std::move(endpoint), TRY(ClientOptions(options.fetch)), term, limit);
}

}  // namespace

Result<std::vector<SearchRow>> SearchImages(Engine& engine, const SearchOptions& options) {
  const Filter filter = TRY(ParseFilters(options.filters));
  if (options.limit < 0 || options.limit > kMostHits)
    return Error(Code::kInvalidArgument, "--limit is 1 to " + std::to_string(kMostHits));
  const auto limit = static_cast<size_t>(options.limit == 0 ? kDefaultLimit : options.limit);
  const config::Registries registries = TRY(config::Registries::Load());
  const auto places = TRY(WhereToAsk(registries, options.term));
  std::vector<SearchRow> rows;
  for (const auto& [host, term] : places) {
    Result<std::vector<registry::SearchHit>> hits = Ask(engine, registries, options, host, term, limit);
    if (!hits.ok()) {
      Error error = std::move(hits).error().Wrap("couldn't search registry " + Quote(host));
      if (places.size() == 1) return error;
      Warn(error.Message());
      continue;
    }
    for (const registry::SearchHit& hit : *hits) {
      if (!Matches(filter, hit)) continue;
      const bool library = host == "docker.io" && hit.name.find('/') == std::string::npos;
      rows.push_back({host, host + "/" + (library ? "library/" : "") + hit.name, hit.description, "", hit.stars,
                      hit.official, hit.automated});
    }
  }
  return rows;
}

Result<std::vector<SearchRow>> SearchTags(Engine& engine, const SearchOptions& options) {
  const auto limit = static_cast<size_t>(options.limit <= 0 ? kDefaultLimit : options.limit);
  std::vector<SearchRow> rows;
  for (const std::string& name : TRY_CTX("getting repository tags", AllTags(engine, options.term, options.fetch))) {
    if (rows.size() == limit) break;
    const size_t colon = name.rfind(':');
    const std::string repository = name.substr(0, colon);
    rows.push_back({repository.substr(0, repository.find('/')), repository, "", name.substr(colon + 1), 0, false, false});
  }
  return rows;
}

}  // namespace ctool::engine
