// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "state/connection_internal.hpp"

namespace ctool::state {
namespace {

constexpr int64_t kKeepExitCodeNanos = 300'000'000'000;

// Every SELECT below lists these, in ReadContainer's order; the spec follows where it is wanted.
#define CONTAINER_COLUMNS                                                                       \
  "c.id, c.name, c.image, c.image_name, c.command, c.labels, c.created, c.state, c.started, "   \
  "c.finished, c.exit_code, c.auto_remove, c.ports, c.network_mode, c.restart_count, c.error"
#define WITH_SPEC CONTAINER_COLUMNS ", s.spec FROM containers c JOIN container_specs s " \
  "ON s.container = c.seq"
constexpr int kSpecColumn = 16;

Container ReadContainer(const Query& row, Database::ContainerFields fields) {
  Container c;
  c.id = row.Text(0);
  c.name = row.Text(1);
  c.image_id = row.Text(2);
  c.image_name = row.Text(3);
  c.command = row.Text(4);
  c.labels = row.Text(5);
  c.created = row.Number(6);
  c.state = static_cast<ContainerState>(row.Number(7));
  c.started = row.Number(8);
  c.finished = row.Number(9);
  c.exit_code = static_cast<int>(row.Number(10));
  c.auto_remove = row.Number(11) != 0;
  c.ports = row.Text(12);
  c.network_mode = row.Text(13);
  c.restart_count = row.Number(14);
  c.error = row.Text(15);
  if (fields == Database::ContainerFields::kAll) c.spec = row.Text(kSpecColumn);
  return c;
}

// The container of a query that finds one at most.
Result<std::optional<Container>> ReadOne(Query query) {
  std::optional<Container> found;
  if (TRY(query.Next())) found = ReadContainer(query, Database::ContainerFields::kAll);
  return found;
}

// Binds what INSERT and UPDATE have in common, from ?1 on.
void BindContainer(Query& query, const Container& c) {
  query.BindAll(c.id, c.name, c.image_id, c.image_name, c.command, c.labels, c.created,
                static_cast<int64_t>(c.state), c.started, c.finished,
                static_cast<int64_t>(c.exit_code), static_cast<int64_t>(c.auto_remove), c.ports,
                c.network_mode, c.restart_count, c.error);
}

// The error of an INSERT or UPDATE of `container`, in terms of the caller.
Error Refused(Connection& connection, const Query& query, const Container& container, Error error) {
  if (query.raw_code() == SQLITE_CONSTRAINT_FOREIGNKEY)
    return Error(Code::kNotFound, "image " + container.image_id + " was removed meanwhile: image not known");
  if (query.raw_code() != SQLITE_CONSTRAINT_UNIQUE) return error;
  Result<std::optional<std::string>> holder = connection.FirstText(
      "SELECT id FROM containers WHERE name = ? AND id <> ?", container.name, container.id);
  if (!holder.ok()) return std::move(holder).error();
  if (holder->has_value()) return Error(Code::kAlreadyExists, **holder);
  return Error(Code::kInternal, "container id " + container.id + " exists already");
}

}  // namespace

Status Database::PutContainer(const Container& container) {
  return connection_->Write([&]() -> Status {
    {
      Query query = TRY(connection_->Prepare(
          "INSERT INTO containers(id, name, image, image_name, command, labels, created, state, "
          "started, finished, exit_code, auto_remove, ports, network_mode, restart_count, error) "
          "VALUES(?1, ?2, nullif(?3, ''), ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
          "?16)"));
      BindContainer(query, container);
      Result<bool> inserted = query.Next();
      if (!inserted.ok())
        return Refused(*connection_, query, container, std::move(inserted).error());
    }
    return connection_->Run("INSERT INTO container_specs VALUES(last_insert_rowid(), ?)",
                            container.spec);
  });
}

Status Database::UpdateContainer(const Container& container) {
  return connection_->Write([&]() -> Status {
    // How it ended has to be said on a full disk too, before it can be removed.
    if (container.state == ContainerState::kExited) connection_->AllowReserve();
    {
      Query query = TRY(connection_->Prepare(
          "UPDATE containers SET name = ?2, image = nullif(?3, ''), image_name = ?4, "
          "command = ?5, labels = ?6, created = ?7, state = ?8, started = ?9, finished = ?10, "
          "exit_code = ?11, auto_remove = ?12, ports = ?13, network_mode = ?14, "
          "restart_count = ?15, error = ?16 WHERE id = ?1"));
      BindContainer(query, container);
      Result<bool> updated = query.Next();
      if (!updated.ok())
        return Refused(*connection_, query, container, std::move(updated).error());
    }
    if (connection_->changes() == 0)
      return Error(Code::kNotFound, "no container with ID " + Quote(container.id));
    if (container.spec.empty()) return Ok();
    // A state change leaves the spec as it is: its pages are not written again.
    return connection_->Run(
        "UPDATE container_specs SET spec = ?2 WHERE spec <> ?2 AND "
        "container = (SELECT seq FROM containers WHERE id = ?1)",
        container.id, container.spec);
  });
}

Status Database::RemoveContainer(const std::string& id) {
  return connection_->Write([&]() -> Status {
    connection_->AllowReserve();
    return connection_->Run("DELETE FROM containers WHERE id = ?", id);
  });
}

Result<std::optional<Container>> Database::FindContainerByName(const std::string& name) {
  Query query = TRY(connection_->Prepare("SELECT " WITH_SPEC " WHERE c.name = ?"));
  query.Bind(1, name);
  return ReadOne(std::move(query));
}

Result<std::optional<Container>> Database::FindContainer(const std::string& name_or_id_prefix) {
  const std::string& wanted = name_or_id_prefix;
  std::optional<Container> found = TRY(FindContainerByName(wanted));
  if (found.has_value() || !IsHexPrefix(wanted)) return found;
  // A full id is a prefix that nothing else can have.
  Query query = TRY(connection_->Prepare(
      "SELECT " WITH_SPEC " WHERE c.id >= ?1 AND c.id < ?2 LIMIT 2"));
  const std::string end = PrefixEnd(wanted);
  query.BindAll(wanted, end);
  if (TRY(query.Next())) found = ReadContainer(query, ContainerFields::kAll);
  if (found.has_value() && TRY(query.Next()))
    return Error(Code::kInvalidArgument, "more than one result for container " + Quote(wanted))
        .Hint("use more characters of the id");
  return found;
}

Result<std::vector<Container>> Database::ListContainers(ContainerFields fields) {
  Query query = TRY(connection_->Prepare(
      fields == ContainerFields::kAll
          ? "SELECT " WITH_SPEC " ORDER BY c.seq DESC"
          : "SELECT " CONTAINER_COLUMNS " FROM containers c ORDER BY c.seq DESC"));
  std::vector<Container> containers;
  while (TRY(query.Next())) containers.push_back(ReadContainer(query, fields));
  // The order of insertion is the order of creation but for races; sorting here spares SQLite a
  // sort of whole rows.
  const auto newer = [](const Container& a, const Container& b) { return a.created > b.created; };
  if (!std::is_sorted(containers.begin(), containers.end(), newer))
    std::stable_sort(containers.begin(), containers.end(), newer);
  return containers;
}

Result<std::optional<Container>> Database::LatestContainer() {
  Query query = TRY(connection_->Prepare(
      "SELECT " WITH_SPEC " ORDER BY c.created DESC, c.seq DESC LIMIT 1"));
  return ReadOne(std::move(query));
}

Status Database::PutExitCode(const std::string& container_id, int code) {
  return connection_->Write([&]() -> Status {
    const int64_t now = WallNanos();
    TRY(connection_->Run("DELETE FROM exit_codes WHERE recorded < ?", now - kKeepExitCodeNanos));
    return connection_->Run("INSERT OR REPLACE INTO exit_codes VALUES(?, ?, ?)", container_id,
                            static_cast<int64_t>(code), now);
  });
}

Result<std::optional<int>> Database::FindExitCode(const std::string& container_id) {
  Query query =
      TRY(connection_->Prepare("SELECT code FROM exit_codes WHERE container_id = ?"));
  query.Bind(1, container_id);
  std::optional<int> code;
  if (TRY(query.Next())) code = static_cast<int>(query.Number(0));
  return code;
}

}  // namespace ctool::state
