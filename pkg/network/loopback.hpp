// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace ctool::network {

// Brings the loopback interface of this process's network namespace up; the kernel then gives it
// 127.0.0.1/8 and ::1/128 by itself. Needs CAP_NET_ADMIN over the namespace. Async-signal-safe:
// init calls it after clone. Returns 0 or errno.
int BringLoopbackUp() noexcept;

}  // namespace ctool::network
