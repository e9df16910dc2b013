// SPDX-License-Identifier: Apache-2.0
#include "monitor/group.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "cgroup/place.hpp"
#include "sys/file.hpp"

namespace ctool::monitor {
namespace {

std::string NoteFile(const std::string& run_dir) { return run_dir + "/cgroup"; }

// "--memory, --cpus are not applied: the control group has no controllers memory, cpu"
std::string WhatIsUnmet(const std::vector<cgroup::Setting>& unmet) {
  std::vector<std::string> options, files;
  const auto add = [](std::vector<std::string>& list, const std::string& item) {
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
  };
  for (const cgroup::Setting& setting : unmet) {
    add(options, setting.option);
    add(files, setting.file);
  }
  return Join(options, ", ") + (options.size() == 1 ? " is" : " are") + " not applied: the container's control group has no " + Join(files, ", ");
}

std::vector<std::string> OptionsOf(const std::vector<cgroup::Setting>& settings) {
  std::vector<std::string> options;
  for (const cgroup::Setting& setting : settings)
    if (!setting.option.empty() && std::find(options.begin(), options.end(), setting.option) == options.end()) options.push_back(setting.option);
  return options;
}

Status WriteNote(const std::string& run_dir, const std::string& path, const std::vector<std::string>& unmet) {
  std::string text = path + "\n";
  for (const std::string& option : unmet) text += option + "\n";
  return sys::WriteFileAtomic(NoteFile(run_dir), text, 0600, sys::Durability::kNone);
}

// Who is told what is missing can do without it, or can't.
Status Complain(const Config& config, const std::string& what) {
  if (config.strict_limits) return Error(Code::kUnsupported, what).Hint(config.limits_hint + (config.limits_hint.empty() ? "" : "; ") + "see: ctool doctor");
  Warn(what + (config.limits_hint.empty() ? "" : "; " + config.limits_hint));
  return Ok();
}

}  // namespace

std::optional<GroupNote> ReadGroupNote(const std::string& run_dir) {
  const Result<std::string> text = sys::ReadFile(NoteFile(run_dir));
  if (!text.ok()) return std::nullopt;
  std::vector<std::string> lines = Split(Trim(*text), '\n');
  if (lines[0].empty() || lines[0][0] != '/') return std::nullopt;
  GroupNote note{lines[0], {}};
  note.unmet.assign(lines.begin() + 1, lines.end());
  return note;
}

void RemoveGroup(const std::string& run_dir) {
  const std::optional<GroupNote> note = ReadGroupNote(run_dir);
  if (!note) return;
  const Status removed = cgroup::Group(note->path).Remove();
  if (!removed.ok()) Debug(removed.error().Message());
}

sys::Fd OpenGroup(const std::string& run_dir) {
  const std::optional<GroupNote> note = ReadGroupNote(run_dir);
  if (!note) return {};
  Result<sys::Fd> group = cgroup::Group(note->path).Open();
  return group.ok() ? std::move(group).value() : sys::Fd();
}

ContainerGroup ContainerGroup::Begin(const GroupOrder& order) {
  ContainerGroup made;
  made.order_ = order;
  if (order.manager == cgroup::kCgroupfs) {
    const Status parent = sys::MakeDirs(cgroup::kMount + order.parent, 0755);
    cgroup::EnableBelow(order.parent);
    if (parent.ok()) made.MakeLeaf(order.parent + "/" + order.name);
    else made.failed_ = parent.error();
  }
  if (order.manager != cgroup::kSystemd) return made;
  const auto ask = [&]() -> Status {
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
    const sys::Fd in_read(in[0]);
    made.pids_ = sys::Fd(in[1]);
    if (::pipe2(out, O_CLOEXEC) < 0) return Error::Sys(errno, "pipe2");
    made.answer_ = sys::Fd(out[0]);
    const sys::Fd out_write(out[1]);
    sys::SpawnOptions options;
    options.argv = {order.program, order.socket, order.name + ".scope", order.slice};
    options.fds = {{in_read.get(), STDIN_FILENO}, {out_write.get(), STDOUT_FILENO}};
    made.asking_ = TRY(sys::Spawn(options));
    return Ok();
  };
  if (const Status asked = ask(); !asked.ok()) made.failed_ = asked.error();
  return made;
}

void ContainerGroup::MakeLeaf(const std::string& path) {
  Result<cgroup::Group> group = cgroup::Group::Make(path);
  Result<sys::Fd> fd = group.ok() ? group->Open() : Result<sys::Fd>(group.error());
  if (!fd.ok()) {
    failed_ = fd.error();
    return;
  }
  group_ = std::move(*group);
  fd_ = std::move(*fd);
}

void ContainerGroup::CloneFailed(Error error) {
  failed_ = std::move(error);
  End();
}

void ContainerGroup::Cloned(pid_t init) {
  if (!asking_) return;
  const std::string line = (order_.only_container ? "" : std::to_string(::getpid()) + " ") + std::to_string(init) + "\n";
  const Status told = sys::WriteAll(pids_.get(), line, "ctool-scope");
  pids_.Reset();
  if (!told.ok()) Debug(told.error().Message());  // it has ended, and says why
}

// The scope has us and init in it, and belongs to us: two groups in it, one for each, or it could not have controllers.
Status ContainerGroup::AwaitScope(pid_t init) {
  constexpr size_t kMostWords = 4096;
  const Result<std::string> said = sys::ReadAll(answer_.get(), "ctool-scope", kMostWords);
  answer_.Reset();
  const sys::ExitStatus ended = TRY(asking_->Wait());
  asking_.reset();
  if (!ended.ok()) return Error(Code::kUnsupported, "systemd gives no scope: " + (said.ok() && !said->empty() ? std::string(Trim(*said)) : "ctool-scope " + ended.Describe()));
  scope_ = cgroup::GroupOf(init);
  if (!EndsWith(scope_, "/" + order_.name + ".scope")) return Error(Code::kInternal, "systemd has put the container into " + scope_);
  const cgroup::Group leaf = TRY(cgroup::Group::Make(scope_ + "/container"));
  group_ = leaf;
  if (!order_.only_container) {
    const cgroup::Group ours = TRY(cgroup::Group::Make(scope_ + "/monitor"));
    TRY(ours.Add(::getpid()));
  }
  TRY(leaf.Add(init));
  cgroup::Group(scope_).Enable({std::begin(cgroup::kControllers), std::end(cgroup::kControllers)});
  return Ok();
}

Status ContainerGroup::Place(pid_t init) {
  if (failed_) return *failed_;
  if (asking_) TRY(AwaitScope(init));
  return Ok();
}

Status ContainerGroup::Settle(const Config& config, pid_t init) {
  fd_.Reset();
  if (!wanted()) return Ok();
  const std::vector<std::string> asked = OptionsOf(config.limits);
  if (const Status placed = Place(init); !placed.ok()) {
    End();
    if (asked.empty()) return Debug(placed.error().Message()), Ok();
    return Complain(config, Join(asked, ", ") + (asked.size() == 1 ? " is" : " are") + " not applied: " + placed.error().Message());
  }
  if (!group_) return Ok();
  std::vector<cgroup::Setting> unmet;
  for (cgroup::Setting& setting : TRY(group_->Apply(config.limits)))
    if (!setting.option.empty()) unmet.push_back(std::move(setting));
  // The group is worth having without it; it would only be harder to find for who cleans up after us.
  const Status noted = WriteNote(config.run_dir, group_->path(), OptionsOf(unmet));
  if (!noted.ok()) Debug(noted.error().Message());
  return unmet.empty() ? Ok() : Complain(config, WhatIsUnmet(unmet));
}

void ContainerGroup::Renew() {
  End();
  failed_.reset();
  if (order_.manager == cgroup::kCgroupfs) MakeLeaf(order_.parent + "/" + order_.name);
  else if (!scope_.empty()) MakeLeaf(scope_ + "/container");
}

void ContainerGroup::End() {
  fd_.Reset();
  if (!group_) return;
  const Status removed = group_->Remove();
  if (!removed.ok()) Debug(removed.error().Message());
  group_.reset();
}

}  // namespace ctool::monitor
