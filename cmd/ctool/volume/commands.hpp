// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/command.hpp"
#include "cli/value.hpp"
#include "engine/volumes.hpp"

namespace ctool {

cli::Runnable VolumeCreateCommand();
cli::Runnable VolumeLsCommand();
cli::Runnable VolumeInspectCommand();
cli::Runnable VolumeRmCommand();
cli::Runnable VolumePruneCommand();
cli::Runnable VolumeExistsCommand();
cli::Runnable VolumeExportCommand();
cli::Runnable VolumeImportCommand();
cli::Runnable VolumeMountCommand();
cli::Runnable VolumeUnmountCommand();
cli::Runnable VolumeReloadCommand();

// podman's define.InspectVolumeData.
void SetVolumeFields(const engine::VolumeInfo& volume, cli::Value& into);
cli::Value VolumeValue(const engine::VolumeInfo& volume);

}  // namespace ctool
