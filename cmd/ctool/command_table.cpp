// SPDX-License-Identifier: Apache-2.0
#include "ctool/command_table.hpp"

#include "ctool/artifact/commands.hpp"
#include "ctool/container/files.hpp"
#include "ctool/container/inspect.hpp"
#include "ctool/container/options.hpp"
#include "ctool/image/commands.hpp"
#include "ctool/network/commands.hpp"
#include "ctool/secret/commands.hpp"
#include "ctool/system/commands.hpp"
#include "ctool/volume/commands.hpp"

namespace ctool {
namespace {

constexpr cli::Entry kEntries[] = {
    {"run", RunCommand, {"container run"}},
    {"create", CreateCommand, {"container create"}},
    {"start", StartCommand, {"container start"}},
    {"init", InitCommand, {"container init"}},
    {"attach", AttachCommand, {"container attach"}},
    {"exec", ExecCommand, {"container exec"}},
    {"healthcheck run", HealthcheckCommand},
    {"stop", StopCommand, {"container stop"}},
    {"restart", RestartCommand, {"container restart"}},
    {"kill", KillCommand, {"container kill"}},
    {"wait", WaitCommand, {"container wait"}},
    {"pause", PauseCommand, {"container pause"}},
    {"unpause", UnpauseCommand, {"container unpause"}},
    {"rename", RenameCommand, {"container rename"}},
    {"port", PortCommand, {"container port"}},
    {"update", UpdateCommand, {"container update"}},
    {"ps", PsCommand, {"container ls", "container list", "container ps"}},
    {"top", TopCommand, {"container top"}},
    {"stats", StatsCommand, {"container stats"}},
    {"rm", RmCommand, {"container rm"}},
    {"commit", CommitCommand, {"container commit"}},
    {"cp", CpCommand, {"container cp"}},
    {"diff", DiffCommand},
    {"container diff", ContainerDiffCommand},
    {"image diff", ImageDiffCommand},
    {"export", ExportCommand, {"container export"}},
    {"mount", MountCommand, {"container mount"}},
    {"unmount", UnmountCommand, {"umount", "container unmount", "container umount"}},
    {"unshare", UnshareCommand},
    {"logs", LogsCommand, {"container logs"}},
    {"container exists", ContainerExistsCommand},
    {"container inspect", ContainerInspectCommand},
    {"container prune", PruneCommand},
    {"container cleanup", CleanupCommand},

    {"build", BuildCommand, {"image build", "buildx build"}},
    {"builder prune", BuilderPruneCommand, {"buildx prune"}},
    {"pull", PullCommand, {"image pull"}},
    {"push", PushCommand, {"image push"}},
    {"manifest create", ManifestCreateCommand},
    {"manifest add", ManifestAddCommand},
    {"manifest annotate", ManifestAnnotateCommand},
    {"manifest inspect", ManifestInspectCommand},
    {"manifest push", ManifestPushCommand},
    {"manifest rm", ManifestRmCommand},
    {"manifest remove", ManifestRemoveCommand},
    {"manifest exists", ManifestExistsCommand},
    {"artifact add", ArtifactAddCommand},
    {"artifact extract", ArtifactExtractCommand},
    {"artifact inspect", ArtifactInspectCommand},
    {"artifact ls", ArtifactLsCommand, {"artifact list"}},
    {"artifact pull", ArtifactPullCommand},
    {"artifact push", ArtifactPushCommand},
    {"artifact rm", ArtifactRmCommand, {"artifact remove"}},
    {"login", LoginCommand},
    {"logout", LogoutCommand},
    {"search", SearchCommand},
    {"images", ImagesCommand, {"image ls", "image list"}},
    {"rmi", RmiCommand, {"image rm"}},
    {"import", ImportCommand, {"image import"}},
    {"load", LoadCommand, {"image load"}},
    {"save", SaveCommand, {"image save"}},
    {"image exists", ImageExistsCommand},
    {"image inspect", ImageInspectCommand},
    {"tag", TagCommand, {"image tag"}},
    {"untag", UntagCommand, {"image untag"}},
    {"history", HistoryCommand, {"image history"}},
    {"image tree", ImageTreeCommand},
    {"image mount", ImageMountCommand},
    {"image unmount", ImageUnmountCommand, {"image umount"}},
    {"image prune", ImagePruneCommand},

    {"network create", NetworkCreateCommand},
    {"network ls", NetworkLsCommand, {"network list"}},
    {"network inspect", NetworkInspectCommand},
    {"network rm", NetworkRmCommand, {"network remove"}},
    {"network prune", NetworkPruneCommand},
    {"network exists", NetworkExistsCommand},
    {"network connect", NetworkConnectCommand},
    {"network disconnect", NetworkDisconnectCommand},
    {"network reload", NetworkReloadCommand},
    {"network update", NetworkUpdateCommand},

    {"volume create", VolumeCreateCommand},
    {"volume ls", VolumeLsCommand, {"volume list"}},
    {"volume inspect", VolumeInspectCommand},
    {"volume rm", VolumeRmCommand, {"volume remove"}},
    {"volume prune", VolumePruneCommand},
    {"volume exists", VolumeExistsCommand},
    {"volume export", VolumeExportCommand},
    {"volume import", VolumeImportCommand},
    {"volume mount", VolumeMountCommand},
    {"volume unmount", VolumeUnmountCommand},
    {"volume reload", VolumeReloadCommand},

    {"secret create", SecretCreateCommand},
    {"secret ls", SecretLsCommand, {"secret list"}},
    {"secret inspect", SecretInspectCommand},
    {"secret rm", SecretRmCommand, {"secret remove"}},
    {"secret exists", SecretExistsCommand},

    {"inspect", InspectCommand},
    {"info", InfoCommand, {"system info"}},
    {"doctor", DoctorCommand},
    {"events", EventsCommand, {"system events"}},
    {"version", VersionCommand},
    {"system migrate", MigrateCommand},
    {"system df", DfCommand},
    {"system prune", SystemPruneCommand},
    {"system check", CheckCommand},
    {"system reset", ResetCommand},
    {"help", cli::HelpCommand},
    {"completion", cli::CompletionCommand},
};

constexpr cli::Group kGroups[] = {
    {"artifact", "Manage artifacts: files in registries"},
    {"builder", "Manage what builds have left"},
    {"buildx", "docker's name of build", true},
    {"container", "Manage containers"},
    {"healthcheck", "Check the health of containers"},
    {"image", "Manage images"},
    {"manifest", "Manage manifest lists and image indexes"},
    {"network", "Manage networks"},
    {"secret", "Manage secrets"},
    {"system", "Manage ctool"},
    {"volume", "Manage volumes"},
};

}  // namespace

std::span<const cli::Entry> Entries() { return kEntries; }
std::span<const cli::Group> Groups() { return kGroups; }

}  // namespace ctool
