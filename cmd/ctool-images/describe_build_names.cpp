// SPDX-License-Identifier: Apache-2.0
//
// For a shell that completes `build`: the names that a Containerfile gives. A line at a time, as the language's parser
// would be loaded by every command.
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <sstream>

#include "base/text.hpp"
#include "ctool-images/commands.hpp"
#include "sys/file.hpp"

namespace ctool {
namespace {

constexpr size_t kMaxRead = 1 << 20;  // of a file that is read while somebody types

// Nothing when it is no plain file: a pipe would be waited for.
std::string TextOf(const std::string& path) {
  const Result<sys::Fd> file = sys::Open(path, O_RDONLY | O_NONBLOCK);
  struct stat st {};
  if (!file.ok() || ::fstat(file->get(), &st) < 0 || !S_ISREG(st.st_mode)) return "";
  Result<std::string> text = sys::ReadAll(file->get(), path, kMaxRead);
  return text.ok() ? std::move(*text) : "";
}

std::vector<std::string> WordsOf(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(std::move(word));
  return words;
}

std::vector<std::vector<std::string>> LinesOf(const std::vector<std::string>& files, const std::string& keyword) {
  std::vector<std::vector<std::string>> lines;
  static const std::vector<std::string> kDefault = {"Containerfile", "Dockerfile"};
  for (const std::string& file : files.empty() ? kDefault : files) {
    const std::string text = TextOf(file);
    for (const std::string& line : Split(text, '\n'))
      if (std::vector<std::string> words = WordsOf(line); !words.empty() && ToLower(words[0]) == keyword) lines.push_back(std::move(words));
    if (files.empty() && !text.empty()) break;
  }
  return lines;
}

}  // namespace

std::vector<std::string> StagesIn(const std::vector<std::string>& files) {
  std::vector<std::string> stages;
  for (const auto& line : LinesOf(files, "from"))
    if (line.size() >= 4 && ToLower(line[line.size() - 2]) == "as") stages.push_back(line.back());
  return stages;
}

std::vector<std::string> ArgumentsIn(const std::vector<std::string>& files) {
  std::vector<std::string> names;
  for (const auto& line : LinesOf(files, "arg"))
    for (size_t i = 1; i < line.size(); ++i)
      if (std::string name = line[i].substr(0, line[i].find('=')) + "="; std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(std::move(name));
  return names;
}

}  // namespace ctool
