// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <algorithm>
#include <cstdint>

#include "base/log.hpp"
#include "base/text.hpp"
#include "build/ignore.hpp"
#include "builder/accounts.hpp"
#include "builder/copy_item.hpp"
#include "builder/stage_builder_internal.hpp"

namespace ctool::builder {
namespace {

using Words = std::vector<std::string>;

void AddOnce(Words& list, const std::string& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

// "80", "80/TCP", "8000-8002/udp".
Status AddPort(const std::string& text, Words& ports) {
  const size_t slash = text.find('/');
  const std::string protocol = slash == std::string::npos ? "tcp" : ToLower(text.substr(slash + 1)), range = text.substr(0, slash);
  const size_t dash = range.find('-');
  const std::optional<uint64_t> first = ParseUint(range.substr(0, dash));
  const std::optional<uint64_t> last = dash == std::string::npos ? first : ParseUint(range.substr(dash + 1));
  const bool known = protocol == "tcp" || protocol == "udp" || protocol == "sctp";
  if (!first || !last || *first == 0 || *last > 65535 || *first > *last || !known)
    return Error(Code::kInvalidArgument, "invalid port " + Quote(text) + ": wanted PORT[-PORT][/tcp|udp|sctp]");
  for (uint64_t port = *first; port <= *last; ++port) AddOnce(ports, std::to_string(port) + "/" + protocol);
  return Ok();
}

}  // namespace

Result<std::string> StageBuilder::Expand(std::string_view text) const {
  const auto lookup = [this](std::string_view name) { return state_.scope->Find(name); };
  return TRY(build::Expand(text, lookup, stages_.file.escape)).text;
}

void StageBuilder::Note(std::string created_by, std::shared_ptr<Layer> layer) {
  state_.state_key = Key("state").Add(state_.state_key).Add(state_.fs_key).Add(created_by).Finish();
  state_.history.push_back({std::move(created_by), std::move(layer)});
}

std::vector<std::string> StageBuilder::ShellWords() const {
  const Words& shell = state_.config.config.shell;
  return shell.empty() ? Words{"/bin/sh", "-c"} : shell;
}

std::vector<std::string> StageBuilder::ArgvOf(const build::Command& command) const {
  if (!command.shell) return command.words;
  Words argv = ShellWords();
  argv.insert(argv.end(), command.words.begin(), command.words.end());
  return argv;
}

std::string StageBuilder::Absolute(const std::string& path) const {
  if (StartsWith(path, "/")) return build::CleanPath(path);
  const std::string& dir = state_.config.config.working_dir;
  return build::CleanPath((dir.empty() ? "/" : dir) + "/" + path);
}

Status StageBuilder::Apply(const build::Arg& arg) {
  TRY(state_.scope->Declare(arg, stages_.file.escape));
  NoteInstruction(instruction_->text);
  return Ok();
}

Status StageBuilder::Apply(const build::Env& env) {
  TRY(state_.scope->Set(env, stages_.file.escape));
  Words& list = state_.config.config.env;
  list.clear();
  for (const build::KeyValue& entry : state_.scope->environment()) list.push_back(entry.key + "=" + entry.value);
  NoteInstruction(instruction_->text);
  return Ok();
}

Status StageBuilder::Apply(const build::Label& label) {
  for (const build::KeyValue& entry : label.values) state_.config.config.labels[TRY(Expand(entry.key))] = TRY(Expand(entry.value));
  NoteInstruction(instruction_->text);
  return Ok();
}

Status StageBuilder::Apply(const build::Cmd& cmd) {
  state_.config.config.cmd = cmd.command.words.empty() || (cmd.command.shell && cmd.command.words[0].empty()) ? Words{} : ArgvOf(cmd.command);
  state_.has_command = true;
  NoteInstruction(instruction_->text);
  return Ok();
}

Status StageBuilder::Apply(const build::Entrypoint& entrypoint) {
  state_.config.config.entrypoint = entrypoint.command.words.empty() ? Words{} : ArgvOf(entrypoint.command);
  // The base image's command was for its own entrypoint.
  if (!state_.has_command) state_.config.config.cmd.clear();
  NoteInstruction(instruction_->text);
  return Ok();
}

Status StageBuilder::Apply(const build::Expose& expose) {
  const auto lookup = [this](std::string_view name) { return state_.scope->Find(name); };
  for (const std::string& port : expose.ports)
    for (const std::string& word : TRY(build::ExpandWords(port, lookup, stages_.file.escape)).words) TRY(AddPort(word, state_.config.config.exposed_ports));
  NoteInstruction(instruction_->text);
  return Ok();
}

Status StageBuilder::Apply(const build::HealthcheckInstruction& check) {
  spec::HealthCheck out;
  if (check.none) {
    out.test = {"NONE"};
  } else {
    out.test = {check.command.shell ? "CMD-SHELL" : "CMD"};
    out.test.insert(out.test.end(), check.command.words.begin(), check.command.words.end());
    out.interval = check.interval;
    out.timeout = check.timeout;
    out.start_period = check.start_period;
    out.retries = check.retries;
  }
  state_.config.config.healthcheck = std::move(out);
  NoteInstruction(instruction_->text);
  return Ok();
}

Status StageBuilder::Apply(const build::Maintainer& maintainer) {
  state_.config.author = maintainer.name;
  NoteInstruction(instruction_->text);
  return Ok();
}

Status StageBuilder::Apply(const build::OnBuild& trigger) {
  state_.config.config.on_build.push_back(trigger.trigger);
  NoteInstruction(instruction_->text);
  return Ok();
}

Status StageBuilder::Apply(const build::Shell& shell) {
  state_.config.config.shell = shell.words;
  NoteInstruction(instruction_->text);
  return Ok();
}

Status StageBuilder::Apply(const build::StopSignal& signal) {
  state_.config.config.stop_signal = TRY(Expand(signal.signal));
  NoteInstruction("STOPSIGNAL " + state_.config.config.stop_signal);
  return Ok();
}

Status StageBuilder::Apply(const build::User& user) {
  const std::string name = TRY(Expand(user.user));
  if (name.empty()) return Error(Code::kInvalidArgument, "USER " + user.user + ": the name is empty");
  for (const std::string& part : Split(name, ':'))
    if (!part.empty() && part.find_first_not_of("0123456789") == std::string::npos && ParseUint(part).value_or(UINT32_MAX) >= UINT32_MAX)
      return Error(Code::kInvalidArgument, "USER " + name + ": ids go up to 4294967294");
  state_.config.config.user = name;
  NoteInstruction("USER " + name);
  return Ok();
}

Status StageBuilder::Apply(const build::Volume& volume) {
  for (const std::string& path : volume.paths) {
    const std::string expanded = TRY(Expand(path));
    if (expanded.empty()) return Error(Code::kInvalidArgument, "VOLUME " + path + ": the path is empty");
    AddOnce(state_.config.config.volumes, Absolute(expanded));
  }
  NoteInstruction(instruction_->text);
  return Ok();
}

Status StageBuilder::Apply(const build::Workdir& workdir) {
  const std::string path = TRY(Expand(workdir.path));
  if (path.empty()) return Error(Code::kInvalidArgument, "WORKDIR " + workdir.path + ": the path is empty");
  std::string& dir = state_.config.config.working_dir;
  dir = Absolute(path);
  const std::string created_by = "/bin/sh -c #(nop) WORKDIR " + dir;
  const std::string& user = state_.config.config.user;
  const std::string key = Key("workdir").Add(FsKey()).Add(dir).Add(user).Finish();
  if (!session_.one_layer && TRY(UseCached(key, created_by))) return Ok();
  const Slots::Held slot(session_.slots);
  WorkFolder folder = TRY(BeginLayer());
  bool made = false;
  {
    std::shared_lock lock(session_.paths);
    const MountedOverlay root = TRY(MountedOverlay::Writable(folder, state_.fs.Folders()));
    lock.unlock();
    const Result<sys::Fd> there = root.root().Open(dir, O_PATH | O_DIRECTORY);
    made = !there.ok();
    // It is for who works there.
    if (made) TRY(MakeFolders(root.root(), dir, TRY_CTX("USER " + user, FindAccount(user, root.root()))));
  }
  if (made || session_.one_layer) {
    AddLayer({std::move(folder), key, created_by});
    return Ok();
  }
  state_.fs_key = key;
  TRY(session_.cache.Keep(key, std::nullopt, instruction_->text));
  Note(created_by);
  return Ok();
}

}  // namespace ctool::builder
