// SPDX-License-Identifier: Apache-2.0
#include "bridge/attachment.hpp"

#include <algorithm>
#include <cctype>

#include "base/text.hpp"
#include "bridge/json_internal.hpp"
#include "bridge/subnet.hpp"

namespace ctool::bridge {
namespace {

bool IsMac(const std::string& text) {
  if (text.size() != 17) return false;
  for (size_t i = 0; i < text.size(); ++i)
    if (i % 3 == 2 ? text[i] != ':' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  return true;
}

// A label of a domain name; what aardvark-dns keeps in a file of words must stay one.
bool IsHostName(const std::string& text) {
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
  });
}

Status SetAddress(const std::string& text, bool v6, std::string& into) {
  const std::optional<Address> address = Address::Parse(text);
  if (!address || address->v6 != v6) return Error(Code::kInvalidArgument, "\"" + Printable(text) + "\" is not an ip address");
  into = address->Print();
  return Ok();
}

}  // namespace

Status SetAttachmentOption(const std::string& key, const std::string& value, Attachment& into) {
  if (key == "ip" || key == "ip6") {
    const std::optional<Address> address = Address::Parse(value);
    const bool v6 = address && address->v6;
    return SetAddress(value, v6, v6 ? into.ip6 : into.ip);
  }
  if (key == "mac") {
    if (!IsMac(value)) return Error(Code::kInvalidArgument, "invalid MAC address " + Quote(value));
    into.mac = value;
  } else if (key == "alias") {
    if (!IsHostName(value)) return Error(Code::kInvalidArgument, "invalid network alias " + Quote(value));
    into.aliases.push_back(value);
  } else if (key == "interface_name") {
    if (value.empty() || value.size() > 15 || value.find_first_of("/ :") != std::string::npos)
      return Error(Code::kInvalidArgument, "invalid interface name " + Quote(value));
    into.interface = value;
  } else {
    return Error(Code::kInvalidArgument, "unknown bridge network option: " + Printable(key));
  }
  return Ok();
}

Result<Attachment> ParseAttachment(std::string_view text) {
  const size_t colon = text.find(':');
  Attachment attachment;
  attachment.network = std::string(text.substr(0, colon));
  if (colon == std::string_view::npos) return attachment;
  for (const std::string& option : Split(text.substr(colon + 1), ',')) {
    const size_t equals = option.find('=');
    if (equals == std::string::npos) return Error(Code::kInvalidArgument, "invalid option for network " + Printable(attachment.network) + ": " + Quote(option) + " has no value");
    TRY_CTX("invalid option for network " + Printable(attachment.network),
            SetAttachmentOption(option.substr(0, equals), option.substr(equals + 1), attachment));
  }
  return attachment;
}

Status NameInterfaces(std::vector<Attachment>& attachments) {
  const auto count = [&](const std::string& name) {
    return std::count_if(attachments.begin(), attachments.end(), [&](const Attachment& a) { return a.interface == name; });
  };
  int next = 0;
  for (Attachment& attachment : attachments) {
    while (attachment.interface.empty())
      if (const std::string name = "eth" + std::to_string(next++); count(name) == 0) attachment.interface = name;
    if (count(attachment.interface) > 1)
      return Error(Code::kInvalidArgument, "interface name " + Quote(attachment.interface) + " is given to two networks");
  }
  return Ok();
}

std::string NetavarkRequest(const std::string& id, const std::string& name, const std::vector<Connected>& networks) {
  Json request{{"container_id", id}, {"container_name", name}, {"networks", Json::object()}, {"network_info", Json::object()}};
  for (const Connected& c : networks) {
    Json options{{"interface_name", c.attachment.interface}, {"static_ips", c.addresses}};
    std::vector<std::string> aliases = c.attachment.aliases;
    aliases.push_back(id.substr(0, 12));
    if (c.network.dns) options["aliases"] = aliases;
    if (!c.attachment.mac.empty()) options["static_mac"] = c.attachment.mac;
    request["networks"][c.network.name] = std::move(options);
    Definition definition = c.network;
    // Networks are walls, unless their maker has said otherwise.
    definition.options.emplace("isolate", "true");
    request["network_info"][c.network.name] = ToJson(definition);
  }
  return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ctool::bridge
