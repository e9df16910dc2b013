// SPDX-License-Identifier: Apache-2.0
#include <sched.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cgroup/place.hpp"
#include "config/policy.hpp"
#include "config/registries.hpp"
#include "engine/containers.hpp"
#include "engine/fold_internal.hpp"
#include "engine/host_facts.hpp"
#include "engine/security_modules_internal.hpp"
#include "network/slirp4netns.hpp"
#include "spec/platform.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"
#include "userns/userns.hpp"

namespace ctool::engine {
namespace {

using Json = nlohmann::ordered_json;

std::string ReadOr(const std::string& path) {
  Result<std::string> text = sys::ReadFile(path);
  return text.ok() ? std::move(*text) : "";
}

Json Mappings(const std::vector<userns::IdMapping>& mappings) {
  Json list = Json::array();
  for (const userns::IdMapping& m : mappings)
    list.push_back({{"container_id", m.inside}, {"host_id", m.outside}, {"size", m.count}});
  return list;
}

Json Distribution() {
  std::string text = ReadOr("/etc/os-release");
  if (text.empty()) text = ReadOr("/usr/lib/os-release");
  std::map<std::string, std::string> os = ParseOsRelease(text);
  Json out;
  if (!os["VERSION_CODENAME"].empty()) out["codename"] = os["VERSION_CODENAME"];
  out["distribution"] = os["ID"].empty() ? "unknown" : os["ID"];
  if (!os["VARIANT_ID"].empty()) out["variant"] = os["VARIANT_ID"];
  out["version"] = os["VERSION_ID"].empty() ? "unknown" : os["VERSION_ID"];
  return out;
}

int CpuCount() {
  cpu_set_t cpus;
  return ::sched_getaffinity(0, sizeof cpus, &cpus) == 0
             ? CPU_COUNT(&cpus)
             : static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
}

double Uptime() { return std::strtod(ReadOr("/proc/uptime").c_str(), nullptr); }

// One answer after the other; what turns out to be degraded is collected on the way.
class Collector {
 public:
  Collector(Engine& engine, std::string commit) : engine_(engine), commit_(std::move(commit)) {}

  Result<std::string> Collect() {
    const storage::Store& store = *TRY(engine_.Store());
    const OverlayInfo overlay = ProbeOverlay(store);
    degraded_.insert(degraded_.end(), overlay.degraded.begin(), overlay.degraded.end());
    if (const Result<int> proc = TryFreshProc(); proc.ok() && *proc != 0)
      degraded_.push_back({"proc", "containers see the outer /proc, as none can be mounted here", "give the outer container an uncovered /proc; see: ctool doctor"});
    Json out;
    out["host"] = TRY(Host());
    out["plugins"] = {{"authorization", nullptr},
                      {"log", Json::array({"k8s-file", "none", "passthrough", "journald"})},
                      {"network", Json::array({"bridge"})},
                      {"volume", Json::array({"local"})}};
    out["policy"] = Policy();
    out["registries"] = Registries();
    out["store"] = TRY(StoreInfo(store, overlay));
    out["version"] = Version();
    Json degraded = Json::array();
    for (const Degraded& d : degraded_)
      degraded.push_back({{"feature", d.feature}, {"reason", d.reason}, {"hint", d.hint}});
    out["host"]["degraded"] = std::move(degraded);
    return out.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

 private:
  void Degrade(const char* feature, const Error& error) {
    degraded_.push_back({feature, error.Message(), error.hint()});
  }

  Result<Json> Host() {
    const config::ContainersConf& conf = *TRY(engine_.Conf());
    const spec::Platform platform = spec::Platform::Host();
    const MemoryInfo memory = ParseMemoryInfo(ReadOr("/proc/meminfo"));
    utsname uts{};
    ::uname(&uts);
    const std::string monitor = TRY(engine_.Paths())->libexec + "/ctool-monitor";
    Json host;
    host["arch"] = platform.architecture;
    const cgroup::Place groups = TRY(GroupPlace());
    host["cgroupControllers"] = cgroup::ControllersOf(groups);
    host["cgroupManager"] = groups.found() ? groups.manager : "none";
    host["cgroupVersion"] = CgroupVersion();
    host["configFiles"] = conf.files;
    host["conmon"] = {{"package", ""}, {"path", monitor}, {"version", CTOOL_VERSION}};
    host["cpus"] = CpuCount();
    host["databaseBackend"] = "sqlite";
    host["degraded"] = Json::array();
    host["distribution"] = Distribution();
    host["eventLogger"] = TRY(engine_.EventsLog()).empty() ? "none" : "file";
    host["hostname"] = uts.nodename;
    host["idMappings"] = TRY(IdMappings());
    host["kernel"] = uts.release;
    host["logDriver"] = conf.log_driver.value_or("k8s-file");
    host["memFree"] = memory.free;
    host["memTotal"] = memory.total;
    host["networkBackend"] = "netavark";
    host["ociRuntime"] = {
        {"name", "ctool"}, {"package", ""}, {"path", monitor}, {"version", CTOOL_VERSION}};
    host["os"] = platform.os;
    host["rootlessNetworkCmd"] = conf.default_rootless_network_cmd.value_or("slirp4netns");
    host["security"] = TRY(Security(conf));
    host["serviceIsRemote"] = false;
    const std::string slirp = Slirp(conf);
    host["slirp4netns"] = {{"executable", slirp}, {"package", ""}, {"version", VersionOf(slirp)}};
    host["swapFree"] = memory.swap_free;
    host["swapTotal"] = memory.swap_total;
    host["uptime"] = UptimeText(Uptime());
    host["variant"] = platform.variant;
    return host;
  }

  // Where the group of a container of no options is made.
  Result<cgroup::Place> GroupPlace() {
    cgroup::Place place = TRY(cgroup::FindPlace({TRY(engine_.CgroupManager()), "", false}));
    if (!place.found()) {
      degraded_.push_back({"limits", "limits of memory, processor and processes are not applied: " + place.why, place.hint});
      return place;
    }
    const std::vector<std::string> there = cgroup::ControllersOf(place);
    std::vector<std::string> missing;
    for (const char* name : cgroup::kControllers)
      if (std::find(there.begin(), there.end(), name) == there.end()) missing.emplace_back(name);
    if (!missing.empty())
      degraded_.push_back({"limits", "control groups of containers have no controller " + Join(missing, ", "), cgroup::HintFor(place)});
    return place;
  }

  Result<Json> IdMappings() {
    const userns::IdMap map = TRY(userns::DefaultMap());
    if (map.single_id)
      degraded_.push_back(
          {"ids", map.degraded_reason + ": only one id is mapped", map.degraded_hint});
    return Json{{"gidmap", Mappings(map.gids)}, {"uidmap", Mappings(map.uids)}};
  }

  std::string Slirp(const config::ContainersConf& conf) {
    const Result<std::string> program =
        network::FindSlirp(conf.network_cmd_path.value_or(""),
                           conf.helper_binaries_dir.value_or(std::vector<std::string>{}));
    if (!program.ok()) Degrade("network", program.error());
    else if (const Status tun = network::CheckTunDevice(); !tun.ok())
      Degrade("network", tun.error());
    return program.ok() ? *program : "";
  }

  // What a program says of itself; nothing when it can't.
  static std::string VersionOf(const std::string& program) {
    if (program.empty()) return "";
    sys::SpawnOptions options;
    options.argv = {program, "--version"};
    const Result<sys::Captured> said = sys::RunCaptured(std::move(options));
    return said.ok() && said->status.ok() ? std::string(Trim(said->out)) : "";
  }

  // The capabilities are those that a container of no options gets.
  static Result<Json> Security(const config::ContainersConf& conf) {
    ContainerSpec plain;
    TRY(FoldSecurity({CreateOptions{}, conf, spec::ImageDefaults{}}, plain));
    const bool seccomp = ::prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
    return Json{{"apparmorEnabled", HasAppArmor()},
                {"capabilities", Join(plain.bounding, ",")},
                {"rootless", ::geteuid() != 0},
                {"seccompEnabled", seccomp},
                {"seccompProfilePath", plain.seccomp},
                {"selinuxEnabled", HasSelinux()}};
  }

  Json Registries() {
    const Result<config::Registries> registries = config::Registries::Load();
    if (registries.ok()) return {{"search", registries->search()}};
    Degrade("registries", registries.error());
    return Json::object();
  }

  // Without a file every image is accepted; that is worth showing.
  Json Policy() {
    const Result<config::Policy> policy = config::Policy::Load();
    if (!policy.ok()) Degrade("policy", policy.error());
    return {{"file", policy.ok() ? policy->file() : ""},
            {"builtin", policy.ok() && policy->file().empty()}};
  }

  Result<Json> StoreInfo(const storage::Store& store, const OverlayInfo& overlay) {
    ListContainersOptions all;
    all.all = true;
    const std::vector<ContainerRow> rows = TRY(ListContainers(engine_, all));
    int64_t running = 0, paused = 0;
    for (const ContainerRow& row : rows) {
      running += row.state == "running" ? 1 : 0;
      paused += row.state == "paused" ? 1 : 0;
    }
    const int64_t number = static_cast<int64_t>(rows.size());
    struct statvfs fs {};
    ::statvfs(store.root().c_str(), &fs);
    Json options = Json::object();
    if (!overlay.fuse.empty()) options["overlay.mount_program"] = {{"Executable", overlay.fuse}};
    Json out;
    out["configFile"] = "";  // storage.conf(5) is not read
    out["containerStore"] = {
        {"number", number}, {"paused", paused}, {"running", running}, {"stopped", number - running - paused}};
    out["graphDriverName"] = "overlay";
    out["graphOptions"] = std::move(options);
    out["graphRoot"] = store.root();
    out["graphRootAllocated"] = fs.f_blocks * fs.f_frsize;
    out["graphRootUsed"] = (fs.f_blocks - fs.f_bfree) * fs.f_frsize;
    out["graphStatus"] = {{"Backing Filesystem", overlay.backing},
                          {"Native Overlay Diff", overlay.native ? "true" : "false"},
                          {"Using metacopy", "false"}};
    out["imageCopyTmpDir"] = store.root() + "/staging";
    out["imageStore"] = {{"number", TRY(TRY(engine_.Db())->ListImages()).size()}};
    out["runRoot"] = TRY(engine_.Paths())->run_root;
    out["transientStore"] = false;
    out["volumePath"] = store.root() + "/volumes";
    return out;
  }

  Json Version() const {
    const spec::Platform host = spec::Platform::Host();
    return {{"APIVersion", CTOOL_VERSION},
            {"Built", 0},
            {"BuiltTime", ""},
            {"GitCommit", commit_},
            {"GoVersion", ""},
            {"Os", host.os},
            {"OsArch", host.os + "/" + host.architecture},
            {"Version", CTOOL_VERSION}};
  }

  Engine& engine_;
  std::string commit_;
  std::vector<Degraded> degraded_;
};

}  // namespace

Result<std::string> Info(Engine& engine, std::string commit) { return Collector(engine, std::move(commit)).Collect(); }

}  // namespace ctool::engine
