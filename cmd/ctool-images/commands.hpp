// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "builder/options.hpp"
#include "cli/command.hpp"
#include "engine/images.hpp"
#include "engine/load.hpp"
#include "engine/login.hpp"
#include "engine/manifest_list.hpp"
#include "engine/push.hpp"
#include "engine/save.hpp"
#include "engine/search.hpp"

namespace ctool {

struct PullOptions {
  std::vector<std::string> images;
  std::string policy = "always";
  engine::FetchOptions fetch;
  bool all_tags = false;
};
cli::Command DescribePull(PullOptions& options);

cli::Command DescribeBuild(builder::BuildOptions& options);
Result<int> RunBuild(Context& context, const builder::BuildOptions& options);
// What `files` name, else ./Containerfile or ./Dockerfile: the stages, and the arguments with a "=" behind each.
std::vector<std::string> StagesIn(const std::vector<std::string>& files);
std::vector<std::string> ArgumentsIn(const std::vector<std::string>& files);

struct ImportCommandOptions {
  engine::ImportOptions import;
};
cli::Command DescribeImport(ImportCommandOptions& options);

struct LoadCommandOptions {
  engine::LoadOptions load;
  std::string signature_policy;  // accepted: policy.json decides
};
cli::Command DescribeLoad(LoadCommandOptions& options);

struct SaveCommandOptions {
  engine::SaveOptions save;
  std::string signature_policy;  // accepted
};
cli::Command DescribeSave(SaveCommandOptions& options);

struct PushCommandOptions {
  engine::PushOptions push;
  bool remove_signatures = false;  // accepted: none are pushed
};
cli::Command DescribePush(PushCommandOptions& options);
Result<int> RunPush(Context& context, const PushCommandOptions& options);

struct LoginCommandOptions {
  std::string registry, username, compat_auth_file, secret;
  std::optional<std::string> password;
  bool password_stdin = false, get_login = false, verbose = false;
  engine::FetchOptions fetch;
};
cli::Command DescribeLogin(LoginCommandOptions& options);
Result<int> RunLogin(Context& context, const LoginCommandOptions& options);

struct LogoutCommandOptions {
  std::string registry, authfile, compat_auth_file;
  bool all = false;
};
cli::Command DescribeLogout(LogoutCommandOptions& options);
Result<int> RunLogout(Context& context, const LogoutCommandOptions& options);

struct SearchCommandOptions {
  engine::SearchOptions search;
  std::string format;
  bool list_tags = false, no_trunc = false, compatible = false;
};
cli::Command DescribeSearch(SearchCommandOptions& options);
Result<int> RunSearch(Context& context, const SearchCommandOptions& options);

struct ManifestOptions {
  std::string list;
  std::vector<std::string> images;  // or the digest, or the destination
  engine::CreateListOptions create;
  engine::ListEntryOptions entry;
  engine::PushOptions push;
  bool all = false, remove = false;
};
cli::Command DescribeManifestCreate(ManifestOptions& options);
cli::Command DescribeManifestAdd(ManifestOptions& options);
cli::Command DescribeManifestAnnotate(ManifestOptions& options);
cli::Command DescribeManifestInspect(ManifestOptions& options);
cli::Command DescribeManifestRemove(ManifestOptions& options);
cli::Command DescribeManifestPush(ManifestOptions& options);
Result<int> RunManifestCreate(Context& context, const ManifestOptions& options);
Result<int> RunManifestAdd(Context& context, const ManifestOptions& options);
Result<int> RunManifestAnnotate(Context& context, const ManifestOptions& options);
Result<int> RunManifestInspect(Context& context, const ManifestOptions& options);
Result<int> RunManifestRemove(Context& context, const ManifestOptions& options);
Result<int> RunManifestPush(Context& context, const ManifestOptions& options);

struct ArtifactPullOptions {
  std::string name;
  engine::FetchOptions fetch;
};
cli::Command DescribeArtifactPull(ArtifactPullOptions& options);
Result<int> RunArtifactPull(Context& context, const ArtifactPullOptions& options);

struct ArtifactPushOptions {
  engine::PushOptions push;
};
cli::Command DescribeArtifactPush(ArtifactPushOptions& options);
Result<int> RunArtifactPush(Context& context, const ArtifactPushOptions& options);

struct VolumeImportOptions {
  std::string volume, input = "-";
};
cli::Command DescribeVolumeImport(VolumeImportOptions& options);

// Options that commands have in common.
cli::Option AuthFileOption(std::string& sink);
cli::Option CertDirOption(std::string& sink);
cli::Option TlsVerifyOption(std::optional<bool>& sink);
// --authfile, --creds, --cert-dir, --tls-verify
void AddCredentialOptions(std::vector<cli::Option>& into, engine::FetchOptions& o);
// These, --retry, --retry-delay and --quiet.
void AddRegistryOptions(std::vector<cli::Option>& into, engine::FetchOptions& o);
void AddDigestFile(std::vector<cli::Option>& into, engine::PushOptions& p);
void AddPushFormatOptions(std::vector<cli::Option>& into, engine::PushOptions& p);

// The command table of ctool-images: pull, import, `cp -`, and `fetch`, which is pull for the engine.
std::span<const cli::Entry> ImageEntries();

}  // namespace ctool
