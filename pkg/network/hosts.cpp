// SPDX-License-Identifier: Apache-2.0
#include "network/hosts.hpp"

#include <set>

#include "base/text.hpp"
#include "network/address.hpp"

namespace ctool::network {
namespace {

constexpr std::string_view kHostGateway = "host-gateway";

// A name that stays one word of its line: no blanks, no control characters, no comment sign.
bool IsOneWord(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  for (const char c : name)
    if (static_cast<unsigned char>(c) <= ' ' || c == 0x7F || c == '#') return false;
  return true;
}

std::vector<std::string> Words(std::string_view line) {
  std::vector<std::string> words;
  for (size_t at = line.find_first_not_of(" \t\r\v\f"); at != std::string_view::npos;) {
    const size_t end = line.find_first_of(" \t\r\v\f", at);
    words.emplace_back(line.substr(at, end - at));
    at = end == std::string_view::npos ? end : line.find_first_not_of(" \t\r\v\f", end);
  }
  return words;
}

std::vector<HostsEntry> ParseHosts(std::string_view text) {
  std::vector<HostsEntry> entries;
  for (const std::string& line : Split(text, '\n')) {
    std::vector<std::string> words = Words(std::string_view(line).substr(0, line.find('#')));
    if (words.size() < 2) continue;
    HostsEntry entry{words.front(), {}};
    for (size_t i = 1; i < words.size(); ++i)
      if (IsOneWord(words[i])) entry.names.push_back(std::move(words[i]));
    // An address may carry a zone (fe80::1%lo0): only the part before it is checked.
    if (!entry.names.empty() && AddressFamily(entry.ip.substr(0, entry.ip.find('%'))))
      entries.push_back(std::move(entry));
  }
  return entries;
}

class HostsText {
 public:
  // All names of the entry.
  void Add(const HostsEntry& entry) {
    names_.insert(entry.names.begin(), entry.names.end());
    text_ += entry.ip + "\t" + Join(entry.names, " ") + "\n";
  }
  // Those names that no entry added with Add() has.
  void AddFree(const HostsEntry& entry) {
    HostsEntry left{entry.ip, {}};
    std::set<std::string> seen;
    for (const std::string& name : entry.names)
      if (names_.count(name) == 0 && seen.insert(name).second) left.names.push_back(name);
    if (!left.names.empty()) text_ += left.ip + "\t" + Join(left.names, " ") + "\n";
  }
  std::string Take() { return std::move(text_); }

 private:
  std::set<std::string> names_;
  std::string text_;
};

}  // namespace

Result<HostsEntry> ParseAddHost(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0)
    return Error(Code::kInvalidArgument, "bad format for add-host: " + Quote(text))
        .Hint("write NAME:IP, NAME;NAME2:IP or NAME:host-gateway");
  HostsEntry entry{std::string(text.substr(colon + 1)), Split(text.substr(0, colon), ';')};
  for (const std::string& name : entry.names) {
    if (name.empty())
      return Error(Code::kInvalidArgument, "hostname in add-host " + Quote(text) + " is empty");
    if (!IsOneWord(name))
      return Error(Code::kInvalidArgument, "invalid hostname in add-host: " + Quote(name));
  }
  if (entry.ip == kHostGateway) return entry;
  if (StartsWith(entry.ip, "[") && EndsWith(entry.ip, "]"))
    entry.ip = entry.ip.substr(1, entry.ip.size() - 2);
  if (!AddressFamily(entry.ip))
    return Error(Code::kInvalidArgument, "invalid IP address in add-host: " + Quote(entry.ip));
  return entry;
}

Result<std::string> MakeHosts(const HostsInput& input) {
  HostsText text;
  for (const std::string& typed : input.add_host) {
    HostsEntry entry = TRY(ParseAddHost(typed));
    if (entry.ip == kHostGateway) entry.ip = input.internal_ip;
    if (entry.ip.empty())
      return Error(Code::kInvalidArgument, "unable to replace \"host-gateway\" of host entry " +
                                               Quote(typed) +
                                               ": host containers internal IP address is empty");
    text.Add(entry);
  }
  for (const HostsEntry& entry : ParseHosts(input.base)) text.Add(entry);
  text.AddFree({"127.0.0.1", {"localhost"}});
  text.AddFree({"::1", {"localhost"}});
  std::vector<HostsEntry> own = input.own;
  if (!input.internal_ip.empty())
    own.insert(own.begin(),
               {input.internal_ip, {"host.containers.internal", "host.docker.internal"}});
  for (const HostsEntry& entry : own) {
    if (!AddressFamily(entry.ip))
      return Error(Code::kInvalidArgument, Quote(entry.ip) + " is not an ip address");
    for (const std::string& name : entry.names)
      if (!IsOneWord(name))
        return Error(Code::kInvalidArgument, "invalid host name: " + Quote(name));
    text.AddFree(entry);
  }
  return text.Take();
}

}  // namespace ctool::network
