// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "ctool-images/commands.hpp"
#include "ctool/context.hpp"
#include "ctool/system/check.hpp"

namespace ctool {
namespace {

using engine::CheckReport;
using engine::Damage;

// As podman prints a list of errors.
void PrintDamage(const Context& context, const CheckReport& report) {
  for (const Damage& d : report.damage) {
    std::string text = std::string("Damaged ") + engine::KindName(d.kind) + " " + Printable(d.id) + ":\n" + std::to_string(d.problems.size()) +
                       (d.problems.size() == 1 ? " error" : " errors") + " occurred:\n";
    for (const std::string& problem : d.problems) text += "\t* " + Printable(problem) + "\n";
    PrintRaw(context, text + "\n");
  }
}

void PrintMended(const Context& context, const CheckReport& report) {
  for (const std::string& what : report.mended) PrintLine(context, "Mended " + what);
  for (const std::string& what : report.not_mended) PrintLine(context, "Not mended: " + Printable(what));
}

Status Repair(Context& context, const engine::CheckOptions& options, CheckReport report) {
  engine::CheckOptions again = options;
  again.repair = false;
  if (options.from_registry) {
    report = TRY(engine::CheckStore(context.engine, again));
    if (!report.damage.empty()) PrintMended(context, TRY(engine::MendFromRegistry(context.engine, report)));
  }
  report = TRY(engine::CheckStore(context.engine, again));
  if (options.force && !report.damage.empty()) {
    const engine::RemovedDamage removed = TRY(engine::RemoveDamaged(context.engine, report));
    for (const std::string& id : removed.images) PrintLine(context, "Deleted damaged image: " + id);
    for (const std::string& name : removed.artifacts) PrintLine(context, "Deleted damaged artifact: " + Printable(name));
    for (const std::string& id : removed.containers) PrintLine(context, "Deleted damaged container: " + id);
    report = TRY(engine::CheckStore(context.engine, again));
  }
  if (report.damage.empty()) return Ok();
  return Error(Code::kCorrupt, "damage in local storage still present after repair attempt");
}

}  // namespace

Result<int> RunCheck(Context& context, const CheckCommandOptions& o) {
  engine::CheckOptions options = o.check;
  options.quick = o.quick;
  options.force = o.force;
  options.repair = o.repair || o.force || options.from_registry;
  const CheckReport report = TRY(engine::CheckStore(context.engine, options));
  PrintDamage(context, report);
  PrintMended(context, report);
  if (report.damage.empty()) return 0;
  if (!options.repair)
    return Error(Code::kCorrupt, "damage detected in local storage").Hint("ctool system check --repair mends what it can");
  TRY(Repair(context, options, report));
  return 0;
}

}  // namespace ctool
