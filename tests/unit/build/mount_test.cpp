// SPDX-License-Identifier: Apache-2.0
#include "build/mount.hpp"

#include <gtest/gtest.h>

namespace ctool::build {
namespace {

std::string Show(const Result<Mount>& mount) {
  if (!mount.ok()) return mount.error().text();
  static const char* const kTypes[] = {"bind", "cache", "tmpfs", "secret", "ssh"};
  std::string text = kTypes[static_cast<int>(mount->type)];
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) text += std::string(" ") + name + "=" + value;
  };
  add("id", mount->id);
  add("from", mount->from);
  add("source", mount->source);
  add("target", mount->target);
  add("env", mount->environment);
  if (mount->read_only) text += " ro";
  if (mount->required) text += " required";
  if (mount->sharing == MountSharing::kPrivate) text += " private";
  if (mount->sharing == MountSharing::kLocked) text += " locked";
  if (mount->size_bytes) add("size", std::to_string(*mount->size_bytes));
  if (mount->mode) add("mode", std::to_string(*mount->mode));
  if (mount->uid) add("uid", std::to_string(*mount->uid));
  if (mount->gid) add("gid", std::to_string(*mount->gid));
  return text;
}

TEST(Mount, Forms) {
  const std::pair<const char*, const char*> cases[] = {
      {"target=.", "bind target=. ro"},
      {"type=bind,from=build,source=/a,target=/b", "bind from=build source=/a target=/b ro"},
      {"type=bind,dst=/b,rw", "bind target=/b"},
      {"type=bind,destination=/b,readonly=false", "bind target=/b"},
      {"TYPE=Bind,Target=/b", "bind target=/b ro"},
      {"target=/b,type=cache", "cache target=/b"},
      {"type=cache,target=/c,sharing=locked,id=apt", "cache id=apt target=/c locked"},
      {"type=cache,target=/c,ro,mode=0700,uid=1,gid=2", "cache target=/c ro mode=448 uid=1 gid=2"},
      {"type=cache,target=/c,from=x,source=/s,sharing=private", "cache from=x source=/s target=/c private"},
      {"type=tmpfs,target=/t,size=64m", "tmpfs target=/t size=67108864"},
      {"type=tmpfs,target=/t,size=1GiB", "tmpfs target=/t size=1073741824"},
      {"type=tmpfs,target=/t,size=10", "tmpfs target=/t size=10"},
      {"type=secret,id=aws,target=/root/.aws/credentials", "secret id=aws target=/root/.aws/credentials"},
      {"type=secret,id=K,env=K,required", "secret id=K env=K required"},
      {"type=secret,target=/x,required=false,mode=0400", "secret target=/x mode=256"},
      {"type=ssh", "ssh"},
      {"type=ssh,id=default,required=true", "ssh id=default required"},
      {"type=bind,target=/b,z", "bind target=/b ro"},
      {"\"target=/a,b\"", "bind target=/a,b ro"},
      {"type=cache,target=${T},uid=$U", "cache target=${T}"}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(Show(ParseMount(text)), expected) << text;
}

TEST(Mount, Errors) {
  const std::pair<const char*, const char*> cases[] = {
      {"type=foo,target=/x", "unsupported mount type \"foo\""},
      {"type", "unsupported mount type \"\""},
      {"", "unexpected key '' in mount"},
      {"type=bind", "bind mount without a target"},
      {"type=tmpfs", "tmpfs mount without a target"},
      {"type=secret", "secret mount without an id"},
      {"target=/x,size=1", "unexpected key 'size' for mount type 'bind'"},
      {"type=tmpfs,target=/x,from=y", "unexpected key 'from' for mount type 'tmpfs'"},
      {"type=ssh,env=X", "unexpected key 'env' for mount type 'ssh'"},
      {"target=/x,form=y", "unexpected key 'form' in mount (did you mean from?)"},
      {"target", "mount key \"target\" needs a value"},
      {"target=/x,from=$y", "'from' doesn't support variable expansion, define alias stage instead"},
      {"target=/x,ro=perhaps", "invalid value \"perhaps\" for mount key \"ro\""},
      {"type=cache,target=/x,sharing=all", "unsupported sharing value \"all\""},
      {"type=cache,target=/x,mode=0999", "invalid value \"0999\" for mode"},
      {"type=cache,target=/x,mode=77777", "invalid value \"77777\" for mode"},
      {"type=cache,target=/x,uid=4294967295", "invalid value \"4294967295\" for uid"},
      {"type=cache,target=/x,gid=", "invalid value \"\" for gid"},
      {"type=tmpfs,target=/x,size=9999999999g", "invalid size \"9999999999g\""},
      {"type=tmpfs,target=/x,size=-1", "invalid size \"-1\""},
      {"\"target=/x", "mount: a quote is never closed"}};
  for (const auto& [text, expected] : cases) EXPECT_EQ(Show(ParseMount(text)), expected) << text;
}

TEST(Mount, Expands) {
  const TextExpander expand = [](std::string_view text) -> Result<std::string> {
    if (text == "$BAD") return Error(Code::kInvalidArgument, "bad");
    return text == "$U" ? std::string("7") : "<" + std::string(text) + ">";
  };
  EXPECT_EQ(Show(ParseMount("type=cache,target=$T,id=x,uid=$U", expand)), "cache id=x target=<$T> uid=7");
  EXPECT_EQ(Show(ParseMount("type=cache,target=/x,sharing=$S", expand)), "unsupported sharing value \"<$S>\"");
  EXPECT_EQ(Show(ParseMount("target=$BAD", expand)), "bad");
}

}  // namespace
}  // namespace ctool::build
