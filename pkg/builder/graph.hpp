// SPDX-License-Identifier: Apache-2.0
//
// Which stages a build needs, and what each is made from. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "build/ast.hpp"
#include "build/scope.hpp"

namespace ctool::builder {

// Where a FROM, --from= or from= leads.
struct Origin {
  enum class Kind { kScratch, kStage, kImage, kContext };
  Kind kind = Kind::kScratch;
  size_t stage = 0;
  std::string name;      // of an image; of a --build-context
  std::string platform;  // as asked for; empty: the build's
};

// Names of --build-context: the image that each stands for, or nothing when it is a folder.
using GivenContexts = std::map<std::string, std::string>;

struct Graph {
  struct Node {
    Origin base;
    std::string image;  // of FROM, expanded: for people
    std::set<size_t> needs;
  };
  std::vector<Node> nodes;          // one a stage of the file
  size_t target = 0;
  std::vector<size_t> needed;       // in the file's order, the target among them

  // `given`: names of --build-context. `from`: in place of the first image. kInvalidArgument: no such target, a stage that is
  // its own origin, an unset variable in FROM.
  static Result<Graph> Make(const build::Containerfile& file, const build::GlobalScope& scope, const GivenContexts& given,
                            const std::string& target, const std::string& from);
  // "[2/3] ", as buildah has it: of the stages up to the target, those that are not needed among them. Empty: there is one.
  std::string PrefixOf(size_t stage) const;
  // What --from=TEXT means in a stage.
  Origin Find(const build::Containerfile& file, const GivenContexts& given, size_t stage, const std::string& text) const;
};

}  // namespace ctool::builder
