// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <termios.h>
#include <unistd.h>

#include "runtime/init/context_internal.hpp"
#include "sys/file.hpp"
#include "sys/mount.hpp"

namespace ctool::runtime::init {

// The pair comes from the container's own devpts, its peer from TIOCGPTPEER: no path of the
// container's is followed between the two.
Status SetupTerminal(Context& c) {
  if (::setsid() < 0) return Error::Sys(errno, "setsid");
  const spec::RuntimeProcess& process = c.plan.spec.process;
  if (!process.terminal) return Ok();
  const sys::Fd master = TRY_CTX("open the container's ptmx",
                                 c.root->Open("/dev/pts/ptmx", O_RDWR | O_NOCTTY));
  const int unlock = 0;
  if (::ioctl(master.get(), TIOCSPTLCK, &unlock) < 0) return Error::Sys(errno, "unlock the pty");
  const sys::Fd slave(::ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!slave) return Error::Sys(errno, "open the pty's peer");
  if (process.console_height != 0 || process.console_width != 0) {
    winsize size{};
    size.ws_row = process.console_height;
    size.ws_col = process.console_width;
    if (::ioctl(slave.get(), TIOCSWINSZ, &size) < 0) return Error::Sys(errno, "set the window size");
  }
  if (::ioctl(slave.get(), TIOCSCTTY, 0) < 0) return Error::Sys(errno, "make the pty our terminal");
  // The terminal belongs to the user of the process, or it could not reopen it.
  if (::fchown(slave.get(), c.user.uid, static_cast<gid_t>(-1)) < 0 && errno != EINVAL && errno != EPERM)
    return Error::Sys(errno, "chown the pty");
  for (int standard = 0; standard < 3; ++standard)
    if (::dup2(slave.get(), standard) < 0) return Error::Sys(errno, "dup2");
  return c.sync.Send(Msg::kConsole, Stage::kTerminal, {}, master.get());
}

// A new file of our own making in the fresh /dev, the terminal bound over it.
Status BindConsole(Context& c) {
  if (!c.plan.spec.process.terminal) return Ok();
  const sys::Fd dev = TRY(c.root->Open("/dev", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  const Result<sys::Fd> console = sys::OpenAt(dev.get(), "console", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!console.ok()) return Ok();
  sys::DetachedMount bind = TRY(sys::DetachedMount::Clone(STDIN_FILENO, "", false));
  TRY(bind.SetAttributes(MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, MS_PRIVATE, false));
  return bind.Attach(console->get());
}

}  // namespace ctool::runtime::init
