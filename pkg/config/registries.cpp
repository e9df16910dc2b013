// SPDX-License-Identifier: Apache-2.0
//
// Reading registries.conf; what the values mean is in registries_resolve.cpp.
#include "config/registries.hpp"

#include <unistd.h>

#include <algorithm>

#include "base/log.hpp"
#include "base/text.hpp"
#include "config/document_internal.hpp"
#include "config/paths.hpp"
#include "config/paths_internal.hpp"
#include "sys/file.hpp"

namespace ctool::config {
namespace {

// host[:port][/path], as a location is written. The grammar keeps "..", schemes and user names
// out of what becomes a URL.
Status CheckLocation(const Node& node, std::string_view key, std::string_view location) {
  const auto bad = [&](std::string_view why) {
    return node.Bad(std::string(key) + " " + Quote(location) + " " + std::string(why));
  };
  if (location.find("://") != std::string_view::npos)
    return bad("must be HOST[:PORT][/PATH] without http:// or https://");
  for (const std::string& part : Split(location, '/'))
    if (part.empty() || part == "." || part == "..") return bad("is not HOST[:PORT][/PATH]");
  for (const char c : location)
    if (!std::isalnum(static_cast<unsigned char>(c)) &&
        std::string_view("._-:/[]").find(c) == std::string_view::npos)
      return bad("has a character that no registry's name has");
  return Ok();
}

std::string WithoutTrailingSlash(std::string text) {
  while (!text.empty() && text.back() == '/') text.pop_back();
  return text;
}

std::string AliasCacheFile() {
  std::string cache = EnvPath("XDG_CACHE_HOME");
  if (cache.empty()) {
    const Result<std::string> home = FindHome();
    if (!home.ok()) return "";
    cache = *home + "/.cache";
  }
  return cache + "/containers/short-name-aliases.conf";
}

}  // namespace

// Adds one file to a Registries: lists replace, entries with the same prefix replace each other,
// aliases are merged.
class RegistriesReader {
 public:
  RegistriesReader(Registries& into, const std::string& file) : to_(into), file_(file) {}

  Status Read() {
    const Node document = TRY(ReadToml(file_));
    for (const auto& [key, value] : document.members) {
      if (key == "unqualified-search-registries")
        TRY(ReadSearch(key, value));
      else if (key == "registry")
        TRY(ReadEntries(value));
      else if (key == "aliases")
        TRY(ReadAliases(value));
      else if (key == "short-name-mode")
        TRY(ReadMode(key, value));
      else if (key == "credential-helpers")
        to_.credential_helpers_ = TRY(AsStrings(value, key, nullptr));
      else if (key == "registries")
        return value.Bad("the version 1 format of registries.conf is not supported")
            .Hint(
                "use unqualified-search-registries = [...] and [[registry]], see "
                "containers-registries.conf(5)");
      else if (key != "additional-layer-store-auth-helper")
        Warn(value.place + ": unknown key " + Quote(key));
    }
    to_.files_.push_back(file_);
    return Ok();
  }

 private:
  Status ReadSearch(const std::string& key, const Node& node) {
    std::vector<std::string> search = TRY(AsStrings(node, key, nullptr));
    for (std::string& registry : search) {
      registry = WithoutTrailingSlash(std::move(registry));
      TRY(CheckLocation(node, key, registry));
    }
    to_.search_ = std::move(search);
    return Ok();
  }

  Status ReadMode(const std::string& key, const Node& node) {
    const std::string mode = TRY(AsString(node, key));
    if (mode != "enforcing" && mode != "permissive" && mode != "disabled")
      return node.Bad("short-name-mode must be enforcing, permissive or disabled, not " +
                      Quote(mode));
    to_.short_name_mode_ = mode;
    return Ok();
  }

  Status ReadEntries(const Node& list) {
    if (list.kind != Node::Kind::kArray) return list.Bad("registry must be written [[registry]]");
    for (const Node& item : list.items) {
      Registries::Entry entry = TRY(ReadEntry(item));
      const auto same = std::find_if(to_.entries_.begin(), to_.entries_.end(),
                                     [&](const auto& e) { return e.prefix == entry.prefix; });
      if (same == to_.entries_.end())
        to_.entries_.push_back(std::move(entry));
      else
        *same = std::move(entry);
    }
    return Ok();
  }

  Result<Registries::Entry> ReadEntry(const Node& table) {
    Registries::Entry entry;
    bool mirror_by_digest_only = false;
    const Node* mirrors = nullptr;
    if (table.kind != Node::Kind::kTable) return table.Bad("registry must be a table");
    for (const auto& [key, value] : table.members) {
      if (key == "prefix")
        entry.prefix = WithoutTrailingSlash(TRY(AsString(value, key)));
      else if (key == "location")
        entry.location = WithoutTrailingSlash(TRY(AsString(value, key)));
      else if (key == "insecure")
        entry.insecure = TRY(AsBool(value, key));
      else if (key == "blocked")
        entry.blocked = TRY(AsBool(value, key));
      else if (key == "mirror-by-digest-only")
        mirror_by_digest_only = TRY(AsBool(value, key));
      else if (key == "mirror")
        mirrors = &value;
      else
        Warn(value.place + ": unknown key " + Quote(key) + " in [[registry]]");
    }
    TRY(CheckEntry(table, entry));
    if (mirrors != nullptr) entry.mirrors = TRY(ReadMirrors(*mirrors, mirror_by_digest_only));
    return entry;
  }

  Status CheckEntry(const Node& table, Registries::Entry& entry) {
    const bool wildcard = StartsWith(entry.prefix, "*.");
    if (entry.prefix.empty()) entry.prefix = entry.location;
    if (entry.prefix.empty()) return table.Bad("[[registry]] has neither prefix nor location");
    if (entry.location.empty() && !wildcard && !entry.blocked) entry.location = entry.prefix;
    if (!entry.location.empty()) TRY(CheckLocation(table, "location", entry.location));
    const std::string_view host = std::string_view(entry.prefix).substr(wildcard ? 2 : 0);
    TRY(CheckLocation(table, "prefix", host));
    if (wildcard && host.find('/') != std::string_view::npos)
      return table.Bad("prefix " + Quote(entry.prefix) + ": a wildcard can't have a path");
    return Ok();
  }

  Result<std::vector<Registries::Mirror>> ReadMirrors(const Node& list, bool by_digest_only) {
    std::vector<Registries::Mirror> mirrors;
    if (list.kind != Node::Kind::kArray)
      return list.Bad("mirror must be written [[registry.mirror]]");
    for (const Node& item : list.items) {
      Registries::Mirror mirror;
      if (by_digest_only) mirror.pull = Registries::Pull::kDigestOnly;
      for (const auto& [key, value] : item.members) {
        if (key == "location")
          mirror.location = WithoutTrailingSlash(TRY(AsString(value, key)));
        else if (key == "insecure")
          mirror.insecure = TRY(AsBool(value, key));
        else if (key == "pull-from-mirror")
          mirror.pull = TRY(ReadPull(value, key));
        else
          Warn(value.place + ": unknown key " + Quote(key) + " in [[registry.mirror]]");
      }
      TRY(CheckLocation(item, "mirror location", mirror.location));
      mirrors.push_back(std::move(mirror));
    }
    return mirrors;
  }

  Result<Registries::Pull> ReadPull(const Node& node, const std::string& key) {
    const std::string value = TRY(AsString(node, key));
    if (value == "all") return Registries::Pull::kAll;
    if (value == "digest-only") return Registries::Pull::kDigestOnly;
    if (value == "tag-only") return Registries::Pull::kTagOnly;
    return node.Bad("pull-from-mirror must be all, digest-only or tag-only, not " + Quote(value));
  }

  Status ReadAliases(const Node& table) {
    if (table.kind != Node::Kind::kTable) return table.Bad("aliases must be a table");
    for (const auto& [name, node] : table.members) {
      Registries::Alias alias{name, TRY(AsString(node, name)), file_};
      if (!alias.value.empty()) {
        const Result<spec::Reference> target = spec::Reference::Parse(alias.value);
        if (!target.ok() || target->Repository() + ":latest" != target->Name() ||
            EndsWith(alias.value, ":latest"))
          return node.Bad("alias " + Quote(name) +
                          " must name a repository with its registry and "
                          "without a tag or digest, not " +
                          Quote(alias.value));
      }
      const auto same = std::find_if(to_.aliases_.begin(), to_.aliases_.end(),
                                     [&](const auto& a) { return a.name == alias.name; });
      if (same == to_.aliases_.end())
        to_.aliases_.push_back(std::move(alias));
      else
        *same = std::move(alias);
    }
    return Ok();
  }

  Registries& to_;
  const std::string& file_;
};

Result<Registries> Registries::LoadFrom(const std::vector<std::string>& files) {
  Registries registries;
  for (const std::string& file : files) TRY(RegistriesReader(registries, file).Read());
  if (files.empty()) registries.search_ = {"docker.io"};
  return registries;
}

Result<Registries> Registries::Load() {
  std::vector<std::string> files;
  const std::string named = Env("CONTAINERS_REGISTRIES_CONF");
  if (!named.empty()) {
    files.push_back(named);
  } else {
    const std::vector<std::string> folders = TRY(ConfigFolders());
    files = ConfigFilesIn(folders, "registries.conf", ::getuid());
  }
  Result<Registries> loaded = LoadFrom(files);
  if (!loaded.ok()) return std::move(loaded).error().Hint("correct the file; see: ctool doctor");
  Registries registries = std::move(*loaded);
  const std::string cache = AliasCacheFile();
  if (!cache.empty() && sys::Exists(cache)) TRY(RegistriesReader(registries, cache).Read());
  return registries;
}

}  // namespace ctool::config
