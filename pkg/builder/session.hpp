// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "builder/cache.hpp"
#include "builder/host.hpp"
#include "builder/options.hpp"
#include "builder/output.hpp"
#include "builder/secrets.hpp"
#include "builder/source_tree.hpp"
#include "engine/interrupt.hpp"
#include "spec/platform.hpp"
#include "storage/store.hpp"
#include "userns/userns.hpp"

namespace ctool::builder {

// So many steps at once; a stage that waits for another one holds no slot.
class Slots {
 public:
  explicit Slots(size_t count) : free_(count) {}
  class Held {
   public:
    explicit Held(Slots& slots) : slots_(slots) { slots_.Take(); }
    ~Held() { slots_.Give(); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

   private:
    Slots& slots_;
  };

 private:
  void Take();
  void Give();
  std::mutex mutex_;
  std::condition_variable given_;
  size_t free_;
};

// What the timestamps of a reproducible image are.
struct Times {
  std::optional<int64_t> created;  // wall ns: of the image and its history
  std::optional<int64_t> files;    // seconds: of what is in the layers
  bool clamp = false;              // files: only what is later becomes it
};

// What all stages of a build have in common.
struct Session {
  const BuildOptions& options;
  const storage::Store& store;
  const userns::IdMap& map;
  engine::Interrupt& interrupt;
  const HostClient& host;
  Cache& cache;
  Output& output;
  Slots& slots;
  const SourceTree* context;  // null: there is none
  const Secrets& secrets;
  const std::string run_root;  // for what is to be in memory
  const std::string empty;     // a folder with nothing in it
  const Times times;
  const bool one_layer;  // all steps of a stage write to one layer, and nothing is cached

  // An error once a signal came, or another stage has failed.
  Status GoOn() const;

  // Shared: paths of layers are being read, until they are mounted; exclusive: a layer gets its name.
  std::shared_mutex paths;
};

}  // namespace ctool::builder
