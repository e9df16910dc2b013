// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "ctool/context.hpp"
#include "ctool/system/commands.hpp"
#include "doctor/doctor.hpp"

namespace ctool {
namespace {

using cli::Value;
using doctor::Finding;
using doctor::State;

struct DoctorOptions {
  std::string format;
  bool fix_script = false, quiet = false;
};

cli::Command Describe(DoctorOptions& o) {
  cli::Command c;
  c.summary = "Say what containers can do here, and what mends the rest";
  c.prose =
      "Looks at everything that containers need or profit from: subordinate ids, newuidmap, user namespaces, AppArmor, seccomp filters "
      "around ctool, /proc, the store's file system and space, overlays, control groups, the run folder, lingering, the programs for "
      "networks, ports, name servers, registries, the clock and limits. What can only be known by trying is tried.\n\n"
      "Each check is ok, degraded (it works, but less) or off. What is not ok is shown with the reason, with what does not work "
      "therefore, and with the command that mends it.\n\n"
      "With --fix-script it prints a shell script for an administrator, with the commands that are for root; read it before you run it. "
      "A registry is only connected to, not asked; what does not answer within three seconds counts as degraded.";
  c.options = {{.name = "fix-script", .help = "Print a shell script for an administrator that mends what is not ok", .sink = &o.fix_script},
               {.name = "format", .value = "format", .help = "Print by a Go template, or json", .sink = &o.format},
               {.name = "quiet", .short_name = 'q', .help = "Print only what is not ok", .sink = &o.quiet}};
  c.examples = {{"doctor"},
                {"doctor --fix-script", "what an administrator would have to run"},
                {"doctor --format \"{{.Check}} {{.Result}}\""}};
  c.exits = {{"0", "`ctool run` works"}, {"1", "something that it needs is off"}};
  return c;
}

Value RowOf(const Finding& f) {
  Value v = Value::Struct("doctor.Finding");
  v.Set("Check", f.check, {.name = "check"}).Set("Result", doctor::Name(f.state), {.name = "result"});
  v.Set("Reason", Printable(f.reason), {.name = "reason"}).Set("Consequence", Printable(f.consequence), {.name = "consequence"});
  v.Set("Mend", f.mend, {.name = "mend"}).Set("Command", f.is_command, {.name = "command"});
  v.Set("Root", f.by_root, {.name = "root"}).Set("Required", f.required, {.name = "required"});
  return v;
}

std::string Paragraph(const Finding& f) {
  constexpr int kResultWidth = 10, kCheckWidth = 16;
  const auto pad = [](std::string text, size_t width) { return text.append(text.size() < width ? width - text.size() : 1, ' '); };
  const std::string indent(kResultWidth + kCheckWidth, ' ');
  std::string out = pad(std::string(doctor::Name(f.state)), kResultWidth) + pad(f.check, kCheckWidth) + Printable(f.reason) + "\n";
  if (!f.consequence.empty()) out += indent + "so: " + Printable(f.consequence) + "\n";
  if (f.mend.empty()) return out;
  const char* label = !f.is_command ? "mend: " : f.by_root ? "mend, as root: " : "mend: ";
  return out + indent + label + Printable(f.mend) + "\n";
}

std::string Verdict(const std::vector<Finding>& findings) {
  std::vector<std::string> off;
  for (const Finding& f : findings)
    if (f.required && f.state == State::kOff) off.push_back(f.check);
  return off.empty() ? "ctool run works.\n" : "ctool run does not work: " + Join(off, ", ") + ".\n";
}

Result<std::string> Show(const std::vector<Finding>& findings, const DoctorOptions& o) {
  std::vector<const Finding*> shown;
  for (const Finding& f : findings)
    if (!o.quiet || f.state != State::kOk) shown.push_back(&f);
  if (cli::IsJsonFormat(o.format)) {
    Value list = Value::List();
    for (const Finding* f : shown) list.Append(RowOf(*f));
    return cli::ToJson(list, 4) + "\n";
  }
  if (!o.format.empty()) {
    cli::Listing listing{.name = "doctor", .rows = {}};
    for (const Finding* f : shown) listing.rows.push_back(RowOf(*f));
    return cli::FormatListing(listing, o.format);
  }
  std::string out;
  for (const Finding* f : shown) out += Paragraph(*f);
  return out + Verdict(findings);
}

Result<int> Run(Context& context, const DoctorOptions& o) {
  if (o.fix_script && (!o.format.empty() || o.quiet))
    return Error(Code::kInvalidArgument, "--fix-script can't be combined with --format or --quiet").Hint("the script holds only what is not ok");
  const std::vector<Finding> findings = doctor::Examine(context.engine);
  PrintRaw(context, o.fix_script ? doctor::FixScript(findings, doctor::Caller()) : TRY(Show(findings, o)));
  return doctor::Runs(findings) ? 0 : 1;
}

}  // namespace

cli::Runnable DoctorCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
