// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ctool::archive::test {

enum class Format { kUstar, kGnu, kV7 };

// One header as raw as a test wants it.
struct Raw {
  std::string name;
  char flag = '0';
  std::string link = {};
  uint32_t mode = 0644;
  std::string uid = "0", gid = "0", mtime = "1700000000";  // decimal; or 8/12 raw bytes
  std::string size = {};                                   // empty: that of the body
  std::string prefix = {};
  Format format = Format::kUstar;
};

// Writes archives byte by byte, with whatever a correct writer would never write.
class TarBuilder {
 public:
  TarBuilder& Add(const Raw& raw, std::string_view body = {}) {
    bytes_ += Header(raw, body.size());
    return Body(body);
  }
  TarBuilder& Dir(const std::string& name, uint32_t mode = 0755) {
    return Add(Raw{.name = name, .flag = '5', .mode = mode});
  }
  TarBuilder& File(const std::string& name, std::string_view body = "x", uint32_t mode = 0644) {
    return Add(Raw{.name = name, .mode = mode}, body);
  }
  TarBuilder& Symlink(const std::string& name, const std::string& target) {
    return Add(Raw{.name = name, .flag = '2', .link = target, .mode = 0777});
  }
  TarBuilder& Link(const std::string& name, const std::string& target) {
    return Add(Raw{.name = name, .flag = '1', .link = target});
  }
  TarBuilder& Pax(const std::vector<std::pair<std::string, std::string>>& records, char flag = 'x') {
    std::string body;
    for (const auto& [key, value] : records) body += Record(key, value);
    return PaxRaw(body, flag);
  }
  TarBuilder& PaxRaw(std::string_view body, char flag = 'x') {
    return Add(Raw{.name = "PaxHeaders/x", .flag = flag}, body);
  }
  TarBuilder& Gnu(char flag, const std::string& text) {  // 'L' or 'K'
    return Add(Raw{.name = "././@LongLink", .flag = flag, .format = Format::kGnu},
               text + std::string(1, '\0'));
  }
  TarBuilder& Bytes(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }
  TarBuilder& Body(std::string_view body) {
    bytes_ += body;
    bytes_.append((512 - bytes_.size() % 512) % 512, '\0');
    return *this;
  }
  const std::string& open() const { return bytes_; }                      // no end-of-archive mark
  std::string str() const { return bytes_ + std::string(1024, '\0'); }

  // "LENGTH KEY=VALUE\n", where LENGTH counts itself.
  static std::string Record(const std::string& key, const std::string& value) {
    const size_t rest = key.size() + value.size() + 3;
    size_t length = rest + 1;
    while (rest + std::to_string(length).size() != length) ++length;
    return std::to_string(length) + " " + key + "=" + value + "\n";
  }

  static std::string Header(const Raw& raw, size_t body_size) {
    std::string h(512, '\0');
    const auto put = [&](size_t at, size_t room, std::string_view text) {
      std::memcpy(&h[at], text.data(), std::min(room, text.size()));
    };
    const auto number = [&](size_t at, size_t room, const std::string& text) {
      if (text.size() == room) return put(at, room, text);
      const long long value = std::stoll(text);
      if (value >= 0 && value < 1LL << (3 * (room - 1))) {
        char octal[32];
        std::snprintf(octal, sizeof octal, "%0*llo", static_cast<int>(room - 1),
                      static_cast<unsigned long long>(value));
        return put(at, room, octal);
      }
      for (size_t i = 0; i < room; ++i)  // GNU base-256
        h[at + room - 1 - i] =
            i < 8 ? static_cast<char>(value >> (8 * i)) : static_cast<char>(value < 0 ? 0xFF : 0);
      h[at] = static_cast<char>(h[at] | 0x80);
    };
    put(0, 100, raw.name);
    number(100, 8, std::to_string(raw.mode));
    number(108, 8, raw.uid);
    number(116, 8, raw.gid);
    number(124, 12, raw.size.empty() ? std::to_string(body_size) : raw.size);
    number(136, 12, raw.mtime);
    h[156] = raw.flag;
    put(157, 100, raw.link);
    if (raw.format == Format::kUstar) put(257, 8, std::string_view("ustar\00000", 8));
    if (raw.format == Format::kGnu) put(257, 8, std::string_view("ustar  \0", 8));
    put(345, 155, raw.prefix);
    return Sum(std::move(h));
  }

  // Sets the checksum of a header.
  static std::string Sum(std::string header) {
    std::memset(&header[148], ' ', 8);
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    std::snprintf(&header[148], 8, "%06o", sum);
    header[155] = ' ';
    return header;
  }

 private:
  std::string bytes_;
};

}  // namespace ctool::archive::test
