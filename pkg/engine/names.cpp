// SPDX-License-Identifier: Apache-2.0
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "engine/fold_internal.hpp"

namespace ctool::engine {
namespace {

constexpr std::array kAdjectives = {
    "able",    "airy",   "amber",  "ardent", "austere", "blithe", "bold",   "brave",  "breezy", "bright",
    "brisk",   "calm",   "candid", "clear",  "clever",  "cosmic", "crisp",  "curious", "dapper", "deft",
    "eager",   "early",  "earnest", "exact", "fair",    "fleet",  "fluent", "frank",  "gentle", "gifted",
    "glad",    "golden", "hardy",  "hearty", "humble",  "ideal",  "jolly",  "keen",   "kind",   "lively",
    "lucid",   "lucky",  "mellow", "merry",  "mindful", "modest", "neat",   "nimble", "noble",  "patient",
    "placid",  "polite", "proud",  "quick",  "quiet",   "ready",  "serene", "sharp",  "sincere", "steady",
    "sunny",   "swift",  "tidy",   "vivid"};

constexpr std::array kSurnames = {
    "abel",     "agnesi",  "ampere",  "babbage",  "bernoulli", "bohr",     "boole",    "bose",
    "cantor",   "carson",  "cauchy",  "church",   "curie",     "dalton",   "darwin",   "dijkstra",
    "dirac",    "einstein", "erdos",  "euclid",   "euler",     "faraday",  "fermat",   "fermi",
    "franklin", "galois",  "gauss",   "germain",  "godel",     "goodall",  "hamilton", "hawking",
    "hertz",    "hilbert", "hopper",  "hypatia",  "jacobi",    "kepler",   "kovalevskaya", "lagrange",
    "lamarr",   "laplace", "leibniz", "lovelace", "maxwell",   "meitner",  "mendel",   "minsky",
    "newton",   "noether", "pascal",  "pasteur",  "planck",    "poincare", "ramanujan", "riemann",
    "ritchie",  "rubin",   "sagan",   "shannon",  "tesla",     "turing",   "volta",    "wiles"};

}  // namespace

Status CheckName(std::string_view name) {
  const auto alnum = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const bool well_formed = !name.empty() && alnum(name[0]) && std::all_of(name.begin(), name.end(), [&](char c) {
    return alnum(c) || c == '_' || c == '.' || c == '-';
  });
  if (!well_formed)
    return Error(Code::kInvalidArgument, "names must match [a-zA-Z0-9][a-zA-Z0-9_.-]*: invalid argument");
  // A volume's is the name of a folder; nobody types, or can read in a table, a longer one.
  constexpr size_t kMaxName = 255;
  if (name.size() > kMaxName)
    return Error(Code::kInvalidArgument, "names may have " + std::to_string(kMaxName) + " characters, this one has " + std::to_string(name.size()));
  return Ok();
}

std::string RandomName() {
  std::array<uint32_t, 2> random{};
  CHECK(::getrandom(random.data(), sizeof random, 0) == sizeof random);
  return std::string(kAdjectives[random[0] % kAdjectives.size()]) + "_" +
         kSurnames[random[1] % kSurnames.size()];
}

}  // namespace ctool::engine
