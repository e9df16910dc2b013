// SPDX-License-Identifier: Apache-2.0
#include "spec/artifact.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "spec/json_internal.hpp"

namespace ctool::spec {
namespace {

// sha256 of "{}".
constexpr char kEmptyDigest[] = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

constexpr std::string_view kBinary = "application/octet-stream";

struct Magic {
  std::string_view bytes, type;
};

using namespace std::string_view_literals;

// With zero bytes in some, hence the literals.
constexpr Magic kMagics[] = {
    {"%PDF-"sv, "application/pdf"},
    {"%!PS-Adobe-"sv, "application/postscript"},
    {"\xfe\xff"sv, "text/plain; charset=utf-16be"},
    {"\xff\xfe"sv, "text/plain; charset=utf-16le"},
    {"\xef\xbb\xbf"sv, "text/plain; charset=utf-8"},
    {"\x00\x00\x01\x00"sv, "image/x-icon"},
    {"\x00\x00\x02\x00"sv, "image/x-icon"},
    {"BM"sv, "image/bmp"},
    {"GIF87a"sv, "image/gif"},
    {"GIF89a"sv, "image/gif"},
    {"\x89PNG\x0d\x0a\x1a\x0a"sv, "image/png"},
    {"\xff\xd8\xff"sv, "image/jpeg"},
    {"ID3"sv, "audio/mpeg"},
    {"OggS\x00"sv, "application/ogg"},
    {"MThd\x00\x00\x00\x06"sv, "audio/midi"},
    {"\x1a\x45\xdf\xa3"sv, "video/webm"},
    {"\x00\x01\x00\x00"sv, "font/ttf"},
    {"OTTO"sv, "font/otf"},
    {"ttcf"sv, "font/collection"},
    {"wOFF"sv, "font/woff"},
    {"wOF2"sv, "font/woff2"},
    {"\x1f\x8b\x08"sv, "application/x-gzip"},
    {"PK\x03\x04"sv, "application/zip"},
    {"Rar!\x1a\x07\x00"sv, "application/x-rar-compressed"},
    {"Rar!\x1a\x07\x01\x00"sv, "application/x-rar-compressed"},
    {"\x00\x61\x73\x6d"sv, "application/wasm"},
};

// RIFF and IFF files say what they are behind four bytes of length.
struct Chunk {
  std::string_view head, kind, type;
};
constexpr Chunk kChunks[] = {
    {"RIFF", "WEBPVP", "image/webp"}, {"RIFF", "AVI ", "video/avi"}, {"RIFF", "WAVE", "audio/wave"}, {"FORM", "AIFF", "audio/aiff"}};

constexpr std::string_view kTags[] = {"<!doctype html", "<html", "<head", "<script", "<iframe", "<h1", "<div", "<font", "<table",
                                      "<a", "<style", "<title", "<b", "<body", "<br", "<p", "<!--"};

// After blanks; a tag ends with a blank or '>'.
std::string_view SniffMarkup(std::string_view bytes) {
  const size_t begin = bytes.find_first_not_of("\t\n\f\r ");
  if (begin == std::string_view::npos) return "";
  const std::string text = ToLower(bytes.substr(begin, 32));
  for (const std::string_view tag : kTags) {
    if (!StartsWith(text, tag)) continue;
    const bool ends = tag == "<!--" || (text.size() > tag.size() && (text[tag.size()] == ' ' || text[tag.size()] == '>'));
    if (ends) return "text/html; charset=utf-8";
  }
  return StartsWith(text, "<?xml") ? "text/xml; charset=utf-8" : "";
}

bool IsBinaryByte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x08 || byte == 0x0b || (byte >= 0x0e && byte <= 0x1a) || (byte >= 0x1c && byte <= 0x1f);
}

}  // namespace

std::string NewArtifact(std::string_view type, const std::string& created) {
  OrderedJson out;
  out["schemaVersion"] = 2;
  out["mediaType"] = kOciManifest;
  out["artifactType"] = type.empty() ? kUnknownArtifact : type;
  out["config"] = {{"mediaType", kEmptyType}, {"digest", kEmptyDigest}, {"size", kEmptyConfig.size()}, {"data", "e30="}};
  out["layers"] = OrderedJson::array();
  out["annotations"] = {{kCreated, created}};
  return PrintJson(out);
}

Result<std::string> AppendFiles(std::string_view manifest, const std::vector<Descriptor>& files) {
  TRY(Manifest::Parse(manifest));
  OrderedJson out = OrderedJson::parse(manifest, nullptr, false);
  OrderedJson& layers = out["layers"];
  for (const Descriptor& file : files) {
    OrderedJson layer;
    layer["mediaType"] = file.media_type;
    layer["digest"] = file.digest.str();
    layer["size"] = file.size;
    layer["annotations"] = file.annotations;
    layers.push_back(std::move(layer));
  }
  std::string bytes = PrintJson(out);
  TRY(Manifest::Parse(bytes));  // too many, or too long
  return bytes;
}

std::string_view SniffType(std::string_view bytes) {
  constexpr size_t kLook = 512;
  bytes = bytes.substr(0, kLook);
  if (const std::string_view markup = SniffMarkup(bytes); !markup.empty()) return markup;
  for (const Magic& magic : kMagics)
    if (StartsWith(bytes, magic.bytes)) return magic.type;
  for (const Chunk& chunk : kChunks)
    if (StartsWith(bytes, chunk.head) && bytes.size() > 8 && StartsWith(bytes.substr(8), chunk.kind)) return chunk.type;
  return std::any_of(bytes.begin(), bytes.end(), IsBinaryByte) ? kBinary : "text/plain; charset=utf-8";
}

}  // namespace ctool::spec
