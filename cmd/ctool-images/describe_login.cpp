// SPDX-License-Identifier: Apache-2.0
#include "ctool-images/commands.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

cli::Option CompatAuthFile(std::string& sink) {
  return {.name = "compat-auth-file", .value = "file", .help = "File with the credentials, in docker's form", .sink = &sink,
          .complete = cli::Complete::kFiles};
}

}  // namespace

cli::Command DescribeLogin(LoginCommandOptions& o) {
  cli::Command command;
  command.summary = "Log in to a registry";
  command.prose =
      "Asks for a user name and password, unless they are given, finds out whether REGISTRY takes them, and keeps them: in "
      "$XDG_RUNTIME_DIR/containers/auth.json, in the file that --authfile or REGISTRY_AUTH_FILE names, or with the "
      "credential helper that this file names. REGISTRY may go on with a namespace, for which alone they then are. Without "
      "it the first unqualified-search registry of registries.conf is meant.";
  command.usage = "[REGISTRY]";
  command.options = {
      {.name = "username", .short_name = 'u', .value = "name", .help = "User name", .sink = &o.username},
      {.name = "password", .short_name = 'p', .value = "password",
       .help = "Password; others on this host can see it: --password-stdin is safer", .sink = &o.password},
      {.name = "password-stdin", .help = "Read the password from the standard input", .sink = &o.password_stdin},
      AuthFileOption(o.fetch.authfile),
      CompatAuthFile(o.compat_auth_file),
      CertDirOption(o.fetch.cert_dir),
      TlsVerifyOption(o.fetch.tls_verify),
      {.name = "get-login", .help = "Print the user name that is logged in", .sink = &o.get_login},
      {.name = "verbose", .short_name = 'v', .help = "Print which file the credentials are kept in", .sink = &o.verbose},
  };
  command.args = {{.name = "REGISTRY", .min = 0, .sink = &o.registry, .complete = cli::Complete::kRegistries}};
  command.examples = {{"login registry.example"},
                      {"login -u ci --password-stdin registry.example/team <token"},
                      {"login --get-login registry.example"}};
  command.exits = {{"0", "the registry knows the credentials"}, {"125", "it does not, or could not be asked"}};
  return command;
}

cli::Command DescribeLogout(LogoutCommandOptions& o) {
  cli::Command command;
  command.summary = "Log out of a registry";
  command.prose = "Forgets the credentials that `ctool login` has kept for REGISTRY.";
  command.usage = "[REGISTRY]";
  command.options = {
      {.name = "all", .short_name = 'a', .help = "Forget those of all registries", .sink = &o.all},
      AuthFileOption(o.authfile),
      CompatAuthFile(o.compat_auth_file),
  };
  command.args = {{.name = "REGISTRY", .min = 0, .sink = &o.registry, .complete = cli::Complete::kRegistries}};
  command.examples = {{"logout registry.example"}, {"logout --all"}};
  command.exits = {{"125", "there was no login"}};
  return command;
}

cli::Command DescribeSearch(SearchCommandOptions& o) {
  cli::Command command;
  command.summary = "Search registries for images";
  command.prose =
      "Shows the images whose names TERM is a part of: in the registry that it begins with, or in every unqualified-search "
      "registry of registries.conf. A registry without a search has its list of repositories looked through.";
  command.options = {
      {.name = "limit", .value = "number", .help = "How many to show, for each registry", .sink = &o.search.limit},
      {.name = "filter", .short_name = 'f', .value = "key=value",
       .help = "Show what matches: stars=N, is-official, is-automated", .sink = &o.search.filters, .words = words::kSearchFilters},
      {.name = "format", .value = "format", .help = "Print by a Go template, or json", .sink = &o.format, .words = words::kSearchFormats},
      {.name = "list-tags", .help = "Show the tags of the repository TERM", .sink = &o.list_tags},
      {.name = "no-trunc", .help = "Show descriptions whole", .sink = &o.no_trunc},
      {.name = "compatible", .help = "Show stars, official and automated, too", .sink = &o.compatible},
  };
  AddCredentialOptions(command.options, o.search.fetch);
  command.args = {{.name = "TERM", .sink = &o.search.term, .complete = cli::Complete::kRegistries}};
  command.examples = {{"search registry.example/busybox"}, {"search --list-tags registry.example/team/app"}};
  return command;
}

}  // namespace ctool
