// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.hpp"
#include "build/characters_internal.hpp"
#include "build/flags_internal.hpp"
#include "build/instruction_internal.hpp"
#include "build/words_internal.hpp"

namespace ctool::build {
namespace {

bool ValidStageName(std::string_view name) {
  return !name.empty() && Letter(name.front()) && std::all_of(name.begin(), name.end(), [](char c) {
    return NameCharacter(c) || c == '-' || c == '.';
  });
}

bool IsLower(std::string_view text) { return text == ToLower(text); }

void WarnOfName(const Request& request, std::string_view as, std::string_view name) {
  if (!IsLower(name))
    request.Warn("StageNameCasing", name, "stage name " + Quote(name) + " should be in lower case");
  const std::string lower = ToLower(name);
  if (lower == "scratch" || lower == "context")
    request.Warn("ReservedStageName", name, "stage name " + Quote(name) + " is reserved");
  if (IsLower(as) != IsLower(request.keyword))
    request.Warn("FromAsCasing", as, "FROM and AS should be written in the same case");
}

void WarnOfPlatform(const Request& request, const std::string& platform) {
  if (platform == "$TARGETPLATFORM" || platform == "${TARGETPLATFORM}") {
    request.Warn("RedundantTargetPlatform", request.keyword,
                 "--platform=$TARGETPLATFORM is what FROM does without it");
  } else if (!platform.empty() && platform.find('$') == std::string::npos) {
    request.Warn("FromPlatformFlagConstDisallowed", request.keyword,
                 "constant --platform=" + Printable(platform) + ": the image can't be built for another platform");
  }
}

}  // namespace

Result<Stage> ReadFrom(const Request& request) {
  const Flags flags = TRY(Flags::Check(request, {{"platform"}}));
  const std::vector<std::string_view> words = BlankSeparated(request.arguments);
  const bool named = words.size() == 3 && ToLower(words[1]) == "as";
  if (words.size() != 1 && !named)
    return request.Fail(words.size() > 1 ? words[1] : request.keyword,
                        "FROM requires either one or three arguments",
                        "write FROM [--platform=PLATFORM] IMAGE [AS NAME]");
  Stage stage;
  if (named) {
    if (!ValidStageName(words[2]))
      return request.Fail(words[2], "invalid name for build stage: " + Quote(words[2]) +
                          ", name can't start with a number or contain symbols",
                          "begin with a letter; then letters, digits, _, - and .");
    WarnOfName(request, words[1], words[2]);
    stage.name = ToLower(words[2]);
  }
  stage.image = words[0];
  stage.platform = flags.Text("platform");
  WarnOfPlatform(request, stage.platform);
  stage.text = Trim(request.line.text());
  stage.where = request.Where(request.keyword);
  return stage;
}

}  // namespace ctool::build
