// SPDX-License-Identifier: Apache-2.0
//
// COPY and ADD.
#include "base/text.hpp"
#include "build/exec_form_internal.hpp"
#include "build/flags_internal.hpp"
#include "build/instruction_internal.hpp"
#include "build/words_internal.hpp"

namespace ctool::build {
namespace {

const std::vector<FlagRule>& CopyRules() {
  static const std::vector<FlagRule> rules = {
      {"from"}, {"chown"}, {"chmod"}, {"link", FlagKind::kBool}, {"parents", FlagKind::kBool},
      {"exclude", FlagKind::kList}};
  return rules;
}

const std::vector<FlagRule>& AddRules() {
  static const std::vector<FlagRule> rules = {{"chown"},
                                              {"chmod"},
                                              {"link", FlagKind::kBool},
                                              {"exclude", FlagKind::kList},
                                              {"checksum"},
                                              {"keep-git-dir", FlagKind::kBool},
                                              {"unpack", FlagKind::kBool}};
  return rules;
}

// The sources and, last, the destination.
Result<std::vector<CopySource>> ReadPaths(const Request& request) {
  std::vector<CopySource> paths;
  if (ReadExecForm(request.arguments).kind != ExecForm::Kind::kNone) {
    for (std::string& word : TRY(ReadList(request))) paths.push_back({std::move(word), {}});
    return paths;
  }
  std::string_view rest = request.arguments;
  for (size_t next = 0; !(rest = Trim(rest)).empty();) {
    CopySource path;
    size_t length = BlankSeparated(rest).front().size();
    if (next < request.heredoc_words.size() && request.heredoc_words[next].data() == rest.data()) {
      length = request.heredoc_words[next].size();
      path.heredoc = next++;
    }
    path.text = path.heredoc ? request.heredocs[*path.heredoc].name : std::string(rest.substr(0, length));
    paths.push_back(std::move(path));
    rest.remove_prefix(length);
  }
  return paths;
}

Status CheckFrom(const Request& request, const Flags& flags) {
  const Flag* from = flags.Get("from");
  if (from == nullptr) return Ok();
  if (from->value->find('$') != std::string::npos)
    return request.FailAt(from->offset, "--from doesn't support variable expansion, define alias stage instead",
                          "write FROM " + Printable(*from->value) + " AS name, and --from=name");
  if (from->value->empty()) return request.FailAt(from->offset, "missing a value on flag: from");
  return Ok();
}

}  // namespace

Result<Body> ReadCopy(Request& request) {
  Copy copy;
  copy.add = request.name == "ADD";
  const Flags flags = TRY(Flags::Check(request, copy.add ? AddRules() : CopyRules()));
  TRY(CheckFrom(request, flags));
  copy.sources = TRY(ReadPaths(request));
  if (copy.sources.size() < 2)
    return request.Fail(request.keyword,
                        request.name + " requires at least two arguments, but " +
                            (copy.sources.empty() ? "none was" : "only one was") +
                            " provided. Destination could not be determined",
                        "write " + request.name + " SOURCE ... DESTINATION");
  if (copy.sources.back().heredoc)
    return request.Fail(request.heredoc_words.back(),
                        request.name + " can't have a heredoc as its destination",
                        "write " + request.name + " <<NAME DESTINATION");
  copy.destination = std::move(copy.sources.back().text);
  copy.sources.pop_back();
  copy.heredocs = std::move(request.heredocs);
  copy.from = flags.Text("from");
  copy.chown = flags.Text("chown");
  copy.chmod = flags.Text("chmod");
  copy.excludes = flags.All("exclude");
  copy.link = flags.On("link");
  copy.parents = flags.On("parents");
  copy.checksum = flags.Text("checksum");
  copy.keep_git_dir = flags.On("keep-git-dir");
  copy.unpack = flags.Switch("unpack");
  return Body(std::move(copy));
}

}  // namespace ctool::build
