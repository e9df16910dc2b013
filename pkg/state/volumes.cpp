// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "state/connection_internal.hpp"

namespace ctool::state {
namespace {

#define VOLUME_COLUMNS \
  "SELECT name, driver, labels, options, created, anonymous, needs_copy_up FROM volumes"

Volume ReadVolume(const Query& row) {
  Volume volume;
  volume.name = row.Text(0);
  volume.driver = row.Text(1);
  volume.labels = row.Text(2);
  volume.options = row.Text(3);
  volume.created = row.Number(4);
  volume.anonymous = row.Number(5) != 0;
  volume.needs_copy_up = row.Number(6) != 0;
  return volume;
}

Status RunFor(Connection& connection, const char* sql, const Volume& v) {
  return connection.Run(sql, v.name, v.driver, v.labels, v.options, v.created,
                        static_cast<int64_t>(v.anonymous), static_cast<int64_t>(v.needs_copy_up));
}

}  // namespace

Status Database::PutVolume(const Volume& volume) {
  return connection_->Write([&]() -> Status {
    TRY(RunFor(*connection_, "INSERT OR IGNORE INTO volumes VALUES(?, ?, ?, ?, ?, ?, ?)", volume));
    if (connection_->changes() == 0)
      return Error(Code::kAlreadyExists,
                   "volume with name " + Printable(volume.name) + " already exists");
    return Ok();
  });
}

Status Database::UpdateVolume(const Volume& volume) {
  return connection_->Write([&]() -> Status {
    TRY(RunFor(*connection_,
               "UPDATE volumes SET driver = ?2, labels = ?3, options = ?4, created = ?5, "
               "anonymous = ?6, needs_copy_up = ?7 WHERE name = ?1",
               volume));
    if (connection_->changes() == 0)
      return Error(Code::kNotFound, "no volume with name " + Quote(volume.name));
    return Ok();
  });
}

Result<std::optional<Volume>> Database::FindVolume(const std::string& name) {
  Query query = TRY(connection_->Prepare(VOLUME_COLUMNS " WHERE name = ?"));
  query.Bind(1, name);
  std::optional<Volume> volume;
  if (TRY(query.Next())) volume = ReadVolume(query);
  return volume;
}

Result<std::vector<Volume>> Database::ListVolumes() {
  Query query = TRY(connection_->Prepare(VOLUME_COLUMNS " ORDER BY name"));
  std::vector<Volume> volumes;
  while (TRY(query.Next())) volumes.push_back(ReadVolume(query));
  return volumes;
}

Status Database::RemoveVolume(const std::string& name) {
  return connection_->Write([&]() -> Status {
    connection_->AllowReserve();
    Query query = TRY(connection_->Prepare("DELETE FROM volumes WHERE name = ?"));
    query.Bind(1, name);
    Result<bool> removed = query.Next();
    if (!removed.ok() && query.raw_code() == SQLITE_CONSTRAINT_FOREIGNKEY) {
      const std::vector<std::string> users = TRY(VolumeUsers(name));
      return Error(Code::kBusy, "volume " + Printable(name) +
                                    " is being used by the following container(s): " +
                                    Join(users, ", "));
    }
    if (!removed.ok()) return std::move(removed).error();
    return Ok();
  });
}

Status Database::UseVolume(const std::string& name, const std::string& container_id) {
  return connection_->Write([&]() -> Status {
    const std::optional<Volume> volume = TRY(FindVolume(name));
    if (!volume.has_value())
      return Error(Code::kNotFound, "no volume with name " + Quote(name));
    const std::optional<std::string> container = TRY(
        connection_->FirstText("SELECT seq FROM containers WHERE id = ?", container_id));
    if (!container.has_value())
      return Error(Code::kNotFound, "no container with ID " + Quote(container_id));
    return connection_->Run(
        "INSERT OR IGNORE INTO volume_uses SELECT ?, seq FROM containers WHERE id = ?", name,
        container_id);
  });
}

Result<std::vector<std::string>> Database::VolumeUsers(const std::string& name) {
  return connection_->Column(
      "SELECT c.id FROM volume_uses u JOIN containers c ON c.seq = u.container "
      "WHERE u.volume = ? ORDER BY c.seq",
      name);
}

Result<std::vector<std::string>> Database::VolumesOf(const std::string& container_id) {
  return connection_->Column(
      "SELECT u.volume FROM volume_uses u JOIN containers c ON c.seq = u.container "
      "WHERE c.id = ? ORDER BY u.volume",
      container_id);
}

}  // namespace ctool::state
