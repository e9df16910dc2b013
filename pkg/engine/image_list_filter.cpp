// SPDX-License-Identifier: Apache-2.0
//
// The filters of `images`, as podman-images(1) has them.
#include <fnmatch.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.hpp"
#include "engine/filter_time.hpp"
#include "engine/image_labels.hpp"
#include "engine/image_list_internal.hpp"
#include "engine/label_filter_internal.hpp"
#include "spec/reference.hpp"

namespace ctool::engine {
namespace {

using Predicate = std::function<bool(const state::Image&)>;

// An image with its config, which is only parsed when a filter wants to know.
class Configs {
 public:
  explicit Configs(const std::vector<state::Image>& all) : all_(all) {}

  const spec::ImageConfig& Of(const state::Image& image) {
    const auto [it, added] = parsed_.try_emplace(image.id);
    if (!added) return it->second;
    Result<spec::ImageConfig> config = spec::ImageConfig::Parse(image.config);
    if (config.ok()) it->second = std::move(*config);
    return it->second;
  }

  bool IsIntermediate(const state::Image& image) {
    if (!image.names.empty()) return false;
    const spec::ImageConfig& config = Of(image);
    return std::any_of(all_.begin(), all_.end(), [&](const state::Image& other) {
      if (other.id == image.id || other.layers.size() < image.layers.size()) return false;
      if (!image.layers.empty() && other.layers.front().diff_id != image.layers.front().diff_id) return false;
      return IsParent(config, Of(other));
    });
  }

 private:
  const std::vector<state::Image>& all_;
  std::map<std::string, spec::ImageConfig> parsed_;
};

Error Invalid(std::string why) { return Error(Code::kInvalidArgument, std::move(why)); }

Result<bool> ParseBool(const std::string& key, const std::string& value) {
  const std::string word = ToLower(value);
  if (word == "true" || word == "1" || word == "t") return true;
  if (word == "false" || word == "0" || word == "f") return false;
  return Invalid("non-boolean value " + Quote(value) + " for " + key + " filter");
}

class FilterParser {
 public:
  FilterParser(Engine& engine, Configs& configs) : engine_(engine), configs_(configs) {}

  Result<Predicate> Parse(const std::string& key, const std::string& value) {
    if (key == "reference") return Reference(value);
    if (key == "label")
      return Predicate([value](const state::Image& image) { return MatchesLabel(LabelsOf(image), value); });
    if (key == "id")
      return Predicate([value](const state::Image& i) { return StartsWith(i.id, value); });
    if (key == "digest") return DigestFilter(value);
    if (key == "until") return Until(value);
    if (key == "before" || key == "since" || key == "after") return Relative(key, value);
    return Flag(key, value);
  }

 private:
  Result<Predicate> Reference(const std::string& value) {
    // A name that an image answers to is that image, whatever else the pattern would match.
    std::string id;
    Result<std::optional<FoundImage>> found = FindImage(engine_, value);
    if (found.ok() && *found) id = (*found)->image.id;
    return Predicate([value, id](const state::Image& image) {
      if (image.id == id) return true;
      return std::any_of(image.names.begin(), image.names.end(), [&](const std::string& name) {
        return MatchesReference(value, name);
      });
    });
  }

  static Result<Predicate> DigestFilter(const std::string& value) {
    if (!StartsWith(value, "sha256:")) return Invalid("invalid value " + Quote(value) + " for digest filter");
    return Predicate([value](const state::Image& image) {
      if (StartsWith(image.manifest_digest, value)) return true;
      return std::any_of(image.digests.begin(), image.digests.end(), [&](const std::string& one) {
        return StartsWith(std::string_view(one).substr(one.find('@') + 1), value);
      });
    });
  }

  static Result<Predicate> Until(const std::string& value) {
    const int64_t until = TRY(ParseFilterTime(value));
    return Predicate([until](const state::Image& image) { return image.created < until; });
  }

  Result<Predicate> Relative(const std::string& key, const std::string& value) {
    Result<FoundImage> found = RequireImage(engine_, value);
    if (!found.ok())
      return std::move(found).error().Wrap("could not find local image for filter " + Quote(key) + "=" + Quote(value));
    const int64_t created = found->image.created;
    if (key == "before")
      return Predicate([created](const state::Image& i) { return i.created < created; });
    return Predicate([created](const state::Image& i) { return i.created > created; });
  }

  Result<Predicate> Flag(const std::string& key, const std::string& value) {
    if (key != "dangling" && key != "intermediate" && key != "readonly" && key != "manifest" &&
        key != "containers")
      return Invalid("unsupported image filter " + Quote(key));
    // Other programs' containers do not live in this store.
    if (key == "containers" && value == "external") return Predicate([](const state::Image&) { return false; });
    if (key == "containers" && value != "true" && value != "false")
      return Invalid("unsupported value " + Quote(value) + " for containers filter");
    const bool wanted = TRY(ParseBool(key, value));
    if (key == "dangling")
      return Predicate([this, wanted](const state::Image& i) {
        return (i.names.empty() && !configs_.IsIntermediate(i)) == wanted;
      });
    if (key == "intermediate")
      return Predicate(
          [this, wanted](const state::Image& i) { return configs_.IsIntermediate(i) == wanted; });
    if (key == "containers") {
      const std::vector<std::string> used = TRY(TRY(engine_.Db())->UsedImages());
      return Predicate([users = std::set<std::string>(used.begin(), used.end()), wanted](const state::Image& image) {
        return (users.count(image.id) > 0) == wanted;
      });
    }
    // No image of this store is read-only, none is a list of manifests.
    return Predicate([wanted](const state::Image&) { return !wanted; });
  }

  Engine& engine_;
  Configs& configs_;
};

struct Filter {
  std::string key, value;
  bool negated = false;
};

Result<Filter> Split(const std::string& filter) {
  const size_t equals = filter.find('=');
  if (equals == std::string::npos)
    return Invalid("invalid image filter " + Quote(filter) + R"(: must be in the format "filter=value or filter!=value")");
  Filter out{filter.substr(0, equals), filter.substr(equals + 1), false};
  if (!EndsWith(out.key, "!")) return out;
  out.key.pop_back();
  out.negated = true;
  return out;
}

}  // namespace

bool IsParent(const spec::ImageConfig& parent, const spec::ImageConfig& child) {
  if (parent.history.empty() || child.history.size() <= parent.history.size()) return false;
  if (child.diff_ids.size() < parent.diff_ids.size()) return false;
  if (!std::equal(parent.diff_ids.begin(), parent.diff_ids.end(), child.diff_ids.begin()))
    return false;
  return std::equal(parent.history.begin(), parent.history.end(), child.history.begin(),
                    [](const spec::HistoryEntry& a, const spec::HistoryEntry& b) {
                      return a.created == b.created && a.created_by == b.created_by &&
                             a.author == b.author && a.comment == b.comment &&
                             a.empty_layer == b.empty_layer;
                    });
}

bool MatchesReference(const std::string& pattern, const std::string& reference) {
  const auto matches = [&pattern](const std::string& text) {
    return ::fnmatch(pattern.c_str(), text.c_str(), FNM_PATHNAME) == 0;
  };
  if (matches(reference)) return true;
  const Result<spec::Reference> parsed = spec::Reference::Parse(reference);
  if (!parsed.ok()) return false;
  const std::string repository = parsed->Repository();
  const std::string suffix = reference.substr(std::min(repository.size(), reference.size()));
  const std::string base = repository.substr(repository.rfind('/') + 1);
  return matches(repository) || matches(parsed->path) || matches(parsed->path + suffix) ||
         matches(base) || matches(base + suffix);
}

Result<std::vector<state::Image>> FilterImages(Engine& engine, std::vector<state::Image> all,
                                               const std::vector<std::string>& filters) {
  Configs configs(all);
  FilterParser parser(engine, configs);
  std::map<std::string, std::vector<Predicate>> any_of;  // by key
  std::vector<Predicate> all_of;
  for (const std::string& text : filters) {
    const Filter filter = TRY(Split(text));
    Predicate predicate = TRY(parser.Parse(filter.key, filter.value));
    if (filter.negated)
      all_of.push_back([predicate](const state::Image& image) { return !predicate(image); });
    else if (filter.key == "label")
      all_of.push_back(std::move(predicate));
    else
      any_of[filter.key].push_back(std::move(predicate));
  }
  const auto keeps = [&](const state::Image& image) {
    const auto holds = [&image](const Predicate& predicate) { return predicate(image); };
    return std::all_of(all_of.begin(), all_of.end(), holds) &&
           std::all_of(any_of.begin(), any_of.end(), [&](const auto& key) {
             return std::any_of(key.second.begin(), key.second.end(), holds);
           });
  };
  std::vector<state::Image> kept;
  for (const state::Image& image : all)
    if (keeps(image)) kept.push_back(image);
  return kept;
}

}  // namespace ctool::engine
