// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "engine/interrupt.hpp"

namespace ctool::builder {

// "http://...", "https://...".
bool IsHttp(const std::string& text);
// A repository: ends in ".git" before "#" or "?", or begins with git:// or git@.
bool IsGit(const std::string& text);

// A URL as it is shown: without the name and the password in it.
std::string WithoutPassword(const std::string& url);

// Downloads into `folder` and returns the file's name there; its time is the server's Last-Modified. `checksum`: "sha256:..." or
// empty.
struct RemoteFile {
  std::string url, checksum, folder;
  std::string name = {};  // of the file, when the URL has none
};
Result<std::string> Download(const RemoteFile& wanted, const engine::Interrupt& interrupt);

// "URL[#REF[:SUBFOLDER]]": clones into `folder`; returns the path below it that is meant.
Result<std::string> CloneGit(const std::string& text, const std::string& folder, bool keep_git_dir, const engine::Interrupt& interrupt);

}  // namespace ctool::builder
