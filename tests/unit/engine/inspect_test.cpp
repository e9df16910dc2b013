// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "engine/inspect_internal.hpp"

namespace ctool::engine {
namespace {

using Json = InspectJson;

class InspectTest : public ::testing::Test {
 protected:
  void SetUp() override {
    record.id = spec.id = std::string(64, 'a');
    record.name = spec.name = "web";
    record.image_name = spec.image_name = "docker.io/library/alpine:latest";
    record.created = 1'700'000'000'123'000'000;
    spec.command = {"sleep", "9"};
    spec.network_mode = "slirp4netns";
    spec.stop_signal = "SIGTERM";
    spec.bounding = {"CAP_CHOWN", "CAP_KILL"};
    spec.ambient = {"CAP_KILL"};
    spec.layers = {"/store/layers/b/diff", "/store/layers/a/diff"};
  }
  InspectInput In() { return {record, spec, files, "/store/volumes", shown}; }
  Json Inspect() { return Json::parse(InspectText(In()), nullptr, false); }
  void AddMount(const char* type, const char* name, const char* source, const char* to,
                std::vector<std::string> options) {
    ContainerMount m;
    m.type = type;
    m.name = name;
    m.source = source;
    m.destination = to;
    m.options = std::move(options);
    spec.mounts.push_back(std::move(m));
  }

  state::Container record;
  std::string shown = "created";
  ContainerSpec spec;
  ContainerFiles files{"/store/containers/a", "/run/ctool/a"};
};

TEST_F(InspectTest, NeverStarted) {
  const Json j = Inspect();
  EXPECT_EQ(j["Name"], "web");  // without docker's slash
  EXPECT_EQ(j["State"]["Status"], "created");
  EXPECT_EQ(j["State"]["Running"], false);
  EXPECT_EQ(j["State"]["StartedAt"], "0001-01-01T00:00:00Z");
  EXPECT_EQ(j["State"]["FinishedAt"], "0001-01-01T00:00:00Z");
  EXPECT_EQ(j["State"]["Pid"], 0);
  EXPECT_EQ(j["Path"], "sleep");
  EXPECT_EQ(j["Args"], Json::array({"9"}));
  EXPECT_EQ(j["NetworkSettings"]["SandboxKey"], "");
  EXPECT_FALSE(j.contains("SizeRw"));
}

TEST_F(InspectTest, RunningHasProcessAndAddress) {
  record.state = state::ContainerState::kRunning;
  shown = "running";
  record.started = 1'700'000'001'000'000'000;
  InspectInput in = In();
  in.live = monitor::RunStatus{
      .pid = 77, .monitor_pid = 76, .start_time = 1, .monitor_start_time = 1, .started = 1};
  in.network.address = "10.0.2.100";
  in.network.prefix = 24;
  const Json j = Json::parse(InspectText(in), nullptr, false);
  EXPECT_EQ(j["State"]["Status"], "running");
  EXPECT_EQ(j["State"]["Pid"], 77);
  EXPECT_EQ(j["State"]["ConmonPid"], 76);
  EXPECT_EQ(j["NetworkSettings"]["SandboxKey"], "/proc/77/ns/net");
  EXPECT_EQ(j["NetworkSettings"]["Networks"]["slirp4netns"]["IPAddress"], "10.0.2.100");
  EXPECT_EQ(j["NetworkSettings"]["Networks"]["slirp4netns"]["IPPrefixLen"], 24);
}

TEST_F(InspectTest, ExitedKeepsCodeAndError) {
  record.state = state::ContainerState::kExited;
  shown = "exited";
  record.exit_code = 42;
  record.error = "stage exec";
  record.finished = record.created;
  const Json j = Inspect();
  EXPECT_EQ(j["State"]["Status"], "exited");
  EXPECT_EQ(j["State"]["ExitCode"], 42);
  EXPECT_EQ(j["State"]["Error"], "stage exec");
  EXPECT_NE(j["State"]["FinishedAt"], "0001-01-01T00:00:00Z");
}

TEST_F(InspectTest, CapabilitiesDependOnTheUser) {
  EXPECT_EQ(Inspect()["EffectiveCaps"], Json::array({"CAP_CHOWN", "CAP_KILL"}));
  spec.user = "0:5";
  EXPECT_EQ(Inspect()["EffectiveCaps"], Json::array({"CAP_CHOWN", "CAP_KILL"}));
  spec.user = "1000";
  EXPECT_EQ(Inspect()["EffectiveCaps"], Json::array({"CAP_KILL"}));
  spec.ambient.clear();
  EXPECT_TRUE(Inspect()["EffectiveCaps"].is_null());
  EXPECT_EQ(Inspect()["BoundingCaps"], Json::array({"CAP_CHOWN", "CAP_KILL"}));
}

TEST_F(InspectTest, GraphDriverNamesTheLayers) {
  const Json data = Inspect()["GraphDriver"]["Data"];
  EXPECT_EQ(data["LowerDir"], "/store/layers/b/diff:/store/layers/a/diff");
  EXPECT_EQ(data["UpperDir"], "/store/containers/a/upper");
  EXPECT_EQ(data["WorkDir"], "/store/containers/a/work");
  InspectInput in = In();
  in.copied = true;
  const Json j = Json::parse(InspectText(in), nullptr, false);
  EXPECT_EQ(j["Driver"], "copy");
  EXPECT_EQ(j["GraphDriver"]["Data"]["Dir"], "/store/containers/a/rootfs");
}

TEST_F(InspectTest, Mounts) {
  AddMount("bind", "", "/host", "/inside", {"ro", "nosuid", "rslave", "rbind"});
  AddMount("volume", "data", "", "/data", {"nosuid", "rprivate"});
  AddMount("tmpfs", "", "", "/tmp", {"size=1m", "nodev"});
  const Json j = Inspect();
  ASSERT_EQ(j["Mounts"].size(), 2U);
  EXPECT_EQ(j["Mounts"][0],
            Json::parse(R"({"Type":"bind","Source":"/host","Destination":"/inside","Driver":"",
    "Mode":"","Options":["nosuid","rbind"],"RW":false,"Propagation":"rslave"})"));
  EXPECT_EQ(j["Mounts"][1],
            Json::parse(R"({"Type":"volume","Name":"data","Source":"/store/volumes/data/_data",
    "Destination":"/data","Driver":"local","Mode":"","Options":["nosuid"],"RW":true,"Propagation":"rprivate"})"));
  EXPECT_EQ(j["HostConfig"]["Binds"],
            Json::array({"/host:/inside:ro,nosuid,rslave,rbind", "data:/data:rw,nosuid,rprivate"}));
  EXPECT_EQ(j["HostConfig"]["Tmpfs"], Json({{"/tmp", "size=1m,rw,rprivate,nodev"}}));
}

TEST_F(InspectTest, DevicesAreNoMounts) {
  AddMount("bind", "", "/dev/fuse", "/dev/x", {"bind", "noexec"});
  spec.devices = {"/dev/fuse:/dev/x:r"};
  const Json j = Inspect();
  EXPECT_TRUE(j["Mounts"].empty());
  EXPECT_TRUE(j["HostConfig"]["Binds"].empty());
  EXPECT_EQ(
      j["HostConfig"]["Devices"],
      Json::parse(
          R"([{"PathOnHost":"/dev/fuse","PathInContainer":"/dev/x","CgroupPermissions":"r"}])"));
}

TEST_F(InspectTest, HostConfigHasWhatWasAsked) {
  EXPECT_EQ(Inspect()["HostConfig"]["PublishAllPorts"], false);
  EXPECT_EQ(Inspect()["HostConfig"]["IpcMode"], "shareable");
  EXPECT_EQ(Inspect()["HostConfig"]["LogConfig"]["Size"], "0B");
  spec.publish_all = true;
  spec.ipc_mode = "private";
  spec.log_max_size = 10'000;
  EXPECT_EQ(Inspect()["HostConfig"]["PublishAllPorts"], true);
  EXPECT_EQ(Inspect()["HostConfig"]["IpcMode"], "private");
  EXPECT_EQ(Inspect()["HostConfig"]["LogConfig"]["Size"], "10kB");
}

TEST_F(InspectTest, Ports) {
  spec.ports = {"8080-8081:80-81/tcp", "127.0.0.1:53:53/udp"};
  spec.exposed = {"80/tcp", "9000"};
  const Json j = Inspect();
  const Json& ports = j["NetworkSettings"]["Ports"];
  EXPECT_EQ(ports["80/tcp"], Json::parse(R"([{"HostIp":"0.0.0.0","HostPort":"8080"}])"));
  EXPECT_EQ(ports["81/tcp"], Json::parse(R"([{"HostIp":"0.0.0.0","HostPort":"8081"}])"));
  EXPECT_EQ(ports["53/udp"], Json::parse(R"([{"HostIp":"127.0.0.1","HostPort":"53"}])"));
  EXPECT_TRUE(ports.contains("9000/tcp"));
  EXPECT_TRUE(ports["9000/tcp"].is_null());
  EXPECT_FALSE(j["HostConfig"]["PortBindings"].contains("9000/tcp"));
  EXPECT_EQ(j["Config"]["ExposedPorts"]["9000/tcp"], Json::object());
}

TEST_F(InspectTest, NetworkModeIsWhatWasTyped) {
  EXPECT_EQ(Inspect()["HostConfig"]["NetworkMode"], "slirp4netns");
  spec.network = "pasta";
  EXPECT_EQ(Inspect()["HostConfig"]["NetworkMode"], "pasta");
  spec.network = spec.network_mode = "host";
  EXPECT_EQ(Inspect()["HostConfig"]["UTSMode"], "host");
  EXPECT_TRUE(Inspect()["NetworkSettings"]["Networks"].contains("host"));
}

TEST_F(InspectTest, LimitsThatAreNotAppliedAreNamed) {
  EXPECT_TRUE(Inspect()["HostConfig"]["Degraded"].empty());
  spec.limits.memory = 64 << 20;
  spec.limits.cpus = 1.5;
  const Json host = Inspect()["HostConfig"];
  EXPECT_EQ(host["Memory"], 64 << 20);
  EXPECT_EQ(host["NanoCpus"], 1'500'000'000);
  EXPECT_EQ(host["CpuQuota"], 150'000);
  EXPECT_EQ(host["Degraded"], Json::array({"Memory", "NanoCpus"}));
}

TEST_F(InspectTest, ConfigAndHostConfig) {
  spec.entrypoint = {"/entry"};
  spec.labels = {{"k", "v"}};
  spec.cap_add = {"net_admin", "all"};
  spec.rlimits = {{"RLIMIT_CORE", 0, UINT64_MAX}};
  spec.restart_policy = "on-failure";
  spec.restart_retries = 3;
  spec.healthcheck = spec::HealthCheck{{"CMD", "true"}, 5, 0, 0, 2};
  const Json j = Inspect();
  EXPECT_EQ(j["Config"]["Entrypoint"], Json::array({"/entry"}));
  EXPECT_EQ(j["Config"]["StopSignal"], "SIGTERM");
  EXPECT_EQ(j["Config"]["Labels"]["k"], "v");
  EXPECT_TRUE(j["Config"]["Annotations"].is_null());
  EXPECT_EQ(j["Config"]["Healthcheck"],
            Json::parse(R"({"Test":["CMD","true"],"Interval":5,"Retries":2})"));
  EXPECT_EQ(j["HostConfig"]["CapAdd"], Json::array({"CAP_NET_ADMIN", "ALL"}));
  EXPECT_EQ(j["HostConfig"]["Ulimits"],
            Json::parse(R"([{"Name":"RLIMIT_CORE","Soft":0,"Hard":-1}])"));
  EXPECT_EQ(j["HostConfig"]["RestartPolicy"],
            Json::parse(R"({"Name":"on-failure","MaximumRetryCount":3})"));
  spec.restart_policy.clear();
  EXPECT_EQ(Inspect()["HostConfig"]["RestartPolicy"]["Name"], "no");
}

TEST_F(InspectTest, Size) {
  InspectInput in = In();
  in.size = ContainerSize{10, 110};
  const Json j = Json::parse(InspectText(in), nullptr, false);
  EXPECT_EQ(j["SizeRw"], 10);
  EXPECT_EQ(j["SizeRootFs"], 110);
}

}  // namespace
}  // namespace ctool::engine
