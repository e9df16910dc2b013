// SPDX-License-Identifier: Apache-2.0
//
// pull, import and load are described here and run by another program: the one that everything else is
// done with loads no HTTP, TLS or decompressors.
#include <unistd.h>

#include "ctool-images/commands.hpp"
#include "ctool/context.hpp"
#include "ctool/image/commands.hpp"
#include "ctool/volume/commands.hpp"

namespace ctool {

Result<int> BecomeImages(Context& context) {
  const std::string program = TRY(context.engine.Program("ctool-images"));
  std::vector<char*> argv;
  for (std::string& word : context.argv) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  return Error::Sys(errno, "execute", program);
}

namespace {

template <class Options>
Result<int> Become(Context& context, const Options&) {
  return BecomeImages(context);
}

}  // namespace

cli::Runnable BuildCommand() { return cli::Bind(DescribeBuild, Become<builder::BuildOptions>); }
cli::Runnable PushCommand() { return cli::Bind(DescribePush, Become<PushCommandOptions>); }
cli::Runnable ManifestCreateCommand() { return cli::Bind(DescribeManifestCreate, Become<ManifestOptions>); }
cli::Runnable ManifestAddCommand() { return cli::Bind(DescribeManifestAdd, Become<ManifestOptions>); }
cli::Runnable ManifestAnnotateCommand() { return cli::Bind(DescribeManifestAnnotate, Become<ManifestOptions>); }
cli::Runnable ManifestInspectCommand() { return cli::Bind(DescribeManifestInspect, Become<ManifestOptions>); }
cli::Runnable ManifestPushCommand() { return cli::Bind(DescribeManifestPush, Become<ManifestOptions>); }
cli::Runnable ManifestRemoveCommand() { return cli::Bind(DescribeManifestRemove, Become<ManifestOptions>); }
cli::Runnable LoginCommand() { return cli::Bind(DescribeLogin, Become<LoginCommandOptions>); }
cli::Runnable LogoutCommand() { return cli::Bind(DescribeLogout, Become<LogoutCommandOptions>); }
cli::Runnable SearchCommand() { return cli::Bind(DescribeSearch, Become<SearchCommandOptions>); }
cli::Runnable VolumeImportCommand() { return cli::Bind(DescribeVolumeImport, Become<VolumeImportOptions>); }
cli::Runnable PullCommand() { return cli::Bind(DescribePull, Become<PullOptions>); }
cli::Runnable ImportCommand() { return cli::Bind(DescribeImport, Become<ImportCommandOptions>); }
cli::Runnable LoadCommand() { return cli::Bind(DescribeLoad, Become<LoadCommandOptions>); }
cli::Runnable SaveCommand() { return cli::Bind(DescribeSave, Become<SaveCommandOptions>); }

}  // namespace ctool
