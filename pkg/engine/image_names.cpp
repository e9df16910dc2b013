// SPDX-License-Identifier: Apache-2.0
#include "engine/image_names.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "engine/images.hpp"
#include "engine/tell.hpp"
#include "spec/reference.hpp"

namespace ctool::engine {
namespace {

// As podman names what is made here: below localhost/ unless it says where.
Result<std::string> WholeName(const std::string& name, const char* doing) {
  Result<spec::Reference> parsed = spec::Reference::ParseWithDomain(name, "localhost");
  if (!parsed.ok()) return std::move(parsed).error().Wrap("normalizing name " + Quote(name));
  if (!parsed->digest.empty())
    return Error(Code::kInvalidArgument, Printable(name) + ": " + doing + " by digest not supported");
  return parsed->Name();
}

Result<std::vector<std::string>> WholeNames(const std::vector<std::string>& names, const char* doing) {
  std::vector<std::string> whole;
  for (const std::string& name : names) whole.push_back(TRY(WholeName(name, doing)));
  return whole;
}

}  // namespace

Status TagImage(Engine& engine, const std::string& image, const std::vector<std::string>& names) {
  const FoundImage found = TRY(RequireImage(engine, image));
  const std::vector<std::string> whole = TRY(WholeNames(names, "tag"));
  state::Database& db = *TRY(engine.Db());
  TRY(db.Transaction(state::Database::Commit::kDurable, [&]() -> Status {
    for (const std::string& name : whole) TRY(db.SetName(name, found.image.id));
    return Ok();
  }));
  for (const std::string& name : whole) TellImage(engine, "tag", found.image.id, name);
  return Ok();
}

Status UntagImage(Engine& engine, const std::string& image, const std::vector<std::string>& names) {
  const FoundImage found = TRY(RequireImage(engine, image));
  std::vector<std::string> whole = found.image.names;
  if (!names.empty()) whole = TRY(WholeNames(names, "untag"));
  for (const std::string& name : whole)
    if (std::find(found.image.names.begin(), found.image.names.end(), name) == found.image.names.end())
      return Error(Code::kNotFound, Printable(name) + ": tag not known");
  state::Database& db = *TRY(engine.Db());
  TRY(db.Transaction(state::Database::Commit::kDurable, [&]() -> Status {
    for (const std::string& name : whole) TRY(db.RemoveName(name));
    return Ok();
  }));
  for (const std::string& name : whole) TellImage(engine, "untag", found.image.id, name);
  return Ok();
}

}  // namespace ctool::engine
