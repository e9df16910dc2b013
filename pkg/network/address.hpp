// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ctool::network {

enum class Family { kIpv4, kIpv6 };
// The family of an address as text, or nothing: no zone, no port, no brackets, no blanks.
std::optional<Family> AddressFamily(std::string_view text);
// The shortest way to write the address ("::1"), or nothing.
std::optional<std::string> CanonicalAddress(std::string_view text);
// IPv4, most significant byte first in the number.
std::optional<uint32_t> ParseIpv4(std::string_view text);
std::string FormatIpv4(uint32_t address);
bool IsLoopbackAddress(std::string_view text);

// Can a socket of this host have the address?
bool IsOwnAddress(const std::string& address, Family family);

// An IPv4 address of this host by which others (and user-mode networks) reach it: the first of an
// interface that is up and not loopback, link-local last; not `except`. Empty: there is none.
std::string HostAddress(const std::string& except = "");

}  // namespace ctool::network
