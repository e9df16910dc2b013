// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/options.hpp"

namespace ctool::builder {

// `build`, as it was typed. Meaning and syntax of each: podman-build(1).
struct BuildOptions {
  std::string context;             // a folder, "-", or a URL; empty: none but what -f names
  std::vector<std::string> files;  // -f
  std::vector<std::string> tags;
  std::vector<std::string> build_args, build_arg_files, build_contexts;  // "K=V", "K"; "NAME=WHERE"
  std::string target, ignore_file, iidfile, iidfile_raw, metadata_file, manifest, from, logfile;
  std::string format = "oci";
  std::vector<std::string> labels, annotations, envs, unset_envs, unset_labels;
  std::vector<std::string> secrets, ssh, outputs, platforms;
  std::vector<std::string> cache_from, cache_to;
  std::string cache_ttl;
  std::string pull = "missing";
  bool no_cache = false, layers = true, squash = false, squash_all = false;
  bool quiet = false, omit_history = false, rewrite_timestamp = false;
  std::optional<int64_t> timestamp, source_date_epoch;  // seconds
  std::optional<int64_t> jobs;                          // absent: as many as processors; 0: no limit
  engine::CreateOptions run;  // of RUN: network, hosts, limits, capabilities, volumes
  engine::FetchOptions fetch;
};

struct BuildOutcome {
  int exit_code = 0;  // of the RUN that failed
  std::string id;     // of the image; empty when one failed, or several were made
  std::string error;  // what to say of the failure
};

}  // namespace ctool::builder
