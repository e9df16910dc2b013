// SPDX-License-Identifier: Apache-2.0
#include "monitor/sandbox.hpp"

#include "monitor/json_internal.hpp"

namespace ctool::monitor {
namespace {

Json PrintMappings(const std::vector<userns::IdMapping>& mappings) {
  Json out = Json::array();
  for (const userns::IdMapping& m : mappings) out.push_back({m.inside, m.outside, m.count});
  return out;
}

std::vector<userns::IdMapping> ReadMappings(const Json& from, const char* key) {
  std::vector<userns::IdMapping> mappings;
  const auto it = from.find(key);
  if (it == from.end() || !it->is_array()) return mappings;
  for (const Json& m : *it)
    if (m.is_array() && m.size() == 3 && m[0].is_number_unsigned() && m[1].is_number_unsigned() &&
        m[2].is_number_unsigned())
      mappings.push_back({m[0].get<uint32_t>(), m[1].get<uint32_t>(), m[2].get<uint32_t>()});
  return mappings;
}

}  // namespace

Result<Sandbox> Sandbox::Parse(std::string_view bytes) {
  const Json doc = TRY(ParseObject(bytes, "the sandbox"));
  Sandbox s;
  Read(doc, "namespaces", s.namespaces);
  s.map.uids = ReadMappings(doc, "uids");
  s.map.gids = ReadMappings(doc, "gids");
  Read(doc, "singleId", s.map.single_id);
  Read(doc, "newuidmap", s.map.newuidmap);
  Read(doc, "newgidmap", s.map.newgidmap);
  Read(doc, "terminal", s.terminal);
  Read(doc, "keepStdin", s.keep_stdin);
  Read(doc, "passthrough", s.passthrough);
  Read(doc, "files", s.files);
  Read(doc, "slirpCommand", s.slirp_command);
  Read(doc, "joined", s.joined);
  Read(doc, "origins", s.origins);
  s.below.uids = ReadMappings(doc, "uidsBelow");
  s.below.gids = ReadMappings(doc, "gidsBelow");
  s.below.single_id = s.map.single_id;
  Read(doc, "netavark", s.netavark.program);
  Read(doc, "aardvark", s.netavark.aardvark);
  Read(doc, "netavarkLock", s.netavark.lock);
  Read(doc, "sharedDir", s.shared_dir);
  Read(doc, "resolver", s.resolver);
  return s;
}

std::string Sandbox::Print() const {
  return Json{{"namespaces", namespaces},
              {"uids", PrintMappings(map.uids)},
              {"gids", PrintMappings(map.gids)},
              {"singleId", map.single_id},
              {"newuidmap", map.newuidmap},
              {"newgidmap", map.newgidmap},
              {"terminal", terminal},
              {"keepStdin", keep_stdin},
              {"passthrough", passthrough},
              {"files", files},
              {"slirpCommand", slirp_command},
              {"joined", joined},
              {"origins", origins},
              {"uidsBelow", PrintMappings(below.uids)},
              {"gidsBelow", PrintMappings(below.gids)},
              {"netavark", netavark.program},
              {"aardvark", netavark.aardvark},
              {"netavarkLock", netavark.lock},
              {"sharedDir", shared_dir},
              {"resolver", resolver}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ctool::monitor
