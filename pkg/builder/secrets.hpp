// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace ctool::builder {

// --secret and --ssh: what steps may ask for. Values are in memory alone, and in no message.
class Secrets {
 public:
  // "id=ID[,src=FILE][,env=NAME][,type=file|env]"; "ID[=SOCKET]". kInvalidArgument, kNotFound.
  static Result<Secrets> Read(const std::vector<std::string>& secrets, const std::vector<std::string>& ssh);

  const std::string* Find(const std::string& id) const;        // a secret's bytes
  const std::string* FindSocket(const std::string& id) const;  // an agent's socket

 private:
  std::map<std::string, std::string> secrets_, sockets_;
};

}  // namespace ctool::builder
