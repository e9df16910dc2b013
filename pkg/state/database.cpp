// SPDX-License-Identifier: Apache-2.0
#include "state/connection_internal.hpp"

namespace ctool::state {

Database::Database(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::Open(const std::string& path) {
  return Database(TRY(Connection::Open(path)));
}

Status Database::Transaction(Commit commit, const std::function<Status()>& work) {
  return connection_->Transaction(commit, work);
}

Status Database::Begin(Commit commit) { return connection_->Begin(commit); }
Status Database::Finish() { return connection_->Finish(); }
void Database::Rollback() { connection_->Rollback(); }
void Database::Sync() { connection_->Sync(); }

bool Database::IsUntidy() const { return connection_->IsUntidy(); }

void Database::Tidy() { connection_->Tidy(); }

Result<std::vector<std::string>> Database::Check() {
  std::vector<std::string> problems = TRY(connection_->Column("PRAGMA integrity_check"));
  if (problems.size() == 1 && problems[0] == "ok") problems.clear();
  Query query = TRY(connection_->Prepare("PRAGMA foreign_key_check"));
  while (TRY(query.Next()))
    problems.push_back("row " + query.Text(1) + " of table " + query.Text(0) +
                       " refers to a missing row of " + query.Text(2));
  return problems;
}

}  // namespace ctool::state
