// SPDX-License-Identifier: Apache-2.0
//
// What `ctool` shows and completes of `build`, which this program runs.
#include "ctool-images/commands.hpp"
#include "ctool/container/options.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

using cli::Option;
using builder::BuildOptions;

// --network and the like, in the fields that `run` has for them.
void AddRunOptions(std::vector<Option>& into, engine::CreateOptions& r) {
  const auto add = [&into](Option option) { into.push_back(std::move(option)); };
  add({.name = "network", .value = "mode", .help = "Network of RUN: default, none, host, or as run has it", .sink = &r.network, .complete = cli::Complete::kNetworks, .values = {"default"}, .aliases = {"net"}, .words = words::kNetworkModes});
  add({.name = "add-host", .value = "name:ip", .help = "Add a line to /etc/hosts of RUN", .sink = &r.add_host});
  add({.name = "dns", .value = "ip", .help = "Name server of RUN", .sink = &r.dns});
  add({.name = "dns-option", .value = "option", .help = "Option in resolv.conf of RUN", .sink = &r.dns_option});
  add({.name = "dns-search", .value = "domain", .help = "Search domain of RUN", .sink = &r.dns_search});
  add({.name = "volume", .short_name = 'v', .value = "source:dest[:options]", .help = "Mount a folder of the host for RUN", .sink = &r.volume, .complete = cli::Complete::kVolumeSources});
  add({.name = "no-hosts", .help = "Leave /etc/hosts of RUN alone", .sink = &r.no_hosts});
  add({.name = "ipc", .value = "mode", .help = "IPC namespace of RUN: private, host", .sink = &r.ipc, .values = {"host", "private"}, .words = words::kOtherNamespaces});
  add({.name = "pid", .value = "mode", .help = "PID namespace of RUN: private, host", .sink = &r.pid, .values = {"host", "private"}, .words = words::kOtherNamespaces});
  add({.name = "uts", .value = "mode", .help = "UTS namespace of RUN: private, host", .sink = &r.uts, .values = {"host", "private"}, .words = words::kOtherNamespaces});
  add({.name = "cgroupns", .value = "mode", .help = "Cgroup namespace of RUN: private, host", .sink = &r.cgroupns, .values = {"host", "private"}, .words = words::kOtherNamespaces});
  add({.name = "cap-add", .value = "capability", .help = "Add a capability for RUN", .sink = &r.cap_add, .words = words::kCapabilities});
  add({.name = "cap-drop", .value = "capability", .help = "Drop a capability for RUN", .sink = &r.cap_drop, .words = words::kCapabilities});
  add({.name = "device", .value = "device", .help = "Device of the host for RUN", .sink = &r.device, .complete = cli::Complete::kFiles});
  add({.name = "security-opt", .value = "option", .help = "Security option for RUN", .sink = &r.security_opt, .words = words::kSecurityOptions});
  add({.name = "ulimit", .value = "limit", .help = "Resource limit for RUN", .sink = &r.ulimit, .words = words::kUlimits});
  add({.name = "shm-size", .value = "bytes", .help = "Size of /dev/shm for RUN", .sink = &r.shm_size});
  add({.name = "http-proxy", .help = "Pass the proxy variables on to RUN", .sink = &r.http_proxy});
  add({.name = "cgroup-parent", .value = "path", .help = "Control group below which RUN runs", .sink = &r.cgroup_parent});
  add({.name = "memory", .short_name = 'm', .value = "bytes", .help = "Memory limit for RUN", .sink = &r.limits.memory});
  add({.name = "memory-swap", .value = "bytes", .help = "Limit of memory and swap for RUN", .sink = &r.limits.memory_swap});
  add({.name = "cpu-shares", .short_name = 'c', .value = "n", .help = "Weight of processor time for RUN", .sink = &r.limits.cpu_shares});
  add({.name = "cpu-period", .value = "us", .help = "Period of the processor limit for RUN", .sink = &r.limits.cpu_period});
  add({.name = "cpu-quota", .value = "us", .help = "Processor time in a period for RUN", .sink = &r.limits.cpu_quota});
  add({.name = "cpuset-cpus", .value = "list", .help = "Processors for RUN", .sink = &r.limits.cpuset_cpus});
  add({.name = "cpuset-mems", .value = "list", .help = "Memory nodes for RUN", .sink = &r.limits.cpuset_mems});
}

void AddImageOptions(std::vector<Option>& into, BuildOptions& o) {
  const auto add = [&into](Option option) { into.push_back(std::move(option)); };
  add({.name = "tag", .short_name = 't', .value = "name", .help = "Name of the image; may be given several times", .sink = &o.tags, .complete = cli::Complete::kImages});
  add({.name = "manifest", .value = "name", .help = "Add the image to this manifest list, which is made if it is missing", .sink = &o.manifest, .complete = cli::Complete::kImages});
  add({.name = "format", .value = "format", .help = "Format of manifest and configuration", .sink = &o.format, .values = {"oci", "docker"}, .only_values = true});
  add({.name = "label", .value = "key=value", .help = "Label of the image", .sink = &o.labels});
  add({.name = "unsetlabel", .value = "key", .help = "Leave this label out", .sink = &o.unset_labels});
  add({.name = "annotation", .value = "key=value", .help = "Annotation of the manifest", .sink = &o.annotations});
  add({.name = "env", .value = "name=value", .help = "Environment variable of the image", .sink = &o.envs, .complete = cli::Complete::kEnvironment});
  add({.name = "unsetenv", .value = "name", .help = "Leave this variable out", .sink = &o.unset_envs});
  add({.name = "iidfile", .value = "file", .help = "Write sha256:ID to this file instead of the standard output", .sink = &o.iidfile, .complete = cli::Complete::kFiles});
  add({.name = "iidfile-raw", .value = "file", .help = "Write the id alone to this file", .sink = &o.iidfile_raw, .complete = cli::Complete::kFiles});
  add({.name = "layers", .help = "A layer for each step, kept for the next build; false: one layer of all", .sink = &o.layers});
  add({.name = "squash", .help = "One layer of all that the build adds", .sink = &o.squash});
  add({.name = "squash-all", .help = "One layer of everything, the base image too", .sink = &o.squash_all});
  add({.name = "omit-history", .help = "Write no history", .sink = &o.omit_history});
  add({.name = "output", .short_name = 'o', .value = "where", .help = "Write the files too: DIR, type=local,dest=DIR, type=tar,dest=FILE, type=oci,dest=FILE (an archive of the image), or -", .sink = &o.outputs, .complete = cli::Complete::kDirectories, .words = words::kBuildOutputs, .keys = true});
  add({.name = "timestamp", .value = "seconds", .help = "Time of the image and of all files in its new layers", .sink = &o.timestamp});
  add({.name = "source-date-epoch", .value = "seconds", .help = "Time of the image and its history (default: SOURCE_DATE_EPOCH)", .sink = &o.source_date_epoch});
  add({.name = "rewrite-timestamp", .help = "Files in new layers are not younger than the source date epoch", .sink = &o.rewrite_timestamp});
}

void AddInputOptions(std::vector<Option>& into, BuildOptions& o) {
  const auto add = [&into](Option option) { into.push_back(std::move(option)); };
  add({.name = "file", .short_name = 'f', .value = "file", .help = "The Containerfile; - is the standard input", .sink = &o.files, .complete = cli::Complete::kFiles});
  add({.name = "ignorefile", .value = "file", .help = "What is left out of the context (default: .containerignore, .dockerignore)", .sink = &o.ignore_file, .complete = cli::Complete::kFiles});
  add({.name = "build-arg", .value = "name[=value]", .help = "Value of an ARG; without one it is the caller's variable", .sink = &o.build_args, .live = [&o] { return ArgumentsIn(o.files); }});
  add({.name = "build-arg-file", .value = "file", .help = "Values of ARGs, a line each", .sink = &o.build_arg_files, .complete = cli::Complete::kFiles});
  add({.name = "build-context", .value = "name=where", .help = "Another context for --from: a folder, a repository, an archive by URL, docker-image://IMAGE or oci-archive:FILE", .sink = &o.build_contexts});
  add({.name = "target", .value = "stage", .help = "Build this stage, and what it needs", .sink = &o.target, .live = [&o] { return StagesIn(o.files); }});
  add({.name = "from", .value = "image", .help = "In place of the first FROM's image", .sink = &o.from, .complete = cli::Complete::kImages});
  add({.name = "secret", .value = "id=name,src=file", .help = "A secret that RUN --mount=type=secret may ask for", .sink = &o.secrets, .words = words::kBuildSecretKeys, .keys = true});
  add({.name = "ssh", .value = "id[=socket]", .help = "An SSH agent that RUN --mount=type=ssh may ask for", .sink = &o.ssh, .words = words::kAgents});
  add({.name = "pull", .value = "policy", .help = "When to fetch base images: always, missing, never, newer", .sink = &o.pull, .values = {"always", "missing", "never", "newer"}, .implied = "always"});
  add({.name = "pull-always", .help = "The same as --pull=always", .sink = cli::Setter([&o](std::string_view) { o.pull = "always"; return Ok(); }), .implied = "true"});
  add({.name = "pull-never", .help = "The same as --pull=never", .sink = cli::Setter([&o](std::string_view) { o.pull = "never"; return Ok(); }), .implied = "true"});
  add({.name = "no-cache", .help = "Run every step, whatever earlier builds have made", .sink = &o.no_cache});
  add({.name = "cache-from", .value = "where", .help = "Use the cache that is there: REPOSITORY, type=registry,ref=NAME or type=local,src=DIR", .sink = &o.cache_from, .complete = cli::Complete::kRemoteImages, .words = words::kCacheSources, .keys = true});
  add({.name = "cache-to", .value = "where", .help = "Write the build's cache there: REPOSITORY, type=registry,ref=NAME or type=local,dest=DIR", .sink = &o.cache_to, .complete = cli::Complete::kRemoteImages, .words = words::kCacheTargets, .keys = true});
  add({.name = "cache-ttl", .value = "duration", .help = "What is older is built anew", .sink = &o.cache_ttl});
  add({.name = "jobs", .value = "n", .help = "So many steps at once; 0: no limit (default: as many as processors)", .sink = &o.jobs});
  add({.name = "quiet", .short_name = 'q', .help = "Print the image's id alone", .sink = &o.quiet});
  add({.name = "logfile", .value = "file", .help = "Write what the build prints to this file", .sink = &o.logfile, .complete = cli::Complete::kFiles});
}

// Known to podman and docker, and of no effect here.
void AddAccepted(std::vector<Option>& into) {
  const auto nothing = [](std::string_view) { return Ok(); };
  for (const char* flag : {"rm", "force-rm", "skip-unused-stages", "logsplit", "compress", "load", "disable-compression", "stdin", "inherit-labels", "inherit-annotations", "save-stages"})
    into.push_back({.name = flag, .help = "Accepted, without effect", .sink = cli::Setter(nothing), .implied = "true", .hidden = true});
  for (const char* value : {"progress", "isolation", "runtime", "runtime-flag", "signature-policy", "identity-label", "hooks-dir", "cpp-flag", "decryption-key", "os-feature", "os-version"})
    into.push_back({.name = value, .value = "value", .help = "Accepted, without effect", .sink = cli::Setter(nothing), .hidden = true});
}

}  // namespace

cli::Command DescribeBuild(BuildOptions& o) {
  cli::Command command;
  command.summary = "Build an image from a Containerfile";
  command.usage = "[CONTEXT]";
  command.prose =
      "Builds what the Containerfile (or Dockerfile) in CONTEXT describes and prints the image's id. CONTEXT is a folder (default: the working "
      "directory), a git repository, the URL of an archive, or - for an archive or a Containerfile on the standard input.\n\n"
      "Only the stages that the target needs are built, those that do not need each other at the same time. A step that depends on nothing "
      "new is taken from an earlier build: its key is made of the layers under it, the instruction with its variables, and the contents of what it "
      "copies. The exit status of a RUN that fails is that of the build.";
  AddInputOptions(command.options, o);
  AddImageOptions(command.options, o);
  AddRunOptions(command.options, o.run);
  std::vector<Option> fetch;
  AddFetchOptions(fetch, o.fetch);
  for (Option& option : fetch)
    if (option.name != "platform" && option.name != "quiet") command.options.push_back(std::move(option));
  command.options.push_back({.name = "platform", .value = "os/arch[/variant]", .help = "Platform of the image; of several a manifest list is made", .sink = &o.platforms, .comma = true, .words = words::kPlatforms});
  AddAccepted(command.options);
  command.args = {{.name = "CONTEXT", .min = 0, .sink = &o.context, .complete = cli::Complete::kDirectories}};
  command.examples = {{"build -t myimage ."}, {"build -f Containerfile.dev --target test --build-arg VERSION=2 ."}, {"build --secret id=token,src=token.txt -t app ."}};
  command.exits = {{"0", "the image is there"}, {"125", "the build failed"}, {"n", "a RUN ended with status n"}};
  return command;
}

}  // namespace ctool
