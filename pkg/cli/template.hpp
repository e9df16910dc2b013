// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "cli/value.hpp"

namespace ctool::cli {

struct TemplateSet;

// Go's text/template, as `--format` takes it: all of the language, its functions, and podman's
// json, join, lower, pad, split, title, truncate and upper. Errors are Go's texts
// ("template: ps:1:2: executing "ps" at <.Nosuch>: can't evaluate field ...").
class Template {
 public:
  // `name` stands in error texts. Errors: kInvalidArgument.
  static Result<Template> Parse(std::string_view name, std::string_view text);

  // The text for one value of dot; nothing is shown of a template that fails half way.
  // Errors: kInvalidArgument.
  Result<std::string> Execute(const Value& data) const;

 private:
  explicit Template(std::shared_ptr<const TemplateSet> set) : set_(std::move(set)) {}
  std::shared_ptr<const TemplateSet> set_;
};

}  // namespace ctool::cli
