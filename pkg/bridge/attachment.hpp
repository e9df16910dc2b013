// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "bridge/definition.hpp"

namespace ctool::bridge {

// A container's place in a network, as it was asked for.
struct Attachment {
  std::string network;              // its name
  std::string interface;            // in the container; empty: the first free ethN
  std::vector<std::string> aliases;
  std::string ip, ip6, mac;         // empty: chosen
};

// "NETWORK[:ip=A,ip6=A,mac=M,alias=N,interface_name=I]" (alias may be repeated). kInvalidArgument for an unknown
// option, and for what is no address.
Result<Attachment> ParseAttachment(std::string_view text);
// One of them. `key`: ip, ip6, mac, alias, interface_name.
Status SetAttachmentOption(const std::string& key, const std::string& value, Attachment& into);
// Gives ethN to those without a name; kInvalidArgument when one is given twice.
Status NameInterfaces(std::vector<Attachment>& attachments);

// One that has its addresses: "10.89.0.2".
struct Connected {
  Definition network;
  Attachment attachment;
  std::vector<std::string> addresses;  // one for each subnet of the network
};

// A free address in each subnet, or those asked for. A lease is a file in `folder` that is named like its
// address and holds the container's id; `is_alive` says of an id whether its container still counts. The caller holds
// the folder's lock. Adds the files made to `files`, also on failure. kBusy: the address is taken, or all are.
using IsAlive = std::function<bool(const std::string& container)>;
Result<std::vector<std::string>> TakeAddresses(const std::string& folder, const std::string& container, const Definition& network,
                                               const Attachment& wanted, const IsAlive& is_alive,
                                               std::vector<std::string>& files);

// netavark's request for a container on these networks. `id` and `name` of the container; the short id and the name
// are its names everywhere.
std::string NetavarkRequest(const std::string& id, const std::string& name, const std::vector<Connected>& networks);

}  // namespace ctool::bridge
