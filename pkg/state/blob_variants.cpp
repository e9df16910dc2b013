// SPDX-License-Identifier: Apache-2.0
#include "state/connection_internal.hpp"

namespace ctool::state {

Result<std::optional<BlobVariant>> Database::FindBlobVariant(const std::string& blob, const std::string& kind) {
  if (connection_->version() < 2) return std::optional<BlobVariant>();
  Query query = TRY(connection_->Prepare("SELECT digest, size FROM blob_variants WHERE blob = ? AND kind = ?"));
  query.BindAll(blob, kind);
  if (!TRY(query.Next())) return std::optional<BlobVariant>();
  return std::optional<BlobVariant>(BlobVariant{blob, kind, query.Text(0), query.Number(1)});
}

Status Database::PutBlobVariant(const BlobVariant& variant) {
  return connection_->Write([&]() -> Status {
    TRY(connection_->Run("DELETE FROM blob_variants WHERE blob NOT IN (SELECT blob FROM image_layers)"));
    return connection_->Run("INSERT OR REPLACE INTO blob_variants VALUES(?, ?, ?, ?)", variant.blob, variant.kind,
                            variant.digest, variant.size);
  });
}

Result<std::vector<std::pair<std::string, std::string>>> Database::BlobRepositories(const std::string& registry) {
  std::vector<std::pair<std::string, std::string>> out;
  // All that begin with "registry/": '0' comes after '/'.
  const std::string begin = registry + "/", end = registry + "0";
  for (const char* sql :
       {"SELECT DISTINCT l.blob, d.reference FROM image_digests d JOIN image_layers l ON l.image = d.image "
        "WHERE d.reference >= ? AND d.reference < ? ORDER BY d.reference",
        "SELECT DISTINCT l.blob, n.name FROM image_names n JOIN image_layers l ON l.image = n.image "
        "WHERE n.name >= ? AND n.name < ? ORDER BY n.name"}) {
    Query query = TRY(connection_->Prepare(sql));
    query.BindAll(begin, end);
    while (TRY(query.Next())) {
      const std::string reference = query.Text(1).substr(begin.size());
      out.emplace_back(query.Text(0), reference.substr(0, reference.find_first_of(":@")));
    }
  }
  return out;
}

}  // namespace ctool::state
