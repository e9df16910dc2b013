// SPDX-License-Identifier: Apache-2.0
//
// Secrets: `secret create`, `ls` ... A file each below the store's folder `secrets`, which only the user may read.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "engine/engine.hpp"

namespace ctool::engine {

struct Secret {
  std::string id;  // 25 hex characters
  std::string name, driver;
  std::map<std::string, std::string> labels;
  int64_t created = 0, updated = 0;  // wall ns
  std::string data;                  // empty in a list
};

struct CreateSecretOptions {
  std::string name, data;
  std::string driver = "file";
  std::vector<std::string> labels, driver_options;
  bool replace = false;  // one of that name gets the new data
  bool ignore = false;   // one of that name is as good
};
// More is no secret, but a file.
inline constexpr size_t kMaxSecret = 512'000;

// Returns its id. kAlreadyExists.
Result<std::string> CreateSecret(Engine& engine, const CreateSecretOptions& options);
// By name, id, or a beginning of an id that no other has. kNotFound.
Result<Secret> FindSecret(Engine& engine, const std::string& name_or_id);
// By name, without data. Filters: name=, id=.
Result<std::vector<Secret>> ListSecrets(Engine& engine, const std::vector<std::string>& filters);
// Returns its id. Containers that were made with it keep what is in their files.
Result<std::string> RemoveSecret(Engine& engine, const std::string& name_or_id);

}  // namespace ctool::engine
