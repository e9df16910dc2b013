// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_map>

#include "base/text.hpp"
#include "state/connection_internal.hpp"

namespace ctool::state {
namespace {

#define SUMMARY_COLUMNS \
  "i.seq, i.id, i.manifest_digest, i.manifest_type, i.created, i.pulled, i.size, i.fixup_layer"
#define IMAGE_COLUMNS SUMMARY_COLUMNS ", i.config FROM images i"

Image ReadImage(const Query& row) {
  Image image;
  image.id = row.Text(1);
  image.manifest_digest = row.Text(2);
  image.manifest_type = row.Text(3);
  image.created = row.Number(4);
  image.pulled = row.Number(5);
  image.size = row.Number(6);
  image.fixup_layer = row.Text(7);
  image.config = row.Text(8);
  return image;
}

ImageLayer ReadLayer(const Query& row) {
  ImageLayer layer;
  layer.diff_id = row.Text(1);
  layer.blob = row.Text(2);
  layer.media_type = row.Text(3);
  layer.blob_size = row.Number(4);
  return layer;
}

Status ReadParts(Connection& connection, int64_t seq, Image& image) {
  image.names =
      TRY(connection.Column("SELECT name FROM image_names WHERE image = ? ORDER BY seq", seq));
  image.digests = TRY(connection.Column(
      "SELECT reference FROM image_digests WHERE image = ? ORDER BY reference", seq));
  Query layers = TRY(connection.Prepare(
      "SELECT image, diff_id, blob, media_type, blob_size FROM image_layers WHERE image = ? "
      "ORDER BY position"));
  layers.Bind(1, seq);
  while (TRY(layers.Next())) image.layers.push_back(ReadLayer(layers));
  return Ok();
}

// The whole image of the first row that `sql` finds; a second row is the error of an ambiguous
// `prefix`, unless there is none.
template <class... Values>
Result<std::optional<Image>> FindImage(Connection& connection, const char* sql,
                                       const std::string* prefix, const Values&... values) {
  std::optional<Image> image;
  const auto read = [&]() -> Status {
    Query query = TRY(connection.Prepare(sql));
    query.BindAll(values...);
    if (!TRY(query.Next())) return Ok();
    image = ReadImage(query);
    const int64_t seq = query.Number(0);
    if (prefix != nullptr && TRY(query.Next()))
      return Error(Code::kInvalidArgument, "more than one result for image " + Quote(*prefix))
          .Hint("use more characters of the id");
    return ReadParts(connection, seq, *image);
  };
  TRY(connection.Read(read));
  return image;
}

Result<int64_t> ImageSeq(Connection& connection, const std::string& id) {
  Query query = TRY(connection.Prepare("SELECT seq FROM images WHERE id = ?"));
  query.Bind(1, id);
  if (!TRY(query.Next())) return Error(Code::kNotFound, "no image with ID " + Quote(id));
  return query.Number(0);
}

Status PutName(Connection& connection, const std::string& name, int64_t seq) {
  // The row is new when the image is: the newest name is last.
  TRY(connection.Run("DELETE FROM image_names WHERE name = ? AND image <> ?", name, seq));
  return connection.Run("INSERT OR IGNORE INTO image_names(name, image) VALUES(?, ?)", name, seq);
}

}  // namespace

Status Database::PutImage(const Image& image) {
  return connection_->Write([&]() -> Status {
    TRY(connection_->Run(
        "INSERT INTO images(id, manifest_digest, manifest_type, created, pulled, size, "
        "fixup_layer, config) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(id) DO UPDATE "
        "SET manifest_digest = ?2, manifest_type = ?3, created = ?4, pulled = ?5, size = ?6, "
        "fixup_layer = ?7, config = ?8",
        image.id, image.manifest_digest, image.manifest_type, image.created, image.pulled,
        image.size, image.fixup_layer, image.config));
    const int64_t seq = TRY(ImageSeq(*connection_, image.id));
    TRY(connection_->Run("DELETE FROM image_layers WHERE image = ?", seq));
    int64_t position = 0;
    for (const ImageLayer& layer : image.layers)
      TRY(connection_->Run("INSERT INTO image_layers VALUES(?, ?, ?, ?, ?, ?)", seq, position++,
                           layer.diff_id, layer.blob, layer.media_type, layer.blob_size));
    for (const std::string& reference : image.digests)
      TRY(connection_->Run("INSERT OR IGNORE INTO image_digests VALUES(?, ?)", reference, seq));
    for (const std::string& name : image.names) TRY(PutName(*connection_, name, seq));
    return Ok();
  });
}

Status Database::SetName(const std::string& name, const std::string& image_id) {
  return connection_->Write([&]() -> Status {
    const int64_t seq = TRY(ImageSeq(*connection_, image_id));
    return PutName(*connection_, name, seq);
  });
}

Status Database::RemoveName(const std::string& name) {
  return connection_->Write([&]() -> Status {
    connection_->AllowReserve();
    return connection_->Run("DELETE FROM image_names WHERE name = ?", name);
  });
}

Status Database::RemoveImage(const std::string& id) {
  return connection_->Write([&]() -> Status {
    connection_->AllowReserve();
    Query query = TRY(connection_->Prepare("DELETE FROM images WHERE id = ?"));
    query.Bind(1, id);
    Result<bool> removed = query.Next();
    if (!removed.ok() && query.raw_code() == SQLITE_CONSTRAINT_FOREIGNKEY)
      return Error(Code::kBusy, "image " + id + " is in use by a container");
    if (!removed.ok()) return std::move(removed).error();
    return Ok();
  });
}

Result<std::optional<Image>> Database::FindImageByName(const std::string& name) {
  return FindImage(*connection_,
                   "SELECT " IMAGE_COLUMNS " JOIN image_names n ON n.image = i.seq "
                   "WHERE n.name = ?",
                   nullptr, name);
}

Result<std::optional<Image>> Database::FindImageById(const std::string& prefix) {
  if (prefix.size() < 2 || !IsHexPrefix(prefix)) return std::optional<Image>();
  const std::string end = PrefixEnd(prefix);
  return FindImage(*connection_, "SELECT " IMAGE_COLUMNS " WHERE i.id >= ? AND i.id < ? LIMIT 2",
                   &prefix, prefix, end);
}

Result<std::optional<Image>> Database::FindImageByDigest(const std::string& repository,
                                                         const std::string& digest) {
  const std::string reference = repository + "@" + digest;
  return FindImage(*connection_,
                   "SELECT " IMAGE_COLUMNS " JOIN image_digests d ON d.image = i.seq "
                   "WHERE d.reference = ? ORDER BY i.pulled DESC, i.seq DESC LIMIT 1",
                   nullptr, reference);
}

Result<std::vector<Image>> Database::ListImages(ImageFields fields) {
  std::vector<Image> images;
  const auto read = [&]() -> Status {
    std::unordered_map<int64_t, size_t> index;
    Query rows = TRY(connection_->Prepare(fields == ImageFields::kAll
                                              ? "SELECT " IMAGE_COLUMNS " ORDER BY i.seq DESC"
                                              : "SELECT " SUMMARY_COLUMNS ", '' FROM images i ORDER BY i.seq DESC"));
    while (TRY(rows.Next())) {
      index[rows.Number(0)] = images.size();
      images.push_back(ReadImage(rows));
    }
    // Three scans for all images instead of three queries for each. A row without its image can't
    // be: the foreign keys are enforced.
    Query names = TRY(connection_->Prepare("SELECT image, name FROM image_names ORDER BY seq"));
    while (TRY(names.Next())) images[index.at(names.Number(0))].names.push_back(names.Text(1));
    Query digests = TRY(connection_->Prepare("SELECT image, reference FROM image_digests"));
    while (TRY(digests.Next()))
      images[index.at(digests.Number(0))].digests.push_back(digests.Text(1));
    Query layers = TRY(connection_->Prepare(
        "SELECT image, diff_id, blob, media_type, blob_size FROM image_layers "
        "ORDER BY image, position"));
    while (TRY(layers.Next()))
      images[index.at(layers.Number(0))].layers.push_back(ReadLayer(layers));
    return Ok();
  };
  TRY(connection_->Read(read));
  std::stable_sort(images.begin(), images.end(),
                   [](const Image& a, const Image& b) { return a.created > b.created; });
  return images;
}

Result<std::vector<std::string>> Database::ContainersUsingImage(const std::string& image_id) {
  return connection_->Column(
      "SELECT id FROM containers WHERE image = ?1 OR seq IN (SELECT container FROM image_uses WHERE image = ?1) ORDER BY seq", image_id);
}

Result<std::vector<std::string>> Database::UsedImages() {
  return connection_->Column("SELECT image FROM containers WHERE image IS NOT NULL UNION SELECT image FROM image_uses");
}

Status Database::UseImage(const std::string& image_id, const std::string& container_id) {
  return connection_->Write([&]() -> Status {
    if (!TRY(FindImageById(image_id))) return Error(Code::kNotFound, "image " + image_id + " was removed just now");
    return connection_->Run("INSERT OR IGNORE INTO image_uses SELECT ?, seq FROM containers WHERE id = ?", image_id, container_id);
  });
}

}  // namespace ctool::state
