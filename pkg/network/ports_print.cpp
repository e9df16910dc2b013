// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "network/ports.hpp"

namespace ctool::network {
namespace {

std::string Address(const PortMapping& mapping) {
  if (mapping.host_ip.empty()) return "0.0.0.0";
  return mapping.host_ip.find(':') == std::string::npos ? mapping.host_ip
                                                        : "[" + mapping.host_ip + "]";
}

std::string Range(uint32_t first, uint32_t count) {
  const std::string text = std::to_string(first);
  return count == 1 ? text : text + "-" + std::to_string(first + count - 1);
}

using Exposed = std::pair<std::string, uint32_t>;  // protocol, port

void Collect(const std::vector<PortMapping>& mappings, std::set<Exposed>& ports) {
  for (const PortMapping& mapping : mappings)
    for (uint32_t i = 0; i < mapping.count; ++i)
      ports.emplace(mapping.protocol, mapping.container_port + i);
}

}  // namespace

std::string FormatPorts(const std::vector<PortMapping>& mappings,
                        const std::vector<PortMapping>& exposed) {
  std::vector<std::string> parts;
  for (const PortMapping& mapping : mappings)
    parts.push_back(Address(mapping) + ":" + Range(mapping.host_port, mapping.count) + "->" +
                    Range(mapping.container_port, mapping.count) + "/" + mapping.protocol);
  std::set<Exposed> published, open;
  Collect(mappings, published);
  Collect(exposed, open);
  for (const Exposed& port : published) open.erase(port);
  for (auto at = open.begin(); at != open.end();) {
    const auto [protocol, first] = *at;
    uint32_t count = 0;
    while (at != open.end() && *at == Exposed(protocol, first + count)) {
      ++at;
      ++count;
    }
    parts.push_back(Range(first, count) + "/" + protocol);
  }
  return Join(parts, ", ");
}

std::vector<PortLine> ListPorts(const std::vector<PortMapping>& mappings) {
  std::vector<PortLine> lines;
  for (const PortMapping& mapping : mappings)
    for (uint32_t i = 0; i < mapping.count; ++i)
      lines.push_back({std::to_string(mapping.container_port + i) + "/" + mapping.protocol,
                       Address(mapping) + ":" + std::to_string(mapping.host_port + i)});
  return lines;
}

}  // namespace ctool::network
