// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "state/store.hpp"
#include "sys/fd.hpp"

namespace ctool::state {

// How long a writer waits for the others, and SQLite for a reader's lock.
inline constexpr int64_t kBusyNanos = 100'000'000'000;

// One run of a prepared statement: bind, step, read columns. Reset when it goes out of scope, so
// that it holds no lock and the next user of the same SQL finds it fresh.
class Query {
 public:
  Query(Connection& connection, sqlite3_stmt* statement)
      : connection_(&connection), statement_(statement) {}
  Query(Query&& o) noexcept
      : connection_(o.connection_), statement_(std::exchange(o.statement_, nullptr)) {}
  ~Query();

  // Text is borrowed until the Query ends.
  void Bind(int index, std::string_view text);
  void Bind(int index, int64_t number);
  template <class... Values>
  void BindAll(const Values&... values) {
    int index = 0;
    (Bind(++index, values), ...);
  }

  Result<bool> Next();  // true: there is a row
  std::string Text(int column) const;
  int64_t Number(int column) const;
  int raw_code() const { return raw_code_; }  // extended result code of the last Next

 private:
  Connection* connection_;
  sqlite3_stmt* statement_;
  int raw_code_ = SQLITE_OK;
};

// The SQLite handle with what ctool adds: prepared statements kept by SQL, a queue for writers,
// errors as values.
class Connection {
 public:
  static Result<std::unique_ptr<Connection>> Open(const std::string& path);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // `sql` must be a literal: its address is the key of the statement cache.
  Result<Query> Prepare(const char* sql);
  // Runs a statement without result rows.
  template <class... Values>
  Status Run(const char* sql, const Values&... values) {
    Query query = TRY(Prepare(sql));
    query.BindAll(values...);
    TRY(query.Next());
    return Ok();
  }
  // The first column of the only row, or nothing.
  template <class... Values>
  Result<std::optional<std::string>> FirstText(const char* sql, const Values&... values) {
    Query query = TRY(Prepare(sql));
    query.BindAll(values...);
    std::optional<std::string> text;
    if (TRY(query.Next())) text = query.Text(0);
    return text;
  }
  // The first column of every row.
  template <class... Values>
  Result<std::vector<std::string>> Column(const char* sql, const Values&... values) {
    Query query = TRY(Prepare(sql));
    query.BindAll(values...);
    std::vector<std::string> column;
    while (TRY(query.Next())) column.push_back(query.Text(0));
    return column;
  }

  Status Begin(Database::Commit commit);
  Status Finish();
  void Rollback();
  void Sync();
  bool IsUntidy() const;
  void Tidy();
  Status Transaction(Database::Commit commit, const std::function<Status()>& work);
  // `work` in the transaction that is open, or in a durable one of its own.
  Status Write(const std::function<Status()>& work);
  // `work` sees one state of the database.
  Status Read(const std::function<Status()>& work);
  // Called by what deletes rows, or says how something ended: allows the reserve to be spent on this transaction.
  void AllowReserve() { may_spend_ = true; }

  // Older than ours only where nobody may write.
  int64_t version() const { return version_; }
  int changes() const { return sqlite3_changes(db_); }
  Error SqlError(int code, std::string_view doing) const;

 private:
  explicit Connection(std::string path) : path_(std::move(path)) {}
  Status OpenHandle();
  void CloseHandle();
  Status CheckVersion();
  Result<int64_t> ReadVersion();
  Status Migrate();
  Status SetSynchronous(Database::Commit commit);
  Status LockWriters();
  void UnlockWriters();
  void FoldLog();

  std::string path_;
  sqlite3* db_ = nullptr;
  int64_t version_ = 0;
  std::vector<std::pair<const char*, sqlite3_stmt*>> statements_;
  sys::Fd lock_;  // <path>.lock, opened by the first write
  bool in_transaction_ = false;
  bool may_spend_ = false, durable_ = false;  // of the transaction
  bool spent_ = false;                        // a slice of the reserve, not yet regained
  int wal_frames_ = 0;                     // in the log after the last commit
  enum class Journal { kUnknown, kWal, kOther } journal_ = Journal::kUnknown;
  const char* synchronous_ = nullptr;      // as last set
};

// schema.cpp
inline constexpr int64_t kSchemaVersion = 5;
// SQL that makes the next version of `version`, or nothing: that one is not known.
const char* MigrationFrom(int64_t version);
// Makes the database file, whole and synced or not at all. `path` may exist by then.
Status CreateDatabase(const std::string& path);

// reserve.cpp: a file beside the database whose blocks are given up, slice by slice, when a removal needs space.
void KeepReserve(const std::string& database_path);    // makes it, or makes it whole, where there is plenty of space
bool SpendReserve(const std::string& database_path);   // false: nothing is left
void RegainReserve(const std::string& database_path);  // takes back what it can of a reserve that was spent

// lock_holder.cpp: " (held by process 12, 'ctool pull')" from /proc/locks, or "".
std::string DescribeLockHolder(const std::string& path);

// Waits 0.2 to 5 ms, longer with each `attempt`, with jitter. False: `deadline` has passed.
bool BackOff(int attempt, int64_t deadline_monotonic);

// prefix.cpp: whether `text` is 1..64 lower-case hex characters, and the first string after all
// that begin with it.
bool IsHexPrefix(std::string_view text);
std::string PrefixEnd(std::string_view prefix);

}  // namespace ctool::state
