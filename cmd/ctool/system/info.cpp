// SPDX-License-Identifier: Apache-2.0
#include "cli/json.hpp"
#include "cli/table.hpp"
#include "cli/yaml.hpp"
#include "ctool/context.hpp"
#include "ctool/globals.hpp"
#include "ctool/system/commands.hpp"
#include "engine/containers.hpp"

namespace ctool {
namespace {

struct InfoOptions {
  std::string format;
  bool debug = false;
};

cli::Command Describe(InfoOptions& o) {
  cli::Command c;
  c.summary = "Show what the host and the store are like";
  c.prose =
      "Prints what containers find on this host, where images and containers are kept, and, below "
      "\"degraded\", what "
      "does not work as well as it could, why, and what mends it.";
  c.options.push_back({.name = "format",
                       .short_name = 'f',
                       .value = "format",
                       .help = "Print by a Go template, or json",
                       .sink = &o.format});
  c.options.push_back({.name = "debug",
                       .short_name = 'D',
                       .help = "Accepted for podman's sake",
                       .sink = &o.debug,
                       .hidden = true});
  c.examples = {{"info"}, {"info -f \"{{.Host.Security.Rootless}}\""}, {"info -f json"}};
  return c;
}

// podman's Go names of what JSON names otherwise.
constexpr std::pair<std::string_view, std::string_view> kAliases[] = {
    {"host", "Host"},
    {"store", "Store"},
    {"registries", "Registries"},
    {"plugins", "Plugins"},
    {"version", "Version"},
    {"policy", "Policy"},
    {"file", "File"},
    {"builtin", "Builtin"},
    // host
    {"arch", "Arch"},
    {"cgroupManager", "CgroupManager"},
    {"cgroupVersion", "CgroupsVersion"},
    {"cgroupControllers", "CgroupControllers"},
    {"configFiles", "ConfigFiles"},
    {"conmon", "Conmon"},
    {"cpus", "CPUs"},
    {"databaseBackend", "DatabaseBackend"},
    {"degraded", "Degraded"},
    {"distribution", "Distribution"},
    {"codename", "Codename"},
    {"variant", "Variant"},
    {"eventLogger", "EventLogger"},
    {"hostname", "Hostname"},
    {"idMappings", "IDMappings"},
    {"gidmap", "GIDMap"},
    {"uidmap", "UIDMap"},
    {"container_id", "ContainerID"},
    {"host_id", "HostID"},
    {"size", "Size"},
    {"kernel", "Kernel"},
    {"logDriver", "LogDriver"},
    {"memFree", "MemFree"},
    {"memTotal", "MemTotal"},
    {"networkBackend", "NetworkBackend"},
    {"ociRuntime", "OCIRuntime"},
    {"name", "Name"},
    {"package", "Package"},
    {"path", "Path"},
    {"os", "OS"},
    {"rootlessNetworkCmd", "RootlessNetworkCmd"},
    {"serviceIsRemote", "ServiceIsRemote"},
    {"security", "Security"},
    {"apparmorEnabled", "AppArmorEnabled"},
    {"capabilities", "DefaultCapabilities"},
    {"rootless", "Rootless"},
    {"seccompEnabled", "SECCOMPEnabled"},
    {"seccompProfilePath", "SECCOMPProfilePath"},
    {"selinuxEnabled", "SELinuxEnabled"},
    {"slirp4netns", "Slirp4NetNS"},
    {"executable", "Executable"},
    {"swapFree", "SwapFree"},
    {"swapTotal", "SwapTotal"},
    {"uptime", "Uptime"},
    {"feature", "Feature"},
    {"reason", "Reason"},
    {"hint", "Hint"},
    // store
    {"configFile", "ConfigFile"},
    {"containerStore", "ContainerStore"},
    {"number", "Number"},
    {"paused", "Paused"},
    {"running", "Running"},
    {"stopped", "Stopped"},
    {"graphDriverName", "GraphDriverName"},
    {"graphOptions", "GraphOptions"},
    {"graphRoot", "GraphRoot"},
    {"graphRootAllocated", "GraphRootAllocated"},
    {"graphRootUsed", "GraphRootUsed"},
    {"graphStatus", "GraphStatus"},
    {"imageCopyTmpDir", "ImageCopyTmpDir"},
    {"imageStore", "ImageStore"},
    {"runRoot", "RunRoot"},
    {"volumePath", "VolumePath"},
    {"transientStore", "TransientStore"},
    // plugins
    {"volume", "Volume"},
    {"network", "Network"},
    {"log", "Log"},
    {"authorization", "Authorization"}};
constexpr std::string_view kMaps[] = {"registries", "graphOptions", "graphStatus"};
constexpr std::string_view kLists[] = {"authorization"};

Result<int> Run(Context& context, const InfoOptions& o) {
  const std::string json = TRY(engine::Info(context.engine, kCtoolCommit));
  const cli::Value info = TRY(cli::FromJson(
      json, {.type = "define.Info", .maps = kMaps, .lists = kLists, .aliases = kAliases}));
  if (cli::IsJsonFormat(o.format)) PrintLine(context, cli::ToJson(info, 2));
  else if (!o.format.empty()) PrintRaw(context, TRY(cli::FormatOne("info", info, o.format)));
  else PrintRaw(context, cli::ToYaml(info));
  return 0;
}

}  // namespace

cli::Runnable InfoCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
