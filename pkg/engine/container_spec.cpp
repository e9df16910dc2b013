// SPDX-License-Identifier: Apache-2.0
#include "engine/container_spec.hpp"

#include <charconv>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "engine/json_slices_internal.hpp"

namespace ctool::engine {
namespace {

using Json = nlohmann::ordered_json;

// The fields of a record are named once, in Fields(); Reader and Writer visit them, so that what
// is written and what is read can't drift apart.
class Reader;
template <class T>
concept Record = requires(Reader& r, T& t) { Fields(r, t); };

template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};

class Reader {
 public:
  explicit Reader(const JsonMembers& members) : members_(members) {}

  // An absent field, or one of another type, leaves the default.
  template <class T>
  void operator()(const char* key, T& value) {
    if (const std::string_view* text = Find(key)) Convert(*text, value);
  }
  template <class T>
  void operator()(const char* key, std::optional<T>& value) {
    if (const std::string_view* text = Find(key)) Convert(*text, value.emplace());
  }

 private:
  // They are asked for in the order in which they were written.
  const std::string_view* Find(std::string_view key) {
    for (size_t i = 0; i < members_.size(); ++i) {
      const size_t at = (next_ + i) % members_.size();
      if (members_[at].first != key) continue;
      next_ = at + 1;
      return &members_[at].second;
    }
    return nullptr;
  }
  template <class T>
  static void Convert(std::string_view from, T& to) {
    if constexpr (std::is_same_v<T, bool>) {
      if (from == "true" || from == "false") to = from == "true";
    } else if constexpr (std::is_integral_v<T>) {
      T number{};
      const auto [end, error] = std::from_chars(from.data(), from.data() + from.size(), number);
      if (error == std::errc() && end == from.data() + from.size()) to = number;
    } else if constexpr (std::is_floating_point_v<T>) {
      const Json number = Json::parse(from, nullptr, false);
      if (number.is_number()) to = number.get<T>();
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (std::optional<std::string> text = CutString(from)) to = std::move(*text);
    } else if constexpr (IsVector<T>::value) {
      const auto elements = CutArray(from);
      if (!elements) return;
      to.reserve(elements->size());
      for (const std::string_view element : *elements) Convert(element, to.emplace_back());
    } else if constexpr (Record<T>) {
      const auto members = CutObject(from);
      if (!members) return;
      Reader nested(*members);
      Fields(nested, to);
    } else {
      const auto members = CutObject(from);
      if (!members) return;
      for (const auto& [key, value] : *members)
        if (std::optional<std::string> name = CutString({key.data() - 1, key.size() + 2})) Convert(value, to[*name]);
    }
  }
  const JsonMembers& members_;
  size_t next_ = 0;
};

class Writer {
 public:
  template <class T>
  void operator()(const char* key, const T& value) {
    doc[key] = Convert(value);
  }
  template <class T>
  void operator()(const char* key, const std::optional<T>& value) {
    if (value) doc[key] = Convert(*value);
  }
  Json doc = Json::object();

 private:
  template <class T>
  static Json Convert(const T& value) {
    if constexpr (IsVector<T>::value) {
      Json list = Json::array();
      for (const auto& item : value) list.push_back(Convert(item));
      return list;
    } else if constexpr (Record<T>) {
      Writer nested;
      Fields(nested, value);
      return std::move(nested.doc);
    } else {
      return Json(value);
    }
  }
};

// T is the record, const when it is written.
template <class V, class T>
  requires std::is_same_v<std::remove_const_t<T>, ContainerMount>
void Fields(V& v, T& m) {
  v("type", m.type);
  v("name", m.name);
  v("source", m.source);
  v("destination", m.destination);
  v("options", m.options);
  v("anonymous", m.anonymous);
  v("subpath", m.subpath);
  v("imageId", m.image_id);
  v("layers", m.layers);
  v("volumeOptions", m.volume_options);
}

template <class V, class T>
  requires std::is_same_v<std::remove_const_t<T>, ContainerSecret>
void Fields(V& v, T& s) {
  v("name", s.name);
  v("id", s.id);
  v("type", s.type);
  v("target", s.target);
  v("uid", s.uid);
  v("gid", s.gid);
  v("mode", s.mode);
}

template <class V, class T>
  requires std::is_same_v<std::remove_const_t<T>, bridge::Attachment>
void Fields(V& v, T& a) {
  v("network", a.network);
  v("interface", a.interface);
  v("aliases", a.aliases);
  v("ip", a.ip);
  v("ip6", a.ip6);
  v("mac", a.mac);
}

template <class V, class T>
  requires std::is_same_v<std::remove_const_t<T>, spec::Rlimit>
void Fields(V& v, T& limit) {
  v("type", limit.type);
  v("soft", limit.soft);
  v("hard", limit.hard);
}

template <class V, class T>
  requires std::is_same_v<std::remove_const_t<T>, cgroup::DeviceLimit>
void Fields(V& v, T& limit) {
  v("device", limit.device);
  v("value", limit.value);
}

template <class V, class T>
  requires std::is_same_v<std::remove_const_t<T>, cgroup::Limits>
void Fields(V& v, T& l) {
  v("memory", l.memory);
  v("memoryReservation", l.memory_reservation);
  v("memorySwap", l.memory_swap);
  v("cpus", l.cpus);
  v("cpuPeriod", l.cpu_period);
  v("cpuQuota", l.cpu_quota);
  v("cpuShares", l.cpu_shares);
  v("cpusetCpus", l.cpuset_cpus);
  v("cpusetMems", l.cpuset_mems);
  v("pids", l.pids);
  v("pidsByDefault", l.pids_by_default);
  v("blkioWeight", l.blkio_weight);
  v("blkioWeightDevice", l.blkio_weight_device);
  v("readBps", l.read_bps);
  v("writeBps", l.write_bps);
  v("readIops", l.read_iops);
  v("writeIops", l.write_iops);
  v("conf", l.conf);
  v("outdated", l.outdated);
}

template <class V, class T>
  requires std::is_same_v<std::remove_const_t<T>, spec::HealthCheck>
void Fields(V& v, T& check) {
  v("test", check.test);
  v("interval", check.interval);
  v("timeout", check.timeout);
  v("startPeriod", check.start_period);
  v("retries", check.retries);
}

template <class V, class T>
  requires std::is_same_v<std::remove_const_t<T>, ContainerSpec>
void Fields(V& v, T& s) {
  v("id", s.id);
  v("name", s.name);
  v("imageId", s.image_id);
  v("imageName", s.image_name);
  v("imageDigest", s.image_digest);
  v("created", s.created);
  v("layers", s.layers);
  v("rootfs", s.rootfs);
  v("rootfsOverlay", s.rootfs_overlay);
  v("dependencies", s.dependencies);
  v("entrypoint", s.entrypoint);
  v("command", s.command);
  v("env", s.env);
  v("workingDir", s.working_dir);
  v("createWorkingDir", s.create_working_dir);
  v("user", s.user);
  v("groupAdd", s.group_add);
  v("hostname", s.hostname);
  v("tty", s.tty);
  v("interactive", s.interactive);
  v("init", s.init);
  v("labels", s.labels);
  v("annotations", s.annotations);
  v("umask", s.umask);
  v("timezone", s.timezone);
  v("passwd", s.passwd);
  v("hostUsers", s.host_users);
  v("passwdEntry", s.passwd_entry);
  v("groupEntry", s.group_entry);
  v("personality", s.personality);
  v("initPath", s.init_path);
  v("chrootdirs", s.chrootdirs);
  v("oomScoreAdj", s.oom_score_adj);
  v("stopSignal", s.stop_signal);
  v("stopTimeout", s.stop_timeout);
  v("timeout", s.timeout);
  v("systemd", s.systemd);
  v("sdnotify", s.sdnotify);
  v("autoRemove", s.auto_remove);
  v("removeImage", s.remove_image);
  v("restartPolicy", s.restart_policy);
  v("restartRetries", s.restart_retries);
  v("mounts", s.mounts);
  v("volumesFrom", s.volumes_from);
  v("readOnly", s.read_only);
  v("readOnlyTmpfs", s.read_only_tmpfs);
  v("shmSize", s.shm_size);
  v("shmSizeSystemd", s.shm_size_systemd);
  v("secrets", s.secrets);
  v("cdiDevices", s.cdi_devices);
  v("devices", s.devices);
  v("network", s.network);
  v("networkMode", s.network_mode);
  v("networks", s.networks);
  v("networkOptions", s.network_options);
  v("publishes", s.publishes);
  v("ports", s.ports);
  v("exposed", s.exposed);
  v("publishAll", s.publish_all);
  v("dns", s.dns);
  v("dnsSearch", s.dns_search);
  v("dnsOption", s.dns_option);
  v("addHost", s.add_host);
  v("noHosts", s.no_hosts);
  v("noHostname", s.no_hostname);
  v("hostsFile", s.hosts_file);
  v("pidMode", s.pid_mode);
  v("ipcMode", s.ipc_mode);
  v("utsMode", s.uts_mode);
  v("cgroupnsMode", s.cgroupns_mode);
  v("usernsMode", s.userns_mode);
  v("uidMappings", s.id_mappings.uids);
  v("gidMappings", s.id_mappings.gids);
  v("keepGroups", s.keep_groups);
  v("privileged", s.privileged);
  v("noNewPrivileges", s.no_new_privileges);
  v("capAdd", s.cap_add);
  v("capDrop", s.cap_drop);
  v("bounding", s.bounding);
  v("ambient", s.ambient);
  v("securityOpt", s.security_opt);
  v("seccomp", s.seccomp);
  v("seccompProfile", s.seccomp_profile);
  v("seccompRecord", s.seccomp_record);
  v("landlock", s.landlock);
  v("apparmor", s.apparmor);
  v("selinux", s.selinux);
  v("procOptions", s.proc_options);
  v("cgroupsWritable", s.cgroups_writable);
  v("maskedPaths", s.masked_paths);
  v("readonlyPaths", s.readonly_paths);
  v("rlimits", s.rlimits);
  v("sysctls", s.sysctls);
  v("limits", s.limits);
  v("strictLimits", s.strict_limits);
  v("cgroupsMode", s.cgroups_mode);
  v("cgroupManager", s.cgroup_manager);
  v("cgroupParent", s.cgroup_parent);
  v("logDriver", s.log_driver);
  v("logPath", s.log_path);
  v("logTag", s.log_tag);
  v("logMaxSize", s.log_max_size);
  v("cidfile", s.cidfile);
  v("pidFile", s.pid_file);
  v("monitorPidFile", s.monitor_pid_file);
  v("healthcheck", s.healthcheck);
  v("healthOnFailure", s.health_on_failure);
  v("healthMaxLogCount", s.health_max_log_count);
  v("healthMaxLogSize", s.health_max_log_size);
  v("createCommand", s.create_command);
}

}  // namespace

std::vector<std::string> ContainerSpec::Argv() const {
  std::vector<std::string> argv = entrypoint;
  argv.insert(argv.end(), command.begin(), command.end());
  return argv;
}

Result<ContainerSpec> ContainerSpec::Parse(std::string_view json) {
  const std::optional<JsonMembers> members = CutObject(json);
  if (!members) return Error(Code::kCorrupt, "the container's record is not a JSON object");
  ContainerSpec spec;
  Reader reader(*members);
  Fields(reader, spec);
  return spec;
}

std::string ContainerSpec::Print() const {
  Writer writer;
  Fields(writer, *this);
  return writer.doc.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ctool::engine
