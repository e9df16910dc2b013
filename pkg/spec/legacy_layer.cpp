// SPDX-License-Identifier: Apache-2.0
#include "spec/legacy_layer.hpp"

#include "spec/image.hpp"
#include "spec/json_internal.hpp"

namespace ctool::spec {
namespace {

// As Go prints JSON: what HTML would take for markup, and two line ends of Unicode, are escaped in strings. Outside of
// strings none of these bytes occurs.
std::string EscapeAsGo(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '<': out += "\\u003c"; break;
      case '>': out += "\\u003e"; break;
      case '&': out += "\\u0026"; break;
      case '\xe2':
        if (text.compare(i, 3, "\xe2\x80\xa8") == 0 || text.compare(i, 3, "\xe2\x80\xa9") == 0) {
          out += text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
          i += 2;
          break;
        }
        [[fallthrough]];
      default: out += text[i];
    }
  }
  return out;
}

}  // namespace

Result<std::vector<LegacyLayer>> LegacyLayers(std::string_view config, const std::vector<Digest>& diff_ids,
                                              const std::function<std::string(std::string_view)>& sha256) {
  // What is taken over keeps the order of its keys; the keys of the object around it are sorted.
  TRY(ParseJson(config, "image config", kMaxDocumentBytes));
  const OrderedJson image = OrderedJson::parse(config, nullptr, false);
  std::vector<LegacyLayer> out;
  std::string chain;
  for (size_t i = 0; i < diff_ids.size(); ++i) {
    std::map<std::string, OrderedJson> layer;
    if (!out.empty()) layer["parent"] = out.back().id;
    if (i + 1 == diff_ids.size())
      for (const char* key : {"architecture", "config", "container", "container_config", "created", "docker_version", "os"}) {
        const auto found = image.find(key);
        layer[key] = found == image.end() ? OrderedJson() : *found;
      }
    chain = chain.empty() ? diff_ids[i].str() : "sha256:" + sha256(chain + " " + diff_ids[i].str());
    layer["layer_id"] = chain;
    const auto print = [&] { return EscapeAsGo(PrintJson(OrderedJson(layer))); };
    const std::string id = sha256(print());
    layer.erase("layer_id");
    layer["id"] = id;
    out.push_back({id, print()});
  }
  return out;
}

}  // namespace ctool::spec
