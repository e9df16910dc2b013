// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace ctool::monitor {

// What a start has used and a running container does not need: free heap, and the pages of the program itself, which
// come back from the page cache one by one where they are needed again.
void GiveBackMemory();

}  // namespace ctool::monitor
