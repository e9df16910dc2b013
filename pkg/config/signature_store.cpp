// SPDX-License-Identifier: Apache-2.0
//
// The files are YAML; what stands in them are maps of texts, two deep, and nothing else of YAML is read.
#include "config/signature_store.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/text.hpp"
#include "config/paths_internal.hpp"
#include "sys/file.hpp"

namespace ctool::config {
namespace {

struct Section {
  std::map<std::string, std::string> values;
  std::string place;  // FILE:LINE
};
using Sections = std::map<std::string, Section>;  // scope; "" is default-docker

struct Line {
  size_t indent = 0;
  std::string key;
  std::optional<std::string> value;
};

class Reader {
 public:
  Reader(const std::string& file, Sections& into) : file_(file), to_(into) {}

  Status Read(const std::string& text) {
    for (const std::string& raw : Split(text, '\n')) {
      ++number_;
      const std::optional<Line> line = TRY(Parse(raw));
      if (line) TRY(Take(*line));
    }
    return Ok();
  }

 private:
  Error Bad(const std::string& why) const {
    return Error(Code::kCorrupt, file_ + ":" + std::to_string(number_) + ": " + why);
  }

  Result<std::string> Scalar(std::string_view text) const {
    text = Trim(text);
    if (text.empty()) return std::string();
    const char first = text.front();
    if (first == '"' || first == '\'') {
      if (text.size() < 2 || text.back() != first || text.find('\\') != std::string_view::npos)
        return Bad("a quote that can't be read");
      return std::string(text.substr(1, text.size() - 2));
    }
    if (std::string_view("{[&*!|>%@`").find(first) != std::string_view::npos) return Bad("only plain texts are read here");
    return std::string(text);
  }

  Result<std::optional<Line>> Parse(const std::string& raw) const {
    std::string text = raw;
    for (size_t at = text.find('#'); at != std::string::npos; at = text.find('#', at + 1))
      if (at == 0 || text[at - 1] == ' ' || text[at - 1] == '\t') {
        text.resize(at);
        break;
      }
    const std::string_view content = Trim(text);
    if (content.empty() || content == "---" || content == "{}") return std::optional<Line>();
    Line line;
    line.indent = text.find_first_not_of(' ');
    if (text[line.indent] == '\t') return Bad("tabs are no indentation");
    const size_t colon = content.find(": ");
    if (colon != std::string_view::npos) {
      line.key = TRY(Scalar(content.substr(0, colon)));
      line.value = TRY(Scalar(content.substr(colon + 2)));
    } else if (EndsWith(content, ":")) {
      line.key = TRY(Scalar(content.substr(0, content.size() - 1)));
    } else {
      return Bad("a key is expected");
    }
    if (line.key.empty()) return Bad("an empty key");
    return std::optional<Line>(std::move(line));
  }

  Result<Section*> Open(const std::string& scope) {
    const auto [at, fresh] = to_.emplace(scope, Section{{}, file_ + ":" + std::to_string(number_)});
    if (!fresh) return Bad("the scope " + Quote(scope) + " is there already, in " + at->second.place);
    return &at->second;
  }

  Status Take(const Line& line) {
    if (line.indent == 0) {
      if (line.value && line.value != "") return Bad("a section is expected");
      in_docker_ = line.key == "docker";
      section_ = nullptr;
      inner_ = 0;
      if (line.key == "default-docker") section_ = TRY(Open(""));
      else if (!in_docker_) return Bad("unknown key " + Quote(line.key));
      return Ok();
    }
    if (in_docker_ && (section_ == nullptr || line.indent <= outer_)) {
      if (line.value) return Bad("a scope is expected");
      outer_ = line.indent;
      inner_ = 0;
      section_ = TRY(Open(line.key));
      return Ok();
    }
    if (section_ == nullptr) return Bad("nothing is expected here");
    if (inner_ == 0) inner_ = line.indent;
    if (line.indent != inner_ || !line.value) return Bad("KEY: VALUE is expected");
    if (!section_->values.emplace(line.key, *line.value).second) return Bad(Quote(line.key) + " is there twice");
    return Ok();
  }

  const std::string& file_;
  Sections& to_;
  size_t number_ = 0, outer_ = 0, inner_ = 0;
  bool in_docker_ = false;
  Section* section_ = nullptr;
};

Result<Sections> ReadFolder(const std::string& folder) {
  Sections sections;
  const Result<sys::Fd> dir = sys::Open(folder, O_RDONLY | O_DIRECTORY);
  if (!dir.ok()) {
    if (dir.error().code() == Code::kNotFound) return sections;
    return dir.error();
  }
  std::vector<std::string> names = TRY(sys::ListDir(dir->get(), folder));
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (!EndsWith(name, ".yaml")) continue;
    const std::string file = folder + "/" + name;
    TRY(Reader(file, sections).Read(TRY(ReadConfigText(file))));
  }
  return sections;
}

// The whole name, the repository, its parents, the host, the patterns of its domains, the default.
std::vector<std::string> ScopesOf(const spec::Reference& reference) {
  std::vector<std::string> scopes = {reference.Name()};
  for (std::string name = reference.Repository();; name.resize(name.rfind('/'))) {
    scopes.push_back(name);
    if (name.find('/') == std::string::npos) break;
  }
  std::string host = reference.domain.substr(0, reference.domain.find(':'));
  for (size_t dot = host.find('.'); dot != std::string::npos; dot = host.find('.')) {
    host.erase(0, dot + 1);
    scopes.push_back("*." + host);
  }
  scopes.emplace_back("");
  return scopes;
}

}  // namespace

Result<SignatureStore> FindSignatureStoreIn(const std::string& folder, const std::string& otherwise,
                                            const spec::Reference& reference) {
  const Sections sections = TRY(ReadFolder(folder));
  // Each of the two is taken from the most exact scope that says something of it.
  std::optional<std::string> lookaside, attachments;
  for (const std::string& scope : ScopesOf(reference)) {
    const auto at = sections.find(scope);
    if (at == sections.end()) continue;
    const auto value = [&](const char* key) -> std::optional<std::string> {
      const auto it = at->second.values.find(key);
      return it == at->second.values.end() || it->second.empty() ? std::nullopt : std::optional(it->second);
    };
    if (!lookaside) lookaside = value("lookaside");
    if (!lookaside) lookaside = value("sigstore");  // its former name
    if (!attachments) attachments = value("use-sigstore-attachments");
    if (attachments && *attachments != "true" && *attachments != "false")
      return Error(Code::kCorrupt, at->second.place + ": use-sigstore-attachments is true or false");
  }
  SignatureStore out;
  out.lookaside = lookaside.value_or(otherwise);
  out.sigstore_attachments = attachments == "true";
  return out;
}

Result<SignatureStore> FindSignatureStore(const spec::Reference& reference) {
  const std::vector<std::string> folders = TRY(ConfigFolders());
  std::string folder = "/etc/containers/registries.d";
  if (!folders.empty() && sys::Exists(folders.front() + "/registries.d")) folder = folders.front() + "/registries.d";
  const char* data = ::getenv("XDG_DATA_HOME");
  const char* home = ::getenv("HOME");
  const std::string own = data != nullptr && *data == '/' ? std::string(data)
                                                          : std::string(home != nullptr ? home : "") + "/.local/share";
  const std::string otherwise = ::geteuid() == 0 ? "file:///var/lib/containers/sigstore"
                                                 : "file://" + own + "/containers/sigstore";
  return FindSignatureStoreIn(folder, otherwise, reference);
}

}  // namespace ctool::config
