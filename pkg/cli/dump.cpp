// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "cli/render.hpp"
#include "cli/sink.hpp"

namespace ctool::cli {
namespace {

using Json = nlohmann::ordered_json;

Json Describe(std::span<const Word> words) {
  Json j = Json::array();
  for (const Word& w : words) j.push_back({{"text", w.text}, {"about", w.about}});
  return j;
}

Json Describe(const Option& o, bool global = false) {
  Json j = {{"name", o.name}, {"value", ValueName(o)}, {"help", o.help}};
  if (o.short_name != 0) j["short"] = std::string(1, o.short_name);
  const std::string def = global ? std::string(o.def) : DefaultText(o);
  if (!def.empty()) j["default"] = def;
  if (!o.values.empty()) j["values"] = o.values;
  if (!o.words.empty()) j["words"] = Describe(o.words);
  if (!o.aliases.empty()) j["aliases"] = o.aliases;
  if (!o.implied.empty()) j["implied"] = o.implied;
  if (IsFlag(o)) j["flag"] = true;
  if (IsRepeatable(o)) j["repeatable"] = true;
  if (o.only_values) j["only_values"] = true;
  if (o.comma) j["comma"] = true;
  if (!o.detail.empty()) j["detail"] = o.detail;
  if (o.hidden) j["hidden"] = true;
  return j;
}

Json Describe(const Positional& p) {
  Json j = {{"name", p.name}, {"min", p.min}};
  if (p.max != kUnlimited) j["max"] = p.max;
  if (!p.values.empty()) j["values"] = p.values;
  if (!p.words.empty()) j["words"] = Describe(p.words);
  return j;
}

Json Describe(const App& app, const Command& c) {
  Json j = {{"path", c.path}, {"summary", c.summary}, {"usage", UsageLine(app, c)}};
  j["prose"] = c.prose;
  j["aliases"] = c.aliases;
  j["hidden"] = c.hidden;
  j["stop_at_first_positional"] = c.stop_at_first_positional;
  j["needs_images"] = c.needs == Needs::kImages;
  j["options"] = Json::array();
  for (const Option& o : c.options) j["options"].push_back(Describe(o));
  j["args"] = Json::array();
  for (const Positional& p : c.args) j["args"].push_back(Describe(p));
  j["examples"] = Json::array();
  for (const Example& e : c.examples) {
    Json example = {{"text", e.text}};
    if (!e.explanation.empty()) example["explanation"] = e.explanation;
    j["examples"].push_back(std::move(example));
  }
  if (c.exits.empty()) return j;
  for (const ExitCode& e : c.exits)
    j["exits"].push_back({{"status", e.status}, {"meaning", e.meaning}});
  return j;
}

}  // namespace

std::string DumpJson(const App& app, std::string_view path) {
  Json j = {{"name", app.name}, {"version", app.version}};
  j["globals"] = Json::array();
  for (const Option& o : app.globals) j["globals"].push_back(Describe(o, true));
  j["groups"] = Json::array();
  for (const Group& g : app.groups)
    j["groups"].push_back({{"path", g.path}, {"summary", g.summary}, {"hidden", g.hidden}});
  j["topics"] = Json::array();
  for (const Topic& t : app.topics)
    j["topics"].push_back({{"name", t.name}, {"page", fmt::format("{}-{}", app.name, t.name)},
                           {"section", t.section}, {"summary", t.summary}, {"prose", t.prose}});
  j["commands"] = Json::array();
  for (const Runnable& c : AllCommands(app)) {
    const std::string_view own = c.description.path;
    if (path.empty() || own == path || StartsWith(own, fmt::format("{} ", path)))
      j["commands"].push_back(Describe(app, c.description));
  }
  return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ctool::cli
