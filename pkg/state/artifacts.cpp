// SPDX-License-Identifier: Apache-2.0
#include "state/connection_internal.hpp"

namespace ctool::state {
namespace {

constexpr int64_t kFirstVersion = 3;  // older stores, where nobody may write, have no artifacts

Artifact ReadArtifact(const Query& row) {
  Artifact artifact;
  artifact.name = row.Text(1);
  artifact.digest = row.Text(2);
  artifact.created = row.Number(3);
  artifact.size = row.Number(4);
  artifact.manifest = row.Text(5);
  return artifact;
}

Status ReadBlobs(Connection& connection, int64_t seq, Artifact& artifact) {
  Query blobs = TRY(connection.Prepare("SELECT blob, size FROM artifact_blobs WHERE artifact = ? ORDER BY blob"));
  blobs.Bind(1, seq);
  while (TRY(blobs.Next())) artifact.blobs.emplace_back(blobs.Text(0), blobs.Number(1));
  return Ok();
}

#define ARTIFACTS "SELECT seq, name, digest, created, size, manifest FROM artifacts "

}  // namespace

Status Database::PutArtifact(const Artifact& artifact) {
  return connection_->Write([&]() -> Status {
    TRY(connection_->Run("DELETE FROM artifacts WHERE name = ?", artifact.name));
    TRY(connection_->Run("INSERT INTO artifacts(name, digest, created, size, manifest) VALUES(?, ?, ?, ?, ?)", artifact.name,
                         artifact.digest, artifact.created, artifact.size, artifact.manifest));
    for (const auto& [blob, size] : artifact.blobs)
      TRY(connection_->Run("INSERT INTO artifact_blobs SELECT seq, ?, ? FROM artifacts WHERE name = ?", blob, size,
                           artifact.name));
    return Ok();
  });
}

Result<std::optional<Artifact>> Database::FindArtifact(const std::string& name) {
  std::optional<Artifact> artifact;
  if (connection_->version() < kFirstVersion) return artifact;
  TRY(connection_->Read([&]() -> Status {
    Query query = TRY(connection_->Prepare(ARTIFACTS "WHERE name = ?"));
    query.Bind(1, name);
    if (!TRY(query.Next())) return Ok();
    artifact = ReadArtifact(query);
    return ReadBlobs(*connection_, query.Number(0), *artifact);
  }));
  return artifact;
}

Result<std::vector<Artifact>> Database::ListArtifacts() {
  std::vector<Artifact> artifacts;
  if (connection_->version() < kFirstVersion) return artifacts;
  TRY(connection_->Read([&]() -> Status {
    std::vector<int64_t> places;
    Query rows = TRY(connection_->Prepare(ARTIFACTS "ORDER BY name"));
    while (TRY(rows.Next())) {
      artifacts.push_back(ReadArtifact(rows));
      places.push_back(rows.Number(0));
    }
    for (size_t i = 0; i < artifacts.size(); ++i) TRY(ReadBlobs(*connection_, places[i], artifacts[i]));
    return Ok();
  }));
  return artifacts;
}

Status Database::RemoveArtifact(const std::string& name) {
  return connection_->Write([&]() -> Status {
    connection_->AllowReserve();
    return connection_->Run("DELETE FROM artifacts WHERE name = ?", name);
  });
}

}  // namespace ctool::state
