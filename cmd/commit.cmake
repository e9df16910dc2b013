# SPDX-License-Identifier: Apache-2.0
# cmake -D SOURCE=... -D COMMIT=... -D OUT=... -P commit.cmake: writes a source file with the commit of
# SOURCE, or COMMIT, unless it is there already.
if(NOT COMMIT)
  execute_process(COMMAND git -c safe.directory=* -C ${SOURCE} rev-parse --short=12 HEAD
                  OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
file(CONFIGURE OUTPUT ${OUT} @ONLY CONTENT [[// SPDX-License-Identifier: Apache-2.0
namespace ctool {
extern const char* const kCtoolCommit;
const char* const kCtoolCommit = "@COMMIT@";
}  // namespace ctool
]])
