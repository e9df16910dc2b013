// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "ctool/context.hpp"
#include "ctool/globals.hpp"
#include "ctool/system/commands.hpp"
#include "spec/platform.hpp"

namespace ctool {
namespace {

using cli::Value;

struct VersionOptions {
  std::string format;
};

cli::Command Describe(VersionOptions& o) {
  cli::Command c;
  c.summary = "Show the version";
  c.prose = "Prints the version of this program, which is client and server in one.";
  c.options.push_back({.name = "format",
                       .short_name = 'f',
                       .value = "format",
                       .help = "Print by a Go template, or json",
                       .sink = &o.format});
  c.examples = {{"version"}, {"version -f \"{{.Client.Version}}\""}};
  return c;
}

std::string OsArch() {
  const spec::Platform host = spec::Platform::Host();
  return host.os + "/" + host.architecture;
}

std::string Commit() {
  const std::string commit = kCtoolCommit;
  return commit.empty() ? "" : "\nGit Commit:   " + commit;
}

// podman's fields; what only a program written in Go has is empty.
Value Client() {
  Value v = Value::Struct("define.Version");
  v.Set("APIVersion", CTOOL_VERSION)
      .Set("Version", CTOOL_VERSION)
      .Set("GoVersion", "")
      .Set("GitCommit", kCtoolCommit);
  v.Set("BuiltTime", "").Set("Built", 0).Set("OsArch", OsArch()).Set("Os", "linux");
  return v;
}

Value Versions() {
  Value v = Value::Struct("entities.SystemVersionReport");
  v.Set("Client", Client(), {.omit_empty = true});
  v.Set("Server", Value::NilPointer("*define.Version"), {.omit_empty = true});
  return v;
}

// "{{.Version}}" and "{{.Server.Version}}" are the client's too: there is one program.
Result<std::string> ByTemplate(const std::string& format) {
  Result<std::string> text = cli::FormatOne("version", Versions(), format);
  if (text.ok()) return text;
  std::string plain = format;
  for (size_t at; (at = plain.find(".Server.")) != std::string::npos;) plain.replace(at, 8, ".");
  Result<std::string> other = cli::FormatOne("version", Client(), plain);
  return other.ok() ? std::move(other) : std::move(text);
}

Result<int> Run(Context& context, const VersionOptions& o) {
  if (cli::IsJsonFormat(o.format)) PrintLine(context, cli::ToJson(Versions(), 2));
  else if (!o.format.empty()) PrintRaw(context, TRY(ByTemplate(o.format)));
  else
    PrintRaw(context, "Client:       ctool\nVersion:      " CTOOL_VERSION + Commit() + "\nOS/Arch:      " + OsArch() + "\n");
  return 0;
}

}  // namespace

cli::Runnable VersionCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
