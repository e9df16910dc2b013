// SPDX-License-Identifier: Apache-2.0
//
// --userns container:ID and ns:PATH.
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.hpp"
#include "engine/containers.hpp"
#include "engine/sandbox_internal.hpp"
#include "engine/settle_internal.hpp"
#include "sys/child.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

// The map of a user namespace without a process that we know of: one of ours enters it for as long as we look.
Result<userns::IdMap> MapOfNamespace(int user, const std::string& path) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
  const sys::Fd read_end(ends[0]);
  sys::Fd write_end(ends[1]);
  sys::Child child = TRY(sys::Child::Clone(0));
  if (child.in_child()) {
    const int err = ::setns(user, CLONE_NEWUSER) < 0 ? errno : 0;
    if (::write(write_end.get(), &err, sizeof err) != sizeof err) ::_exit(1);
    for (;;) ::pause();
  }
  write_end.Reset();
  int err = 0;
  if (::read(read_end.get(), &err, sizeof err) != sizeof err) return Error(Code::kInternal, "the process that looks at '" + path + "' died");
  if (err != 0) return Error::Sys(err, "enter user namespace", path).Hint("it has to be one that you have made");
  return userns::MapOf(child.pid());
}

}  // namespace

void TakeMap(userns::IdMap map, monitor::Sandbox& sandbox) {
  userns::IdMap& usual = sandbox.store.uids.empty() ? sandbox.map : sandbox.store;
  map.single_id = usual.single_id;
  map.newuidmap = usual.newuidmap;
  map.newgidmap = usual.newgidmap;
  const bool foreign = !usual.single_id && (map.uids != usual.uids || map.gids != usual.gids);
  if (foreign && sandbox.store.uids.empty()) sandbox.store = std::move(sandbox.map);
  sandbox.map = std::move(map);
}

Status JoinOthersUsers(Engine& engine, const ContainerSpec& spec, monitor::Sandbox& sandbox, SandboxOrigin& origin) {
  constexpr std::string_view kContainer = "container:";
  if (!StartsWith(spec.userns_mode, kContainer)) {
    const std::string path = spec.userns_mode.substr(3);
    sys::Fd user = TRY(sys::Open(path, O_RDONLY));
    if (::ioctl(user.get(), NS_GET_NSTYPE) != CLONE_NEWUSER)
      return Error(Code::kInvalidArgument, "'" + path + "' is not a user namespace");
    TakeMap(TRY(MapOfNamespace(user.get(), path)), sandbox);
    sandbox.joined.push_back({0});
    origin.descriptors.push_back(std::move(user));
    return Ok();
  }
  LiveProcess live = TRY(RunningOwner(engine, spec.userns_mode.substr(kContainer.size()), "user namespace"));
  TakeMap(TRY(userns::MapOf(live.status.pid)), sandbox);
  sandbox.joined.push_back({CLONE_NEWUSER});
  origin.descriptors.push_back(std::move(live.pidfd));
  return Ok();
}

}  // namespace ctool::engine
