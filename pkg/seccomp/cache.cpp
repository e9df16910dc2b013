// SPDX-License-Identifier: Apache-2.0
//
// File of a compiled program: Header, key, program. The key is everything that the program depends
// on, in full, so that a collision of file names is only a miss.
#include <fcntl.h>
#include <linux/filter.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/log.hpp"
#include "base/text.hpp"
#include "seccomp/seccomp_internal.hpp"
#include "sys/file.hpp"

namespace ctool::seccomp {
namespace {

// Raised when the meaning of a profile or the code for it changes.
constexpr std::string_view kGeneration = "1";
constexpr size_t kMaxEntries = 64;

// FNV-1a. Names files and finds torn ones; nobody but the user can write here, so nothing more
// is asked of it.
constexpr uint64_t Hash(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

struct Header {
  uint64_t magic, program_hash;
  uint32_t key_bytes, program_bytes;
};
constexpr uint64_t kMagic = 0x31504d4f43434553;  // "SECCOMP1"

// The built-in profile is told from earlier ones by its hash, worked out by the compiler.
constexpr std::string_view kBuiltIn =
#include "default_profile.inc"
    ;
constexpr uint64_t kBuiltInHash = Hash(kBuiltIn);

std::string KeyOf(const std::optional<std::string>& profile, const std::vector<std::string>& caps) {
  utsname host{};
  ::uname(&host);  // can't fail with a good pointer
  std::vector<std::string> bare;
  bare.reserve(caps.size());
  for (const std::string& cap : caps) bare.push_back(BareCapability(cap));
  std::sort(bare.begin(), bare.end());
  std::string key(CTOOL_VERSION " ");
  key.append(kGeneration).append(1, '\n');
  key.append(NativeFamily().front().name).append(1, ' ').append(host.release).append(1, '\n');
  key.append(Join(bare, ",")).append(1, '\n');
  if (profile) return key.append("profile\n").append(*profile);
  return key.append("built in ").append(std::to_string(kBuiltInHash));
}

// The program, or nothing when the file is not whole or is about something else.
std::optional<std::string> Read(int dir, const std::string& name, const std::string& key) {
  const sys::Fd file(::openat(dir, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat st {};
  // Somebody else's, from a time when the directory was open to others, could say "allow all".
  if (!file || ::fstat(file.get(), &st) < 0 || st.st_uid != ::geteuid()) return std::nullopt;
  const size_t largest = sizeof(Header) + key.size() + BPF_MAXINSNS * sizeof(sock_filter);
  const Result<std::string> bytes = sys::ReadAll(file.get(), name, largest);
  if (!bytes.ok() || bytes->size() < sizeof(Header)) return std::nullopt;
  Header header{};
  std::memcpy(&header, bytes->data(), sizeof header);
  const std::string_view rest = std::string_view(*bytes).substr(sizeof header);
  if (header.magic != kMagic || header.key_bytes != key.size() ||
      rest.size() != key.size() + header.program_bytes || rest.substr(0, key.size()) != key)
    return std::nullopt;
  const std::string_view program = rest.substr(key.size());
  if (program.empty() || program.size() % sizeof(sock_filter) != 0 ||
      program.size() > BPF_MAXINSNS * sizeof(sock_filter) || Hash(program) != header.program_hash)
    return std::nullopt;
  return std::string(program);
}

Status Write(const std::string& path, int dir, const std::string& key, const std::string& program) {
  // Old versions of profiles stay behind: start afresh now and then.
  const std::vector<std::string> entries = TRY(sys::ListDir(dir, path));
  if (entries.size() >= kMaxEntries)
    for (const std::string& entry : entries) ::unlinkat(dir, entry.c_str(), 0);
  const Header header{kMagic, Hash(program), static_cast<uint32_t>(key.size()),
                      static_cast<uint32_t>(program.size())};
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  bytes.append(key).append(program);
  return sys::WriteFileAtomic(path, bytes, 0600, sys::Durability::kNone);
}

}  // namespace

Result<std::string> CompileCached(const std::string& cache_dir,
                                  const std::optional<std::string>& profile_text,
                                  const std::vector<std::string>& caps) {
  const std::string key = KeyOf(profile_text, caps);
  const uint64_t hash = Hash(key);
  const std::string name = Hex({reinterpret_cast<const char*>(&hash), sizeof hash}) + ".bpf";
  const Result<sys::Fd> dir = sys::OpenPrivateDir(cache_dir);
  if (dir.ok())
    if (std::optional<std::string> hit = Read(dir->get(), name, key)) return std::move(*hit);
  const Profile profile = TRY(ParseProfile(profile_text ? *profile_text : DefaultProfileText()));
  std::string program = TRY(Compile(profile, caps));
  const Status written =
      dir.ok() ? Write(cache_dir + "/" + name, dir->get(), key, program) : Status(dir.error());
  if (!written.ok()) Debug("seccomp cache: " + written.error().Message());
  return program;
}

}  // namespace ctool::seccomp
