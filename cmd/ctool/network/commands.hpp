// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bridge/definition.hpp"
#include "cli/command.hpp"
#include "cli/value.hpp"
#include "ctool/context.hpp"

namespace ctool {

cli::Runnable NetworkCreateCommand();
cli::Runnable NetworkLsCommand();
cli::Runnable NetworkInspectCommand();
cli::Runnable NetworkRmCommand();
cli::Runnable NetworkPruneCommand();
cli::Runnable NetworkExistsCommand();
cli::Runnable NetworkConnectCommand();
cli::Runnable NetworkDisconnectCommand();
cli::Runnable NetworkReloadCommand();
cli::Runnable NetworkUpdateCommand();

// podman's types.Network.
void SetNetworkFields(const bridge::Definition& network, cli::Value& into);
// The same with the containers that run on it: what inspect shows.
Result<cli::Value> NetworkValue(Context& context, const bridge::Definition& network);

}  // namespace ctool
