// SPDX-License-Identifier: Apache-2.0
//
// The namespaces that a user's bridge networks are in: a user namespace with the default map, and a network, mount and
// pid namespace that it owns. The first container of any bridge network brings them to life, and they go with the
// last: a FIFO tells, which everyone who uses them holds open for writing.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.hpp"
#include "sys/fd.hpp"

namespace ctool::network {

// What is in the folder (RUN_ROOT/network, 0700).
struct SharedFolder {
  std::string path;
  std::string Lock() const { return path + "/lock"; }      // held by who joins, and by who takes it down
  std::string NetavarkLock() const { return path + "/netavark.lock"; }  // it does not lock itself in all it does
  std::string Alive() const { return path + "/alive"; }    // the FIFO
  std::string Status() const { return path + "/status"; }  // "PID START\n" of the first process in there
  std::string SlirpSocket() const { return path + "/slirp.sock"; }
  std::string Resolver() const { return path + "/resolver"; }  // the address of slirp4netns' own
  std::string Leases(const std::string& network) const { return path + "/leases/" + network; }  // a file an address
};

// Somebody's part in it: as long as `alive` is open the namespaces stay.
struct SharedMember {
  pid_t pid = 0;  // of the first process in there
  sys::Fd init;   // its pidfd
  sys::Fd alive;
};
// kNotFound: it is not there (any more).
Result<SharedMember> JoinShared(const SharedFolder& folder);
// Takes away what a killed keeper has left in the folder. The caller holds the lock; as long as there is a keeper, nothing is done.
void ForgetShared(const SharedFolder& folder);
// The same by a keeper that ends; `alive` is its end of the FIFO. Others may have been made meanwhile, which stay.
void RemoveShared(const SharedFolder& folder, int alive);
// By a member that goes, holds the lock and has closed its own `alive`: if nobody else is left all is taken away, and who
// joins next finds nothing and makes new ones, without waiting for the end of these. False: others are left.
bool LeaveLast(const SharedFolder& folder);
// Only the right to see whether others are left: the end of the FIFO that is read.
Result<sys::Fd> MakeAlive(const SharedFolder& folder);
bool SomebodyUses(int alive);

// For a process that executes something in there next: enters all of the namespaces; the pid namespace is entered by
// the next fork.
Status EnterShared(int init);

// Where netavark and aardvark-dns keep their files: in memory, seen only from in there, gone with it.
inline constexpr const char* kSharedState = "/run/ctool-networks";

// Work of the first process in there, in its order. Mounts: a /run of its own (nobody's firewalld, no lock of the
// host's), and a resolv.conf that names slirp4netns' resolver, which is aardvark-dns' upstream.
Status PrepareSharedMounts(const std::string& resolver);
// Once tap0 is there. Its neighbour is asked for addresses behind our bridges: published ports are forwarded straight
// to a container's own address.
Status PrepareSharedRouting();

}  // namespace ctool::network
