# SPDX-License-Identifier: GPL-3.0-or-later
# add_pytest(confirm LABEL e2e): runs test_confirm.py of this folder against this tree's binary.

# Debian's own interpreter, because its packages (slixmpp, aiohttp) belong to it.
set(JIDGATE_PYTHON /usr/bin/python3 CACHE FILEPATH "Python with the packages of tests/support/packages")

function(add_pytest name)
  cmake_parse_arguments(ARG "SERIAL" "LABEL;TIMEOUT" "" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  set(test "${ARG_LABEL}.${name}${JIDGATE_TEST_SUFFIX}")
  add_test(NAME ${test}
    COMMAND ${JIDGATE_PYTHON} -B -m pytest -q "${CMAKE_CURRENT_SOURCE_DIR}/test_${name}.py"
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}/tests")
  set_tests_properties(${test} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT}
    RUN_SERIAL ${ARG_SERIAL}
    ENVIRONMENT "JIDGATE_BINARY=$<TARGET_FILE:jidgate>;JIDGATE_SANITIZE=${JIDGATE_SANITIZE}")
endfunction()
