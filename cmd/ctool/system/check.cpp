// SPDX-License-Identifier: Apache-2.0
#include "ctool/system/check.hpp"

#include "ctool/image/commands.hpp"
#include "ctool/system/commands.hpp"

namespace ctool {
namespace {

Result<int> Run(Context& context, const CheckCommandOptions&) { return BecomeImages(context); }

}  // namespace

cli::Runnable CheckCommand() { return cli::Bind(DescribeCheck, Run); }

}  // namespace ctool
