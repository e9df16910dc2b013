// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

namespace ctool::network {

// Things that somebody far away can have made by sending a datagram: so there is a limit, and when it is reached the
// one that has been silent longest makes room. One that is silent for too long goes in any case.
template <class Flow>
class FlowTable {
 public:
  FlowTable(size_t most, int64_t idle_ns) : most_(most), idle_ns_(idle_ns) {}

  // And notes that it is in use. Null: there is none.
  Flow* Find(const std::string& key, int64_t now) {
    const auto at = by_key_.find(key);
    if (at == by_key_.end()) return nullptr;
    Touch(*at->second, now);
    return at->second->flow.get();
  }
  // Returns the one that had to go, if one had to.
  std::shared_ptr<Flow> Insert(std::string key, std::shared_ptr<Flow> flow, int64_t now) {
    std::shared_ptr<Flow> gone = by_key_.size() >= most_ ? Remove(std::string(by_age_.front().key)) : nullptr;
    by_age_.push_back({key, std::move(flow), now});
    by_key_[std::move(key)] = std::prev(by_age_.end());
    return gone;
  }
  std::shared_ptr<Flow> Remove(const std::string& key) {
    const auto at = by_key_.find(key);
    if (at == by_key_.end()) return nullptr;
    std::shared_ptr<Flow> gone = std::move(at->second->flow);
    by_age_.erase(at->second);
    by_key_.erase(at);
    return gone;
  }
  // One that has been silent for too long; null: there is none.
  std::shared_ptr<Flow> TakeIdle(int64_t now) {
    if (by_age_.empty() || by_age_.front().used + idle_ns_ > now) return nullptr;
    return Remove(std::string(by_age_.front().key));
  }
  // Until there may be one; -1: there is nothing.
  int64_t NanosUntilIdle(int64_t now) const {
    return by_age_.empty() ? -1 : by_age_.front().used + idle_ns_ > now ? by_age_.front().used + idle_ns_ - now : 0;
  }
  size_t size() const { return by_key_.size(); }

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<Flow> flow;
    int64_t used;
  };
  using Entries = std::list<Entry>;  // the one silent longest comes first
  void Touch(Entry& entry, int64_t now) {
    entry.used = now;
    const auto at = by_key_.find(entry.key);
    by_age_.splice(by_age_.end(), by_age_, at->second);
  }
  size_t most_;
  int64_t idle_ns_;
  Entries by_age_;
  std::unordered_map<std::string, typename Entries::iterator> by_key_;
};

}  // namespace ctool::network
