# SPDX-License-Identifier: Apache-2.0
# Run by cpack on the tree that becomes the Debian package: manual pages and changelog as Debian's policy wants them
# (gzip without a time, so that the same sources make the same package).
set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/usr/share)

function(compress)
  execute_process(COMMAND gzip -9n ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(GLOB pages ${share}/man/man*/*.[1-8])
if(NOT pages)
  message(FATAL_ERROR "no manual pages below ${share}/man")
endif()
compress(${pages})

# What git knows of the sources, else of now.
execute_process(COMMAND git -c safe.directory=* -C ${CTOOL_SOURCE} log -1 --format=%cD OUTPUT_VARIABLE date
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
execute_process(COMMAND git -c safe.directory=* -C ${CTOOL_SOURCE} rev-parse --short=12 HEAD OUTPUT_VARIABLE commit
                OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT date)
  execute_process(COMMAND date -R OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE)
  set(commit "a tree without git")
endif()
file(WRITE ${share}/doc/ctool/changelog "ctool (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * Built from ${commit}.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
compress(${share}/doc/ctool/changelog)

# The monitor is static: a start then loads no libraries. The contact is set by who publishes the package.
file(WRITE ${share}/lintian/overrides/ctool "ctool: statically-linked-binary [usr/libexec/ctool/ctool-monitor]
ctool: bogus-mail-host *
ctool: bogus-mail-host-in-debian-changelog *
")
# common-licenses has it.
file(REMOVE ${share}/doc/ctool/LICENSE)
