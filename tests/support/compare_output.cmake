# SPDX-License-Identifier: MIT
# cmake -DPROGRAM=... -DEXPECTED=... -P compare_output.cmake: fails unless the program succeeds and prints exactly that file.
# The environment variable WENGERT_UPDATE_EXPECTED=1 writes the file instead: read the difference before you commit it.
execute_process(COMMAND ${PROGRAM} OUTPUT_VARIABLE output ERROR_VARIABLE complaint RESULT_VARIABLE status)
if(NOT status EQUAL 0)
    message(FATAL_ERROR "${PROGRAM} ended with ${status}\n${output}${complaint}")
endif()
if("$ENV{WENGERT_UPDATE_EXPECTED}" STREQUAL "1")
    file(WRITE ${EXPECTED} "${output}")
    return()
endif()
file(READ ${EXPECTED} expected)
if(NOT output STREQUAL expected)
    cmake_path(GET EXPECTED STEM name)
    set(actual ${CMAKE_CURRENT_BINARY_DIR}/${name}.actual.txt)
    file(WRITE ${actual} "${output}")
    execute_process(COMMAND diff -u ${EXPECTED} ${actual} OUTPUT_VARIABLE difference)
    message(FATAL_ERROR "${PROGRAM} does not print ${EXPECTED}:\n${difference}")
endif()
