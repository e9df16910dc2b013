// SPDX-License-Identifier: Apache-2.0
#include "engine/tell.hpp"

#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "events/append.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

void Append(Engine& engine, const char* status, const std::string& common, std::optional<int> exit_code = std::nullopt) {
  const auto append = [&]() -> Status {
    const std::string log = TRY(engine.EventsLog());
    return log.empty() ? Ok() : events::Append(log, events::Line(status, common, exit_code));
  };
  const Status appended = append();
  if (!appended.ok()) Debug("event " + std::string(status) + ": " + appended.error().Message());
}

std::string EventOf(const state::Container& c) {
  return events::Common({"container", c.id, c.name, c.image_name, c.labels});
}

}  // namespace

std::string EventOf(const ContainerSpec& spec) {
  const std::string labels = nlohmann::json(spec.labels).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return events::Common({"container", spec.id, spec.name, spec.image_name, labels});
}

void Tell(Engine& engine, const char* status, const state::Container& container, std::optional<int> exit_code) {
  Append(engine, status, EventOf(container), exit_code);
}

void TellRename(Engine& engine, const state::Container& container) {
  const std::string common = EventOf(container);
  Append(engine, "rename", common);
  const Result<std::string> folder = engine.RunDir(container.id, false);
  if (!folder.ok() || !sys::Exists(*folder)) return;  // it does not run
  const Status written = sys::WriteFileAtomic(*folder + "/event", common, 0600, sys::Durability::kNone);
  if (!written.ok()) Debug(written.error().Message());
}

void TellImage(Engine& engine, const char* status, const std::string& id, const std::string& name) {
  Append(engine, status, events::Common({"image", id, name, "", ""}));
}

void TellNetwork(Engine& engine, const char* status, const bridge::Definition& network, const std::string& container) {
  nlohmann::json attributes;
  if (container.empty()) attributes["type"] = network.driver;
  else attributes["container"] = container;
  const std::string text = attributes.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  Append(engine, status, events::Common({"network", container.empty() ? network.id : container, network.name, "", text}));
}

void TellVolume(Engine& engine, const char* status, const std::string& name) {
  Append(engine, status, events::Common({"volume", "", name, "", ""}));
}

void TellSecret(Engine& engine, const char* status, const std::string& id, const std::string& name) {
  Append(engine, status, events::Common({"secret", id, name, "", ""}));
}

}  // namespace ctool::engine
