// SPDX-License-Identifier: Apache-2.0
#include "config/containers_conf.hpp"

#include "sandbox.hpp"

namespace ctool::config {
namespace {

using Strings = std::vector<std::string>;

class ContainersConfTest : public ConfigTest {
 protected:
  std::string ErrorOf(const std::string& text) {
    const auto conf = ContainersConf::LoadFrom({Write("c.conf", text)});
    return conf.ok() ? "" : conf.error().Message().substr(home_.size() + 1);
  }
};

TEST_F(ContainersConfTest, NothingIsSetByDefault) {
  const auto conf = ContainersConf::LoadFrom({});
  ASSERT_TRUE(conf.ok());
  EXPECT_FALSE(conf->env);
  EXPECT_FALSE(conf->pids_limit);
  EXPECT_TRUE(conf->files.empty());
}

TEST_F(ContainersConfTest, EveryKindOfKey) {
  const auto conf =
      ContainersConf::LoadFrom({Write("c.conf",
                                      "[containers]\n"
                                      "env = [\"A=1\", \"B=2\"]\n"
                                      "pids_limit = 100\n"
                                      "init = true\n"
                                      "tz = \"local\"\n"
                                      "base_hosts_file = \"\"\n"
                                      "[engine]\n"
                                      "env = [\"C=3\"]\n"
                                      "stop_timeout = 3\n"
                                      "network_cmd_options = [\"mtu=1400\"]\n"
                                      "[engine.runtimes]\n"
                                      "crun = [\"/usr/bin/crun\"]\n"
                                      "[network]\n"
                                      "default_rootless_network_cmd = \"slirp4netns\"\n"
                                      "[machine]\ncpus = 2\n")});
  ASSERT_TRUE(conf.ok()) << conf.error().Message();
  EXPECT_EQ(conf->env, (Strings{"A=1", "B=2"}));
  EXPECT_EQ(conf->engine_env, (Strings{"C=3"}));
  EXPECT_EQ(conf->pids_limit, 100);
  EXPECT_EQ(conf->init, true);
  EXPECT_EQ(conf->tz, "local");
  EXPECT_EQ(conf->base_hosts_file, "") << "set to nothing is not unset";
  EXPECT_EQ(conf->stop_timeout, 3);
  EXPECT_EQ(conf->network_cmd_options, (Strings{"mtu=1400"}));
  EXPECT_EQ(conf->default_rootless_network_cmd, "slirp4netns");
}

TEST_F(ContainersConfTest, LaterFilesReplaceOrAppend) {
  const std::string first = Write("1.conf",
                                  "[containers]\nenv=[\"A=1\"]\ndns_servers=[\"1.1.1.1\"]\n"
                                  "umask=\"0022\"\n");
  const std::string second = Write("2.conf",
                                   "[containers]\nenv=[\"B=2\",{append=true}]\n"
                                   "dns_servers=[\"2.2.2.2\"]\nvolumes=[\"a:/a\",{append=true}]\n");
  const auto conf = ContainersConf::LoadFrom({first, second});
  ASSERT_TRUE(conf.ok()) << conf.error().Message();
  EXPECT_EQ(conf->env, (Strings{"A=1", "B=2"}));
  EXPECT_EQ(conf->dns_servers, (Strings{"2.2.2.2"}));
  EXPECT_EQ(conf->volumes, (Strings{"a:/a"}));
  EXPECT_EQ(conf->umask, "0022");
  EXPECT_EQ(conf->files, (Strings{first, second}));
}

TEST_F(ContainersConfTest, ErrorsNameThePlace) {
  EXPECT_EQ(ErrorOf("[containers]\npids_limit = \"many\"\n"),
            "c.conf:2:14: pids_limit must be an integer");
  EXPECT_EQ(ErrorOf("[containers]\nread_only = 1\n"),
            "c.conf:2:13: read_only must be true or false");
  EXPECT_EQ(ErrorOf("[containers]\nenv = \"A=1\"\n"), "c.conf:2:7: env must be a list of strings");
  EXPECT_EQ(ErrorOf("containers = 3\n"), "c.conf:1:14: [containers] must be a table");
  EXPECT_EQ(ErrorOf("[containers\n").substr(0, 9), "c.conf:1:");
}

TEST_F(ContainersConfTest, EnvironmentNamesFiles) {
  Write(".config/containers/containers.conf", "[containers]\ntz=\"user\"\numask=\"0077\"\n");
  Write(".config/containers/containers.conf.d/1.conf", "[containers]\ntz=\"drop-in\"\n");
  const Result<Paths> paths = FindPaths("", "");
  ASSERT_TRUE(paths.ok());
  EXPECT_EQ(ContainersConf::Load(*paths)->tz, "drop-in");
  EXPECT_EQ(ContainersConf::Load(*paths)->umask, "0077");
  ::setenv("CONTAINERS_CONF", Write("named.conf", "[containers]\ntz=\"named\"\n").c_str(), 1);
  EXPECT_EQ(ContainersConf::Load(*paths)->tz, "named");
  EXPECT_FALSE(ContainersConf::Load(*paths)->umask) << "no drop-ins beside a named file";
  ::setenv("CONTAINERS_CONF_OVERRIDE", Write("o.conf", "[containers]\ntz=\"override\"\n").c_str(),
           1);
  EXPECT_EQ(ContainersConf::Load(*paths)->tz, "override");
  ::setenv("CONTAINERS_CONF", (home_ + "/none").c_str(), 1);
  EXPECT_EQ(ContainersConf::Load(*paths).error().code(), Code::kNotFound);
  ::setenv("CONTAINERS_CONF", "/dev/null", 1);
  EXPECT_EQ(ContainersConf::Load(*paths)->tz, "override");
}

}  // namespace
}  // namespace ctool::config
