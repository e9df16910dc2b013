# SPDX-License-Identifier: Apache-2.0
# Read by cpack for each kind of package.
if(CPACK_GENERATOR STREQUAL "DEB")
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
  set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
  set(CTOOL_SOURCE ${CMAKE_CURRENT_LIST_DIR}/..)
else()
  set(CPACK_PACKAGING_INSTALL_PREFIX /)
endif()
