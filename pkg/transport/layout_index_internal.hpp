// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "spec/image.hpp"
#include "spec/layouts.hpp"
#include "transport/image.hpp"

namespace ctool::transport {

// Says of an entry that it was a list in the store: `load` makes it one again, where it would else take the image for the
// platform, as of any index.
inline constexpr char kListAnnotation[] = "io.ctool.list";

// The index.json of an OCI layout that is being written.
class LayoutIndex {
 public:
  LayoutIndex() { index_.media_type = spec::kOciIndex; }
  explicit LayoutIndex(spec::Index index) : index_(std::move(index)) {}

  // An entry a name. A name means one image: an entry that has it already goes.
  void Add(const Document& top, const std::vector<std::string>& names);
  std::string Print() const { return index_.Print(); }

 private:
  spec::Index index_;
};

}  // namespace ctool::transport
