// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.hpp"
#include "base/text.hpp"
#include "bridge/attachment.hpp"
#include "bridge/subnet.hpp"
#include "sys/file.hpp"

namespace ctool::bridge {
namespace {

// Its container may be in the making: it has no lock yet that would tell.
bool IsYoung(const std::string& file) {
  constexpr int64_t kYoungSeconds = 10;
  struct stat st {};
  return ::stat(file.c_str(), &st) == 0 && WallNanos() / 1'000'000'000 - st.st_mtim.tv_sec < kYoungSeconds;
}

constexpr char kLast[] = "last4", kLast6[] = "last6";  // the address that was given out last

class Folder {
 public:
  Folder(std::string path, std::string container, const IsAlive& is_alive)
      : path_(std::move(path)), container_(std::move(container)), is_alive_(is_alive) {}

  // False: somebody has it.
  Result<bool> Take(const Address& address, std::vector<std::string>& files) const {
    const std::string file = path_ + "/" + address.Print();
    for (int tries = 0; tries < 2; ++tries) {
      const Result<sys::Fd> made = sys::Open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
      if (made.ok()) {
        files.push_back(file);
        TRY(sys::WriteAll(made->get(), container_, file));
        return true;
      }
      if (made.error().sys_errno() != EEXIST) return made.error();
      const Result<std::string> holder = sys::ReadFile(file, 256);
      if (holder.ok() && *holder != container_ && (IsYoung(file) || is_alive_(*holder))) return false;
      if (::unlink(file.c_str()) < 0 && errno != ENOENT) return Error::Sys(errno, "remove", file);
    }
    return false;
  }

  std::optional<Address> Last(bool v6) const {
    const Result<std::string> text = sys::ReadFile(path_ + "/" + (v6 ? kLast6 : kLast), 256);
    return text.ok() ? Address::Parse(*text) : std::nullopt;
  }
  Status SetLast(const Address& address) const {
    return sys::WriteFileAtomic(path_ + "/" + (address.v6 ? kLast6 : kLast), address.Print(), 0600, sys::Durability::kNone);
  }

 private:
  std::string path_, container_;
  const IsAlive& is_alive_;
};

struct Range {
  Address first, last, gateway;
  bool has_gateway = false;
};

Result<Range> RangeOf(const SubnetConfig& config, const Subnet& subnet) {
  Range range{subnet.First(), subnet.Last(), {}, false};
  if (const std::optional<Address> start = Address::Parse(config.lease_start)) range.first = *start;
  // A range that goes to the end of the subnet names its broadcast address too.
  if (const std::optional<Address> end = Address::Parse(config.lease_end); end && *end < range.last) range.last = *end;
  if (const std::optional<Address> gateway = Address::Parse(config.gateway)) {
    range.gateway = *gateway;
    range.has_gateway = true;
  }
  return range;
}

// The one after the last that was given out, and on from there: an address that has just become free is somebody
// else's in many a cache.
Result<Address> TakeNext(const Folder& folder, const Range& range, std::vector<std::string>& files) {
  // More tries than a /16 has addresses help nobody.
  constexpr uint64_t kMost = 1 << 16;
  const unsigned __int128 size = range.last.value - range.first.value + 1;
  const std::optional<Address> last = folder.Last(range.first.v6);
  Address next = range.first;
  if (last && !(*last < range.first) && *last < range.last) next.value = last->value + 1;
  for (uint64_t tries = 0; tries < kMost && tries < size; ++tries) {
    const bool gateway = range.has_gateway && next == range.gateway;
    if (!gateway && TRY(folder.Take(next, files))) {
      TRY(folder.SetLast(next));
      return next;
    }
    next.value = next.value == range.last.value ? range.first.value : next.value + 1;
  }
  return Error(Code::kBusy, "no free address is left");
}

}  // namespace

Result<std::vector<std::string>> TakeAddresses(const std::string& path, const std::string& container, const Definition& network,
                                               const Attachment& wanted, const IsAlive& is_alive,
                                               std::vector<std::string>& files) {
  TRY(sys::MakeDirs(path, 0700));
  const Folder folder(path, container, is_alive);
  std::vector<std::string> addresses;
  bool ip_used = wanted.ip.empty(), ip6_used = wanted.ip6.empty();
  for (const SubnetConfig& config : network.subnets) {
    const Subnet subnet = TRY(Subnet::Parse(config.subnet));
    const Range range = TRY(RangeOf(config, subnet));
    const std::optional<Address> asked = Address::Parse(subnet.v6() ? wanted.ip6 : wanted.ip);
    if (!asked) {
      addresses.push_back(TRY_CTX("network " + network.name, TakeNext(folder, range, files)).Print());
      continue;
    }
    if (!subnet.Contains(*asked)) continue;
    (subnet.v6() ? ip6_used : ip_used) = true;
    const bool gateway = range.has_gateway && *asked == range.gateway;
    if (gateway || !TRY(folder.Take(*asked, files)))
      return Error(Code::kBusy, "requested ip address " + asked->Print() + " is already allocated");
    addresses.push_back(asked->Print());
  }
  if (!ip_used || !ip6_used)
    return Error(Code::kInvalidArgument, "requested static ip " + (ip_used ? wanted.ip6 : wanted.ip) + " not in any subnet on network " + network.name);
  return addresses;
}

}  // namespace ctool::bridge
