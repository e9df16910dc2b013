// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "storage/store_internal.hpp"
#include "sys/file.hpp"

namespace ctool::storage {
namespace {

constexpr size_t kMaxMetaBytes = 256 << 20;
constexpr char kDigits[] = "0123456789abcdef";

// Names of files are bytes and JSON is UTF-8: everything but plain ASCII becomes %NN.
std::string Encode(std::string_view path) {
  std::string text;
  text.reserve(path.size());
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7f && c != '%') {
      text += c;
    } else {
      text += '%';
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
  }
  return text;
}

std::string Decode(std::string_view text) {
  std::string path;
  const auto digit = [](char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; };
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      path += static_cast<char>(digit(text[i + 1]) << 4 | digit(text[i + 2]));
      i += 2;
    } else {
      path += text[i];
    }
  }
  return path;
}

}  // namespace

std::string PrintLayerMeta(const LayerMeta& meta) {
  nlohmann::json implied = nlohmann::json::array();
  for (const std::string& dir : meta.implied_dirs) implied.push_back(Encode(dir));
  return nlohmann::json{{"size", meta.size},
                        {"tarSize", meta.tar_size},
                        {"bootId", meta.boot_id},
                        {"rootDescribed", meta.root_described},
                        {"opaqueRoot", meta.opaque_root},
                        {"impliedDirs", std::move(implied)}}
             .dump() +
         "\n";
}

Result<LayerMeta> ParseLayerMeta(std::string_view text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  const auto bad = [](const char* field) {
    return Error(Code::kCorrupt, std::string("bad layer meta: ") + field);
  };
  if (!json.is_object()) return bad("not an object");
  const auto size = json.find("size"), boot = json.find("bootId"),
             described = json.find("rootDescribed"), opaque = json.find("opaqueRoot"),
             implied = json.find("impliedDirs");
  if (size == json.end() || !size->is_number_integer()) return bad("size");
  if (boot == json.end() || !boot->is_string()) return bad("bootId");
  if (described == json.end() || !described->is_boolean()) return bad("rootDescribed");
  if (opaque == json.end() || !opaque->is_boolean()) return bad("opaqueRoot");
  if (implied == json.end() || !implied->is_array()) return bad("impliedDirs");
  LayerMeta meta;
  meta.size = size->get<int64_t>();
  // Layers of earlier versions don't have it.
  const auto tar_size = json.find("tarSize");
  if (tar_size != json.end() && tar_size->is_number_integer()) meta.tar_size = tar_size->get<int64_t>();
  meta.boot_id = boot->get<std::string>();
  meta.root_described = described->get<bool>();
  meta.opaque_root = opaque->get<bool>();
  for (const nlohmann::json& dir : *implied) {
    if (!dir.is_string()) return bad("impliedDirs");
    meta.implied_dirs.push_back(Decode(dir.get_ref<const std::string&>()));
  }
  return meta;
}

Result<LayerMeta> ReadLayerMeta(const std::string& layer_path) {
  const std::string text = TRY(sys::ReadFile(layer_path + "/meta", kMaxMetaBytes));
  return TRY_CTX("layer '" + layer_path + "'", ParseLayerMeta(text));
}

Status WriteLayerMeta(int layer_fd, const LayerMeta& meta) {
  sys::Fd file =
      TRY(sys::OpenAt(layer_fd, "meta", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  TRY(sys::WriteAll(file.get(), PrintLayerMeta(meta), "meta"));
  TRY(file.Close("meta"));
  if (!meta.opaque_root) return Ok();
  return TRY(sys::OpenAt(layer_fd, kOpaqueRoot, O_WRONLY | O_CREAT | O_EXCL, 0600))
      .Close(kOpaqueRoot);
}

Result<std::string> BootId() {
  const std::string text = TRY(sys::ReadFile("/proc/sys/kernel/random/boot_id", 64));
  return std::string(Trim(text));
}

}  // namespace ctool::storage
