// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>

#include "state/connection_internal.hpp"
#include "sys/file.hpp"
#include "sys/lock.hpp"

namespace ctool::state {
namespace {

// Names of images and containers are looked up far more often than anything is written, so each
// has its index; who uses an image is asked only by removals, which may scan. Large values (spec,
// config) are in tables of their own or in the last column: listing does not read them.
constexpr char kSchema[] = R"sql(
PRAGMA application_id = 1668575087;  -- "ctoo": file(1) shows it
BEGIN EXCLUSIVE;

CREATE TABLE layers(
  diff_id TEXT PRIMARY KEY, size INTEGER NOT NULL, durable INTEGER NOT NULL,
  boot_id TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE images(
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
  manifest_digest TEXT NOT NULL, manifest_type TEXT NOT NULL,
  created INTEGER NOT NULL, pulled INTEGER NOT NULL, size INTEGER NOT NULL,
  fixup_layer TEXT NOT NULL, config TEXT NOT NULL);
CREATE TABLE image_names(
  seq INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
  image INTEGER NOT NULL REFERENCES images ON DELETE CASCADE);
CREATE INDEX image_names_image ON image_names(image);
CREATE TABLE image_digests(
  reference TEXT NOT NULL, image INTEGER NOT NULL REFERENCES images ON DELETE CASCADE,
  PRIMARY KEY(reference, image)) WITHOUT ROWID;
CREATE INDEX image_digests_image ON image_digests(image);
CREATE TABLE image_layers(
  image INTEGER NOT NULL REFERENCES images ON DELETE CASCADE, position INTEGER NOT NULL,
  diff_id TEXT NOT NULL, blob TEXT NOT NULL, media_type TEXT NOT NULL, blob_size INTEGER NOT NULL,
  PRIMARY KEY(image, position)) WITHOUT ROWID;
CREATE INDEX image_layers_diff_id ON image_layers(diff_id);

CREATE TABLE containers(
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
  image TEXT REFERENCES images(id), image_name TEXT NOT NULL, command TEXT NOT NULL,
  labels TEXT NOT NULL, created INTEGER NOT NULL, state INTEGER NOT NULL,
  started INTEGER NOT NULL, finished INTEGER NOT NULL, exit_code INTEGER NOT NULL,
  auto_remove INTEGER NOT NULL, ports TEXT NOT NULL, network_mode TEXT NOT NULL,
  restart_count INTEGER NOT NULL, error TEXT NOT NULL);
CREATE TABLE container_specs(
  container INTEGER PRIMARY KEY REFERENCES containers ON DELETE CASCADE, spec TEXT NOT NULL);
CREATE TABLE exit_codes(
  container_id TEXT PRIMARY KEY, code INTEGER NOT NULL, recorded INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX exit_codes_recorded ON exit_codes(recorded);

CREATE TABLE volumes(
  name TEXT PRIMARY KEY, driver TEXT NOT NULL, labels TEXT NOT NULL, options TEXT NOT NULL,
  created INTEGER NOT NULL, anonymous INTEGER NOT NULL,
  needs_copy_up INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE volume_uses(
  volume TEXT NOT NULL REFERENCES volumes(name),
  container INTEGER NOT NULL REFERENCES containers ON DELETE CASCADE,
  PRIMARY KEY(volume, container)) WITHOUT ROWID;
CREATE INDEX volume_uses_container ON volume_uses(container);

-- What a blob is in another compression: a layer that was pushed once need not be compressed again to be recognized.
CREATE TABLE blob_variants(
  blob TEXT NOT NULL, kind TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY(blob, kind)) WITHOUT ROWID;

-- Artifacts: files with a manifest. Their blobs lie among those of images.
CREATE TABLE artifacts(
  seq INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, created INTEGER NOT NULL,
  size INTEGER NOT NULL, manifest TEXT NOT NULL);
CREATE TABLE artifact_blobs(
  artifact INTEGER NOT NULL REFERENCES artifacts ON DELETE CASCADE, blob TEXT NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY(artifact, blob)) WITHOUT ROWID;

-- Images that are mounted in containers which were made from another one.
CREATE TABLE image_uses(
  image TEXT NOT NULL REFERENCES images(id),
  container INTEGER NOT NULL REFERENCES containers ON DELETE CASCADE,
  PRIMARY KEY(image, container)) WITHOUT ROWID;
CREATE INDEX image_uses_container ON image_uses(container);

-- What a step of a build has made, by what it depends on: a layer, or with `image` a whole image.
CREATE TABLE build_cache(
  key TEXT PRIMARY KEY, diff_id TEXT NOT NULL, blob TEXT NOT NULL, blob_size INTEGER NOT NULL,
  size INTEGER NOT NULL, image TEXT NOT NULL, same_as TEXT NOT NULL, description TEXT NOT NULL,
  created INTEGER NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;

PRAGMA user_version = 5;
COMMIT;
)sql";
static_assert(kSchemaVersion == 5, "the schema above sets user_version");

// From version 1 to 2.
constexpr char kToVersion2[] = R"sql(
CREATE TABLE IF NOT EXISTS blob_variants(
  blob TEXT NOT NULL, kind TEXT NOT NULL, digest TEXT NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY(blob, kind)) WITHOUT ROWID;
PRAGMA user_version = 2;
)sql";

// From version 2 to 3.
constexpr char kToVersion3[] = R"sql(
CREATE TABLE IF NOT EXISTS artifacts(
  seq INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, created INTEGER NOT NULL,
  size INTEGER NOT NULL, manifest TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS artifact_blobs(
  artifact INTEGER NOT NULL REFERENCES artifacts ON DELETE CASCADE, blob TEXT NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY(artifact, blob)) WITHOUT ROWID;
PRAGMA user_version = 3;
)sql";

// From version 3 to 4.
constexpr char kToVersion4[] = R"sql(
CREATE TABLE IF NOT EXISTS image_uses(
  image TEXT NOT NULL REFERENCES images(id),
  container INTEGER NOT NULL REFERENCES containers ON DELETE CASCADE,
  PRIMARY KEY(image, container)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS image_uses_container ON image_uses(container);
PRAGMA user_version = 4;
)sql";

// From version 4 to 5.
constexpr char kToVersion5[] = R"sql(
CREATE TABLE IF NOT EXISTS build_cache(
  key TEXT PRIMARY KEY, diff_id TEXT NOT NULL, blob TEXT NOT NULL, blob_size INTEGER NOT NULL,
  size INTEGER NOT NULL, image TEXT NOT NULL, same_as TEXT NOT NULL, description TEXT NOT NULL,
  created INTEGER NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
PRAGMA user_version = 5;
)sql";

// A log needs shared memory between its users; these file systems have users on other machines,
// and would not say so.
bool IsNetworkFileSystem(const std::string& path) {
  struct statfs fs {};
  if (::statfs(path.c_str(), &fs) < 0) return false;
  switch (static_cast<uint32_t>(fs.f_type)) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case 0xff534d42:  // cifs
    case 0xfe534d42:  // smb2
    case AFS_SUPER_MAGIC:
    case CODA_SUPER_MAGIC:
    case V9FS_MAGIC:
    case CEPH_SUPER_MAGIC:
    case 0x0bd00bd0:  // lustre
    case 0x47504653:  // gpfs
    case 0x01161970:  // gfs2
    case 0x7461636f:  // ocfs2
    case 0x19830326:  // beegfs
    case 0x65735546:  // fuse: sshfs, glusterfs and others
      return true;
    default:
      return false;
  }
}

void RemoveDatabaseFiles(const std::string& path) {
  for (const char* suffix : {"", "-journal", "-wal", "-shm"})
    ::unlink((path + suffix).c_str());  // what is missing is gone already
}

struct Closer {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};

Status WriteSchema(const std::string& path, bool log) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(
      path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
      nullptr);
  std::unique_ptr<sqlite3, Closer> db(raw);
  const auto failed = [&](int code) -> Error {
    const int system_errno = raw == nullptr ? 0 : sqlite3_system_errno(raw);
    if ((code & 0xff) == SQLITE_FULL) return Error::Sys(ENOSPC, "write", path);
    if (system_errno != 0) return Error::Sys(system_errno, "write", path);
    return Error(Code::kIo, "make '" + path + "': " + sqlite3_errstr(code));
  };
  if (opened != SQLITE_OK) return failed(opened);
  const auto run = [&](const char* sql) {
    return sqlite3_exec(raw, sql, nullptr, nullptr, nullptr);
  };
  // One sync at the end, by the caller: a draft has nothing to lose.
  int code = run("PRAGMA synchronous=OFF");
  if (code == SQLITE_OK && log) code = run("PRAGMA journal_mode=WAL");
  if (code == SQLITE_OK) code = run(kSchema);
  if (code != SQLITE_OK) return failed(code);
  // Closing as the only user moves the log into the file and removes it.
  code = sqlite3_close(db.release());
  if (code != SQLITE_OK) return Error(Code::kInternal, "close '" + path + "'");
  return Ok();
}

}  // namespace

const char* MigrationFrom(int64_t version) {
  switch (version) {
    case 1: return kToVersion2;
    case 2: return kToVersion3;
    case 3: return kToVersion4;
    case 4: return kToVersion5;
    default: return nullptr;
  }
}

// The schema is written into a file of another name, which becomes the database by a rename: no
// opener ever meets a half-made one, and there is nothing to do for an existing one.
Status CreateDatabase(const std::string& path) {
  const sys::FileLock lock =
      TRY(sys::FileLock::Acquire(path + ".lock", sys::FileLock::Mode::kExclusive));
  if (sys::Exists(path)) return Ok();  // somebody else made it while we waited
  const std::string draft = path + ".new";
  RemoveDatabaseFiles(draft);
  // A database keeps its kind of journal: whether there is to be a log is decided here, once.
  const bool log = !IsNetworkFileSystem(path + ".lock") && WriteSchema(draft, true).ok();
  if (!log) {
    RemoveDatabaseFiles(draft);
    TRY(WriteSchema(draft, false));
  }
  sys::Fd file = TRY(sys::Open(draft, O_RDWR));
  if (::fchmod(file.get(), 0600) < 0) return Error::Sys(errno, "fchmod", draft);
  if (::fsync(file.get()) < 0) return Error::Sys(errno, "fsync", draft);
  file.Reset();
  // A log or journal that belonged to a database of this name which is gone.
  RemoveDatabaseFiles(path);
  // SQLite syncs the folder only for a log that it made itself: an empty one now is there for good.
  if (log) TRY(sys::Open(path + "-wal", O_WRONLY | O_CREAT, 0600)).Reset();
  if (::rename(draft.c_str(), path.c_str()) < 0) return Error::Sys(errno, "rename", path);
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const sys::Fd dir = TRY(sys::Open(folder, O_RDONLY | O_DIRECTORY));
  if (::fsync(dir.get()) < 0) return Error::Sys(errno, "fsync", folder);
  return Ok();
}

}  // namespace ctool::state
