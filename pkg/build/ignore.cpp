// SPDX-License-Identifier: Apache-2.0
#include "build/ignore.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "build/limits.hpp"

namespace ctool::build {

std::string CleanPath(std::string_view path) {
  const bool rooted = StartsWith(path, "/");
  std::vector<std::string> kept;
  for (std::string& part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(std::move(part));
    } else if (!kept.empty() && kept.back() != "..") {
      kept.pop_back();
    } else if (!rooted) {
      kept.push_back(std::move(part));
    }
  }
  const std::string clean = (rooted ? "/" : "") + Join(kept, "/");
  return clean.empty() ? "." : clean;
}

Status IgnoreList::Add(std::string_view written) {
  Pattern pattern;
  pattern.wanted = StartsWith(written, "!");
  if (pattern.wanted) written = Trim(written.substr(1));
  if (written.empty()) return Error(Code::kInvalidArgument, "illegal exclusion pattern: \"!\"");
  pattern.text = CleanPath(written);
  if (pattern.text.size() > 1 && pattern.text.front() == '/') pattern.text.erase(0, 1);
  pattern.glob = TRY(Glob::Compile(pattern.text, DoubleStar::kDirectories));
  if (patterns_.size() == kMaxIgnorePatterns)
    return Error(Code::kInvalidArgument, "more than " + std::to_string(kMaxIgnorePatterns) + " patterns");
  patterns_.push_back(std::move(pattern));
  return Ok();
}

Result<IgnoreList> IgnoreList::Parse(std::string_view file, std::string_view text) {
  if (text.size() > kMaxIgnoreBytes)
    return Error(Code::kInvalidArgument,
                 Printable(file) + ": larger than " + std::to_string(kMaxIgnoreBytes >> 20) + " MiB");
  if (StartsWith(text, "\xEF\xBB\xBF")) text.remove_prefix(3);
  IgnoreList list;
  int number = 0;
  for (const std::string& line : Split(text, '\n')) {
    ++number;
    if (StartsWith(line, "#")) continue;
    const std::string_view pattern = Trim(line);
    if (pattern.empty()) continue;
    TRY_CTX(Printable(file) + ":" + std::to_string(number), list.Add(pattern));
  }
  return list;
}

Result<IgnoreList> IgnoreList::Of(const std::vector<std::string>& patterns) {
  IgnoreList list;
  for (const std::string& pattern : patterns) {
    if (!Trim(pattern).empty()) TRY(list.Add(Trim(pattern)));
  }
  return list;
}

bool IgnoreList::Ignores(std::string_view path) const {
  bool ignored = false;
  for (const Pattern& pattern : patterns_) {
    if (pattern.wanted != ignored) continue;  // it could change nothing
    bool matches = pattern.glob.Matches(path);
    for (size_t slash = path.find('/'); !matches && slash != std::string_view::npos;
         slash = path.find('/', slash + 1))
      matches = pattern.glob.Matches(path.substr(0, slash));
    if (matches) ignored = !pattern.wanted;
  }
  return ignored;
}

bool IgnoreList::MayWantBelow(std::string_view path) const {
  return std::any_of(patterns_.begin(), patterns_.end(), [&](const Pattern& pattern) {
    if (!pattern.wanted) return false;
    // What stands before the first wildcard must lead into the directory, or be led into by it.
    const std::string_view fixed =
        std::string_view(pattern.text).substr(0, pattern.text.find_first_of("*?[\\"));
    const std::string below = std::string(path) + "/";
    return StartsWith(fixed, below) || StartsWith(below, fixed);
  });
}

}  // namespace ctool::build
