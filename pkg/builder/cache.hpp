// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "builder/layer.hpp"
#include "state/store.hpp"
#include "storage/store.hpp"

namespace ctool::builder {

// What earlier builds have made, by key. Thread safe.
class Cache {
 public:
  struct Options {
    bool find = true;    // --no-cache: nothing is found, everything is kept
    int64_t ttl_ns = 0;  // older is not found; 0: no limit
  };
  Cache(const storage::Store& store, state::Database& db, std::string boot_id, Options options)
      : store_(store), db_(db), boot_id_(std::move(boot_id)), options_(options) {}

  // The layer, if it is there and can be believed. A record without a layer: a step that had nothing to do.
  struct Hit {
    std::string key;  // the one that decides, when several lead to it
    std::optional<PackedLayer> layer;
  };
  Result<std::optional<Hit>> Find(const std::string& key);
  Status Keep(const std::string& key, const std::optional<PackedLayer>& layer, const std::string& description);
  // `also` leads to `key`.
  Status KeepAlias(const std::string& also, const std::string& key, const std::string& description);

  Result<state::Image> LoadImage(const std::string& id);  // kNotFound

  // The id of an image that was made of the same, if it is still there.
  Result<std::string> FindImage(const std::string& key);
  Status KeepImage(const std::string& key, const std::string& id, const std::string& description);

  // The end of a build that went well: what was found is used now, what nobody has used for long is forgotten.
  Status Settle();
  // The keys that this build has used or made.
  std::vector<std::string> keys() const;
  const std::set<std::string>& made() const { return made_; }  // diff ids that are not durable yet

 private:
  bool IsUsable(const state::BuildRecord& record, const state::Layer& layer) const;

  const storage::Store& store_;
  state::Database& db_;
  const std::string boot_id_;
  const Options options_;
  mutable std::mutex mutex_;
  std::vector<std::string> used_, kept_;
  std::set<std::string> made_;
};

}  // namespace ctool::builder
