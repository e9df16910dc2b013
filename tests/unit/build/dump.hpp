// SPDX-License-Identifier: Apache-2.0
//
// A Containerfile as one line an instruction, so that a test case is an input and a text.
#pragma once

#include <string>
#include <vector>

#include "base/text.hpp"
#include "build/parser.hpp"

namespace ctool::build {

inline std::string List(const std::vector<std::string>& words) { return "[" + Join(words, "|") + "]"; }

inline std::string Show(const Command& command) {
  return command.shell ? "sh{" + command.words.front() + "}" : List(command.words);
}

inline std::string Show(const std::vector<KeyValue>& pairs) {
  std::vector<std::string> words;
  for (const KeyValue& pair : pairs) words.push_back(pair.key + "=" + pair.value);
  return List(words);
}

inline std::string Show(const std::vector<Heredoc>& heredocs) {
  std::string text;
  for (const Heredoc& one : heredocs) {
    std::string content;
    for (const char c : one.content) content += c == '\n' ? "\\n" : c == '\r' ? "\\r" : std::string(1, c);
    text += " " + (one.descriptor != 0 ? std::to_string(one.descriptor) : "") + "<<" +
            (one.strip_tabs ? "-" : "") + one.name + (one.expand ? "" : "!") + "(" + content + ")";
  }
  return text;
}

struct Dumper {
  std::string operator()(const Arg& arg) const {
    std::vector<std::string> words;
    for (const Argument& one : arg.arguments) words.push_back(one.value ? one.name + "=" + *one.value : one.name);
    return List(words);
  }
  std::string operator()(const Cmd& cmd) const { return Show(cmd.command); }
  std::string operator()(const Entrypoint& entrypoint) const { return Show(entrypoint.command); }
  std::string operator()(const Copy& copy) const {
    std::vector<std::string> words;
    for (const CopySource& source : copy.sources) words.push_back((source.heredoc ? "<<" : "") + source.text);
    std::string text = List(words) + " -> " + copy.destination;
    const auto add = [&](const char* name, const std::string& value) {
      if (!value.empty()) text += std::string(" ") + name + "=" + value;
    };
    add("from", copy.from);
    add("chown", copy.chown);
    add("chmod", copy.chmod);
    add("checksum", copy.checksum);
    for (const std::string& exclude : copy.excludes) add("exclude", exclude);
    if (copy.link) text += " link";
    if (copy.parents) text += " parents";
    if (copy.keep_git_dir) text += " keep-git-dir";
    if (copy.unpack) text += *copy.unpack ? " unpack" : " no-unpack";
    return text + Show(copy.heredocs);
  }
  std::string operator()(const Env& env) const { return Show(env.values); }
  std::string operator()(const Label& label) const { return Show(label.values); }
  std::string operator()(const Expose& expose) const { return List(expose.ports); }
  std::string operator()(const HealthcheckInstruction& check) const {
    if (check.none) return "NONE";
    std::string text = Show(check.command);
    const auto add = [&](const char* name, int64_t value, int64_t unit) {
      if (value != 0) text += std::string(" ") + name + "=" + std::to_string(value / unit);
    };
    add("interval_ms", check.interval, 1000000);
    add("timeout_ms", check.timeout, 1000000);
    add("start_period_ms", check.start_period, 1000000);
    add("start_interval_ms", check.start_interval, 1000000);
    add("retries", check.retries, 1);
    return text;
  }
  std::string operator()(const Maintainer& maintainer) const { return maintainer.name; }
  std::string operator()(const OnBuild& onbuild) const {
    return "{" + onbuild.instruction->name + " " + std::visit(Dumper(), onbuild.instruction->body) + "}";
  }
  std::string operator()(const Run& run) const {
    std::string text = Show(run.command);
    for (const RunMount& mount : run.mounts) text += " mount=" + mount.text;
    if (run.network == RunNetwork::kNone) text += " network=none";
    if (run.network == RunNetwork::kHost) text += " network=host";
    return text + Show(run.heredocs);
  }
  std::string operator()(const Shell& shell) const { return List(shell.words); }
  std::string operator()(const StopSignal& signal) const { return signal.signal; }
  std::string operator()(const User& user) const { return user.user; }
  std::string operator()(const Volume& volume) const { return List(volume.paths); }
  std::string operator()(const Workdir& workdir) const { return workdir.path; }
};

inline std::string Dump(const Instruction& instruction) {
  return instruction.name + " " + std::visit(Dumper(), instruction.body) + "\n";
}

inline std::string Dump(const Containerfile& file) {
  std::string text;
  for (const Instruction& instruction : file.global_arguments) text += Dump(instruction);
  for (const Stage& stage : file.stages) {
    text += "FROM " + stage.image + (stage.name.empty() ? "" : " AS " + stage.name) +
            (stage.platform.empty() ? "" : " platform=" + stage.platform) + "\n";
    for (const Instruction& instruction : stage.instructions) text += Dump(instruction);
  }
  return text;
}

// What the text is understood as, or "error: ...".
inline std::string Parsed(std::string_view text) {
  const Result<Containerfile> file = ParseContainerfile("F", text);
  return file.ok() ? Dump(*file) : "error: " + file.error().text() + "\n";
}

// The same for instructions below "FROM a"; the FROM is left out.
inline std::string Below(std::string_view text) {
  const std::string all = Parsed("FROM a\n" + std::string(text));
  return StartsWith(all, "FROM a\n") ? all.substr(7) : all;
}

}  // namespace ctool::build
