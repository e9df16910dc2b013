// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "state/connection_internal.hpp"
#include "sys/file.hpp"

namespace ctool::state {
namespace {

// A longer log makes every open slower (each first opener reads it whole), a shorter one makes
// more commits pay for a checkpoint, which is two fsyncs; DESIGN.md has the measurement. A durable
// commit pays for one anyway, an ordered one only when nobody has tidied up for long.
constexpr int kFoldAfterDurable = 64, kFoldAfterOrdered = 256;
constexpr int64_t kTidyBytes = 160 << 10;

int OnBusy(void*, int attempt) {
  // SQLite counts attempts from 0 for each wait; the deadline is kept across them.
  static thread_local int64_t deadline = 0;
  if (attempt == 0) deadline = MonotonicNanos() + kBusyNanos;
  return BackOff(attempt, deadline) ? 1 : 0;
}

// The fold must not wait for readers: they are short, and the next commit tries again.
int NeverWait(void*, int) { return 0; }

int OnCommit(void* frames, sqlite3*, const char*, int count) {
  *static_cast<int*>(frames) = count;
  return SQLITE_OK;
}

void ConfigureLibrary() {
  // No statistics, so no lock around each allocation.
  static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(configured);
}

// A file name for SQLITE_OPEN_URI.
std::string ImmutableUri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%')
      uri += "%" + Hex(std::string_view(&c, 1));
    else
      uri += c;
  }
  return uri + "?immutable=1";
}

int64_t FileSize(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 ? st.st_size : 0;
}

bool IsFull(int code, int system_errno) {
  return (code & 0xff) == SQLITE_FULL || system_errno == ENOSPC || system_errno == EDQUOT;
}

}  // namespace

bool BackOff(int attempt, int64_t deadline_monotonic) {
  const int64_t now = MonotonicNanos();
  if (now >= deadline_monotonic) return false;
  // Doubling from 0.2 ms to 5 ms; the jitter keeps waiting processes out of step.
  const int64_t step = std::min<int64_t>(int64_t{200'000} << std::min(attempt, 5), 5'000'000);
  const int64_t jitter = (now ^ (static_cast<int64_t>(::getpid()) << 8)) % (step / 2);
  const timespec pause{0, static_cast<long>(step / 2 + jitter)};
  ::nanosleep(&pause, nullptr);
  return true;
}

Query::~Query() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

void Query::Bind(int index, std::string_view text) {
  // A null pointer would bind NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  CHECK(sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8) ==
        SQLITE_OK);
}

void Query::Bind(int index, int64_t number) {
  CHECK(sqlite3_bind_int64(statement_, index, number) == SQLITE_OK);
}

Result<bool> Query::Next() {
  raw_code_ = sqlite3_step(statement_);
  if (raw_code_ == SQLITE_ROW) return true;
  if (raw_code_ == SQLITE_DONE) return false;
  return connection_->SqlError(raw_code_, sqlite3_sql(statement_));
}

std::string Query::Text(int column) const {
  // Blob and not text: sqlite3_column_text would convert, and bytes after a NUL count.
  const void* bytes = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return bytes == nullptr ? std::string()
                          : std::string(static_cast<const char*>(bytes), static_cast<size_t>(size));
}

int64_t Query::Number(int column) const { return sqlite3_column_int64(statement_, column); }

Result<std::unique_ptr<Connection>> Connection::Open(const std::string& path) {
  ConfigureLibrary();
  if (!sys::Exists(path)) {
    Status created = CreateDatabase(path);
    if (!created.ok()) return std::move(created).error().Wrap("creating the store's database");
  }
  std::unique_ptr<Connection> connection(new Connection(path));
  Status opened = connection->OpenHandle();
  // The log's shared index needs blocks, of which the first opener gives back those of the last index.
  while (!opened.ok() && IsFull(0, opened.error().sys_errno()) && SpendReserve(path)) opened = connection->OpenHandle();
  if (!opened.ok()) return std::move(opened).error();
  if (sqlite3_db_readonly(connection->db_, "main") == 0) KeepReserve(path);
  return connection;
}

Status Connection::OpenHandle() {
  const auto open = [&](const std::string& name, int flags) -> Status {
    CloseHandle();
    const int code = sqlite3_open_v2(name.c_str(), &db_, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    if (code != SQLITE_OK) return SqlError(code, "open");
    sqlite3_extended_result_codes(db_, 1);
    sqlite3_busy_handler(db_, OnBusy, nullptr);
    for (const auto& [option, value] :
         {std::pair(SQLITE_DBCONFIG_ENABLE_FKEY, 1), std::pair(SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0),
          std::pair(SQLITE_DBCONFIG_DEFENSIVE, 1),
          // Folding the log at each close would cost two fsyncs a command; Finish does it.
          std::pair(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)})
      sqlite3_db_config(db_, option, value, static_cast<int*>(nullptr));
    sqlite3_wal_hook(db_, OnCommit, &wal_frames_);  // replaces SQLite's automatic checkpoints
    return CheckVersion();
  };
  Status opened = open(path_, SQLITE_OPEN_READWRITE);
  // In a read-only place the log's shared index can't be made. Without a log nobody needs it:
  // everything is in the file itself.
  const std::string folder = path_.substr(0, path_.rfind('/') + 1) + ".";
  if (opened.ok() || opened.error().code() == Code::kUnsupported ||
      ::access(folder.c_str(), W_OK) == 0 || FileSize(path_ + "-wal") > 0)
    return opened;
  return open(ImmutableUri(path_), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

Result<int64_t> Connection::ReadVersion() {
  Query query = TRY(Prepare("PRAGMA user_version"));
  return TRY(query.Next()) ? query.Number(0) : 0;
}

Status Connection::CheckVersion() {
  version_ = TRY(ReadVersion());
  if (version_ == kSchemaVersion) return Ok();
  if (version_ > kSchemaVersion)
    return Error(Code::kUnsupported, "store '" + path_ + "' is from a newer version (schema " +
                                         std::to_string(version_) + ", this ctool knows " +
                                         std::to_string(kSchemaVersion) + ")")
        .Hint("use a newer ctool, or another store with --root");
  if (MigrationFrom(version_) == nullptr)
    return Error(Code::kCorrupt, "'" + path_ + "' is not a database of ctool");
  Status migrated = Migrate();
  // What newer versions add is not needed for reading.
  if (!migrated.ok() && migrated.error().code() == Code::kPermission) return Ok();
  return migrated;
}

// All steps in one transaction: killed at any moment, the database has the old schema or ours. Another process may have
// been faster.
Status Connection::Migrate() {
  return Transaction(Database::Commit::kDurable, [this]() -> Status {
    for (version_ = TRY(ReadVersion()); version_ < kSchemaVersion; version_ = TRY(ReadVersion())) {
      const char* sql = MigrationFrom(version_);
      const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
      if (code != SQLITE_OK) return SqlError(code, sql);
    }
    return Ok();
  });
}

Connection::~Connection() {
  if (in_transaction_) Rollback();
  CloseHandle();
}

void Connection::CloseHandle() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  statements_.clear();
  sqlite3_close(std::exchange(db_, nullptr));
}

Result<Query> Connection::Prepare(const char* sql) {
  for (const auto& [key, statement] : statements_)
    if (key == sql) return Query(*this, statement);
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return SqlError(code, sql);
  statements_.emplace_back(sql, statement);
  return Query(*this, statement);
}

Error Connection::SqlError(int code, std::string_view doing) const {
  const int system_errno = db_ == nullptr ? 0 : sqlite3_system_errno(db_);
  const std::string store = "store '" + path_ + "'";
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_PROTOCOL:
      return Error(Code::kBusy, "store busy: waited 100 s for '" + path_ + "'" +
                                    DescribeLockHolder(path_ + "-shm"));
    case SQLITE_READONLY:
      return Error(Code::kPermission, store + " is read-only");
    case SQLITE_FULL:
      return Error::Sys(ENOSPC, "write", path_).Hint("ctool container prune and ctool rmi give space back; see: ctool doctor");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Error(Code::kCorrupt, store + " is damaged: " + sqlite3_errmsg(db_))
          .Hint("move it away; ctool system reset starts an empty store");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      // SQLite keeps no errno of the shared index. Its file is written, not only extended: ENOSPC is why that fails.
      if (code == SQLITE_IOERR_SHMSIZE)
        return Error::Sys(ENOSPC, "write", path_ + "-shm").Hint("ctool container prune and ctool rmi give space back; see: ctool doctor");
      if (IsFull(code, system_errno))
        return Error::Sys(system_errno, "write", path_)
            .Hint("ctool container prune and ctool rmi give space back; see: ctool doctor");
      if (system_errno != 0) return Error::Sys(system_errno, "access", path_);
      return Error(Code::kIo, store + ": " + sqlite3_errmsg(db_));
    default:
      return Error(Code::kInternal, store + ": " + (db_ == nullptr ? sqlite3_errstr(code)
                                                                   : sqlite3_errmsg(db_)) +
                                        " in: " + std::string(doing));
  }
}

// --- transactions ------------------------------------------------------------------------------

// Writers queue on a lock of our own. SQLite's would do for exclusion, but a checkpoint that can't
// have it goes on without, and up to SQLite 3.51.2 that races with a writer that restarts the log
// ("WAL-reset bug": lost pages). With this lock a checkpoint always runs alone.
Status Connection::LockWriters() {
  if (sqlite3_db_readonly(db_, "main") == 1)
    return Error(Code::kPermission, "store '" + path_ + "' is read-only");
  const std::string name = path_ + ".lock";
  if (!lock_) lock_ = TRY(sys::Open(name, O_RDWR | O_CREAT | O_NOFOLLOW, 0600));
  const int64_t deadline = MonotonicNanos() + kBusyNanos;
  for (int attempt = 0; ::flock(lock_.get(), LOCK_EX | LOCK_NB) < 0; ++attempt) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return Error::Sys(errno, "flock", name);
    if (!BackOff(attempt, deadline))
      return Error(Code::kBusy,
                   "store busy: waited 100 s for '" + path_ + "'" + DescribeLockHolder(name));
  }
  return Ok();
}

void Connection::UnlockWriters() { ::flock(lock_.get(), LOCK_UN); }

Status Connection::SetSynchronous(Database::Commit commit) {
  if (journal_ == Journal::kUnknown) {
    const std::optional<std::string> mode = TRY(FirstText("PRAGMA journal_mode"));
    journal_ = mode == "wal" ? Journal::kWal : Journal::kOther;
  }
  // EXTRA is FULL with a log, and syncs the directory of a rollback journal. A rollback journal
  // has no cheaper level that is safe on every file system.
  const bool cheap = commit == Database::Commit::kOrdered && journal_ == Journal::kWal;
  const char* sql = cheap ? "PRAGMA synchronous=NORMAL" : "PRAGMA synchronous=EXTRA";
  if (synchronous_ == sql) return Ok();
  // Not Run: this pragma acts when it is compiled, so a kept statement would do nothing.
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return SqlError(code, sql);
  synchronous_ = sql;
  return Ok();
}

Status Connection::Begin(Database::Commit commit) {
  CHECK(!in_transaction_);
  TRY(SetSynchronous(commit));
  TRY(LockWriters());
  Status begun = Run("BEGIN IMMEDIATE");
  if (!begun.ok()) {
    UnlockWriters();
    return begun;
  }
  in_transaction_ = true;
  may_spend_ = false;
  durable_ = commit == Database::Commit::kDurable;
  return Ok();
}

Status Connection::Finish() {
  CHECK(in_transaction_);
  Status committed = Run("COMMIT");
  if (!committed.ok()) {
    Rollback();
    return committed;
  }
  in_transaction_ = false;
  // What was written with the reserve's blocks goes to its place in the database at once, and the log's blocks go back.
  if (spent_ || wal_frames_ >= (durable_ ? kFoldAfterDurable : kFoldAfterOrdered)) FoldLog();
  if (spent_) RegainReserve(path_);
  spent_ = false;
  UnlockWriters();
  return Ok();
}

void Connection::Rollback() {
  CHECK(in_transaction_);
  // A failed COMMIT or a full disk may have rolled back already.
  if (sqlite3_get_autocommit(db_) == 0) static_cast<void>(Run("ROLLBACK").ok());
  in_transaction_ = false;
  UnlockWriters();
}

// Copies the log into the database and empties it. Best effort: what fails here (a full disk, a
// reader in the way) leaves a longer log, and the next commit tries again.
void Connection::FoldLog() {
  sqlite3_busy_handler(db_, NeverWait, nullptr);
  const int code = sqlite3_wal_checkpoint_v2(db_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr,
                                             nullptr);
  sqlite3_busy_handler(db_, OnBusy, nullptr);
  if (code == SQLITE_OK)
    wal_frames_ = 0;
  else if (LogEnabled(LogLevel::kDebug))
    Debug(std::string("store log not folded: ") + sqlite3_errstr(code));
}

// A commit is in the log, or in the database and synced there. The log is not what POSIX locks are on, so a
// descriptor of our own does no harm when it is closed.
void Connection::Sync() {
  const Result<sys::Fd> log = sys::Open(path_ + "-wal", O_RDONLY | O_NOFOLLOW);
  if (log.ok() && ::fdatasync(log->get()) < 0) Debug(Error::Sys(errno, "fdatasync", path_).Message());
}

bool Connection::IsUntidy() const { return FileSize(path_ + "-wal") >= kTidyBytes; }

void Connection::Tidy() {
  if (in_transaction_ || !IsUntidy() || !LockWriters().ok()) return;
  FoldLog();
  UnlockWriters();
}

Status Connection::Transaction(Database::Commit commit, const std::function<Status()>& work) {
  for (;;) {
    TRY(Begin(commit));
    Status done = work();
    if (done.ok())
      done = Finish();
    else
      Rollback();
    if (done.ok() || !may_spend_ || !IsFull(0, done.error().sys_errno()) || !SpendReserve(path_)) return done;
    spent_ = true;
  }
}

Status Connection::Write(const std::function<Status()>& work) {
  return in_transaction_ ? work() : Transaction(Database::Commit::kDurable, work);
}

Status Connection::Read(const std::function<Status()>& work) {
  if (in_transaction_) return work();
  TRY(Run("BEGIN"));
  Status done = work();
  // Nothing was written, so an error of the end has nothing to tell.
  static_cast<void>(Run("COMMIT").ok());
  return done;
}

}  // namespace ctool::state
