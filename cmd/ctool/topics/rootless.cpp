// SPDX-License-Identifier: Apache-2.0
#include "ctool/topics/topics.hpp"

namespace ctool {

constinit const cli::Topic kRootlessTopic = {
    .name = "rootless",
    .section = "7",
    .summary = "how containers do without root",
    .prose = R"prose(
ctool needs no root, no daemon and no privileges of its own. A container's processes are children of the user who
started it; what looks like root inside is an ordinary id outside. This page says what the host has to give for that,
what becomes of a host that gives less, and what is different from containers that root starts.

What does not work on a host is shown by:
    $ ctool info

Below "degraded" in its output is what works less well than it could, why, and the command that mends it.

# User namespaces
A user namespace gives a process a private set of user and group ids. Its maker is root in it: may mount, may make
network devices, may change owners, but only of what belongs to the namespace. Everything of ctool's rests on it, so
the kernel must allow it to users. Distributions have three settings that forbid it:

user.max_user_namespaces :: A sysctl: how many a user may have. 0 forbids them. (As root: sysctl -w
user.max_user_namespaces=15000)
kernel.unprivileged_userns_clone :: A sysctl of Debian's older kernels: must be 1.
kernel.apparmor_restrict_unprivileged_userns :: A sysctl of Ubuntu since 23.10. If it is 1, only programs with an
AppArmor profile that says userns may make them. The error of a command that fails for it holds the profile for the
place where this ctool is installed.

# Ranges of ids
The image's files belong to many ids, and so do a container's processes. For them each user gets a range of
subordinate ids, which nobody else has, in /etc/subuid and /etc/subgid:
    alice:100000:65536

Most distributions write such a line when an account is made. For an older account, as root:
    # usermod --add-subuids 100000-165535 --add-subgids 100000-165535 alice

A map of ids can only be written with privileges. The programs newuidmap and newgidmap (Debian's package uidmap) have
them, by the file capabilities cap_setuid and cap_setgid or as set-user-id programs, and write only what those two
files allow. Inside a container id 0 is you, and 1 to 65536 are the range. This is seen with:
    $ ctool unshare cat /proc/self/uid_map

Without a range or without these programs one id is mapped: every file of an image belongs to you, programs that
change their user fail, and a warning says so. That is enough for many images of single programs.

With --userns=keep-id you have your own id in the container as well, so that files in a folder of the host that is
mounted belong to the same person on both sides:
    $ ctool run --rm -it --userns=keep-id -v .:/work -w /work alpine sh

# Accounts of a directory (LDAP, NIS)
newuidmap looks users up by the name service, so it works with accounts that are in no /etc/passwd. Ranges may be in
files by user id as well as by name, which helps where the name is not known to the machine:
    12345:1000000:65536

Ranges that only the directory knows (the subid entry of nsswitch.conf) are not seen: ctool reads the two files. In an
installation with thousands of users a script that computes each range from the user's id writes them. When the
directory can't be reached newuidmap fails, and the error says so.

# The store
Images and containers are in ~/.local/share/ctool, or where --root says. Layers are unpacked once and stacked by
overlayfs, which the kernel lets users mount since 5.11. Where it can't be used (some file systems below, some
sandboxes), fuse-overlayfs takes over, if /dev/fuse is there; without both each container gets a copy of its image.

# Home folders on NFS
A server that knows nothing of user namespaces refuses files that belong to subordinate ids, and locks and memory maps
are not the same on two machines. Keep the store on a disk of the machine:
    $ ctool --root /var/tmp/alice/ctool images

The option has to be given each time; an alias or XDG_DATA_HOME=/var/tmp/alice does it for all. On a network file
system the database uses no shared memory and works more slowly, and correctly.

# Networks
A user may not make a network device on the host. By default slirp4netns carries packets between the container and the
host's sockets; it needs /dev/net/tun. pasta is the other choice, faster for large transfers, and takes IPv6:
    $ ctool run --rm --network pasta alpine ip addr

Networks made with ctool network create are bridges in one network namespace of yours; netavark sets them up and
aardvark-dns answers for the containers' names. Published ports are forwarded by a process of the container's. Ports
below 1024 are root's, unless the sysctl net.ipv4.ip_unprivileged_port_start is lower:
    # sysctl -w net.ipv4.ip_unprivileged_port_start=80

ping needs the sysctl net.ipv4.ping_group_range to hold the container's group. A network's address is not reachable
from the host itself: publish a port.

# Control groups
Limits of memory, processors and processes need control groups of version 2, and a part of the tree that is delegated
to the user. With a systemd of the user's each container gets a scope there; which controllers are delegated is in
    # systemctl edit user@.service
with these lines:
    [Service]
    Delegate=cpu cpuset io memory pids

The user's systemd ends with the last session, and its containers with it, unless:
    # loginctl enable-linger alice

Without systemd a subtree that the user may write to does as well: a job of systemd-run --scope -p Delegate=yes, or a
container with a writable /sys/fs/cgroup. Without any of that containers run, limits are not applied, a warning names
what is missing, and pause uses signals. With --strict a limit that can't be applied is an error.

# CI runners, and containers in containers
A job of a CI service mostly runs in a container itself. Inside one ctool needs these from the outer container:

user namespaces :: clone and unshare with CLONE_NEWUSER. docker's seccomp profile refuses them to users
(--security-opt seccomp=unconfined allows them).
ids :: newuidmap, and a range that the outer container's own map has; else one id is mapped.
/proc :: For a fresh one the outer one must have no masks (docker: --security-opt systempaths=unconfined); else the
outer one is bound, with its masks.
devices :: /dev/fuse where overlay can't be used, and /dev/net/tun for a network. --network host and none need
neither.

XDG_RUNTIME_DIR may be missing, as it is with cron, su and in most CI jobs: then /run/user/UID is used, or a checked
folder in /tmp. A terminal is not needed. Nothing is left running when the last container has ended, so a job's end is
clean. One container inside another, of ctool both:
    $ ctool run --rm -it --security-opt unmask=ALL --device /dev/fuse --device /dev/net/tun alpine sh

# AppArmor and SELinux
--security-opt apparmor= and label= are taken; a user can't load a profile, so the name must be one that the host has.
Where /etc/apparmor.d restricts slirp4netns or pasta, their errors are shown as they are.

# What is different from root's containers
Devices of the host can be bound but not made: mknod fails. Mounts of block devices and NFS fail. Privileges over the
host's kernel do not exist, so --privileged means: all capabilities over what is the container's own. Files made by a
container's other users belong to subordinate ids outside; to remove them, enter the namespace:
    $ ctool unshare rm -rf data

# Files
/etc/subuid, /etc/subgid :: Ranges of subordinate ids: USER:FIRST:COUNT.
~/.local/share/ctool :: The store ($XDG_DATA_HOME/ctool).
$XDG_RUNTIME_DIR/ctool :: What belongs to running containers, and what a reboot may take.
)prose"};

}  // namespace ctool
