// SPDX-License-Identifier: Apache-2.0
#include "state/connection_internal.hpp"

namespace ctool::state {
namespace {

constexpr int64_t kFirstVersion = 5;  // older stores, where nobody may write, have no build cache

#define RECORDS "SELECT key, diff_id, blob, blob_size, size, image, same_as, description, created, used FROM build_cache "

BuildRecord ReadRecord(const Query& row) {
  BuildRecord record;
  record.key = row.Text(0);
  record.diff_id = row.Text(1);
  record.blob = row.Text(2);
  record.blob_size = row.Number(3);
  record.size = row.Number(4);
  record.image = row.Text(5);
  record.same_as = row.Text(6);
  record.description = row.Text(7);
  record.created = row.Number(8);
  record.used = row.Number(9);
  return record;
}

}  // namespace

Status Database::PutBuildRecord(const BuildRecord& r) {
  return connection_->Write([&]() -> Status {
    return connection_->Run("INSERT OR REPLACE INTO build_cache VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", r.key, r.diff_id, r.blob,
                            r.blob_size, r.size, r.image, r.same_as, r.description, r.created, r.used);
  });
}

Result<std::optional<BuildRecord>> Database::FindBuildRecord(const std::string& key) {
  std::optional<BuildRecord> record;
  if (connection_->version() < kFirstVersion) return record;
  Query query = TRY(connection_->Prepare(RECORDS "WHERE key = ?"));
  query.Bind(1, key);
  if (TRY(query.Next())) record = ReadRecord(query);
  return record;
}

Result<std::vector<BuildRecord>> Database::ListBuildRecords() {
  std::vector<BuildRecord> records;
  if (connection_->version() < kFirstVersion) return records;
  Query rows = TRY(connection_->Prepare(RECORDS "ORDER BY used DESC, key"));
  while (TRY(rows.Next())) records.push_back(ReadRecord(rows));
  return records;
}

Status Database::UseBuildRecords(const std::vector<std::string>& keys, int64_t now) {
  return connection_->Write([&]() -> Status {
    for (const std::string& key : keys) TRY(connection_->Run("UPDATE build_cache SET used = ? WHERE key = ?", now, key));
    return Ok();
  });
}

Status Database::RemoveBuildRecords(const std::vector<std::string>& keys) {
  return connection_->Write([&]() -> Status {
    connection_->AllowReserve();
    for (const std::string& key : keys) TRY(connection_->Run("DELETE FROM build_cache WHERE key = ?", key));
    return Ok();
  });
}

}  // namespace ctool::state
