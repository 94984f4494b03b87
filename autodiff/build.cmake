# SPDX-License-Identifier: MIT
# How a library of this project is compiled and installed. Every folder takes its warnings and its floating-point contract from
# wengert_compile_options; every file is named in exactly one list.
include_guard()
include(GNUInstallDirs)

# Headers go below a folder of our own, so that nobody else's include/autodiff is overwritten.
set(WENGERT_INCLUDEDIR ${CMAKE_INSTALL_INCLUDEDIR}/wengert)
set(WENGERT_CMAKEDIR ${CMAKE_INSTALL_LIBDIR}/cmake/wengert)

if(PROJECT_IS_TOP_LEVEL)
    set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
    find_program(WENGERT_CCACHE ccache)
    if(WENGERT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
        set(CMAKE_CXX_COMPILER_LAUNCHER ${WENGERT_CCACHE})
    endif()
    # `cmake --build build --target all_verify_interface_header_sets` compiles every public header alone.
    set(CMAKE_VERIFY_INTERFACE_HEADER_SETS ON)
endif()

if(WENGERT_SANITIZE)
    list(JOIN WENGERT_SANITIZE "," sanitizers)
    add_compile_options(-fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${sanitizers})
    add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()

set(wengert_gnu $<CXX_COMPILER_ID:GNU,Clang,AppleClang>)
set(wengert_warnings -Wall -Wextra -Wpedantic -Wconversion -Wshadow $<$<BOOL:${WENGERT_WERROR}>:-Werror>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # What g++ 12 wrongly sees at -O3: overlaps in "text" + std::string (its bug 105651), a huge size where a boost small_vector is moved.
    list(APPEND wengert_warnings -Wno-restrict -Wno-stringop-overread)
endif()
# Strict arithmetic, the same with and without FMA units; only errno and traps, which nobody here reads, are given up.
set(wengert_arithmetic -ffp-contract=off -fno-math-errno -fno-trapping-math)

# Everything that is installed, without tests and examples.
add_custom_target(wengert_libraries)

# Called once in each folder: every target made there, the lone headers included, is compiled with these; no user of the libraries is.
macro(wengert_compile_options)
    set(CMAKE_CXX_STANDARD 20)
    set(CMAKE_CXX_EXTENSIONS OFF)
    add_compile_options("$<${wengert_gnu}:${wengert_warnings};${wengert_arithmetic}>")
endmacro()

# wengert_library(name FILES files... [OPTIONAL headers...] [LINK public targets...] [LINK_PRIVATE targets...])
# OPTIONAL headers are for packages that the library does not need: installed, but not compiled alone.
# makes wengert::name of the headers and sources below the folder called name. Without a source it is a library of headers.
function(wengert_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "FILES;OPTIONAL;LINK;LINK_PRIVATE")
    set(headers ${arg_FILES})
    list(FILTER headers INCLUDE REGEX "\\.hpp$")
    set(sources ${arg_FILES})
    list(FILTER sources EXCLUDE REGEX "\\.hpp$")
    wengert_list_files(${arg_FILES} ${arg_OPTIONAL})

    set(target wengert_${name})
    if(sources)
        add_library(${target} ${sources})
        set(public PUBLIC)
        add_dependencies(wengert_libraries ${target})
        target_link_libraries(${target} PRIVATE ${arg_LINK_PRIVATE})
        set_target_properties(${target} PROPERTIES VERSION ${PROJECT_VERSION}
            SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} INSTALL_RPATH "$ORIGIN")
    else()
        add_library(${target} INTERFACE)
        set(public INTERFACE)
    endif()
    add_library(wengert::${name} ALIAS ${target})
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
    target_compile_features(${target} ${public} cxx_std_20)
    target_link_libraries(${target} ${public} ${arg_LINK})
    target_sources(${target} ${public} FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${headers})
    target_sources(${target} ${public} FILE_SET optional TYPE HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${arg_OPTIONAL})
    set_target_properties(${target} PROPERTIES INTERFACE_HEADER_SETS_TO_VERIFY HEADERS)
    install(TARGETS ${target} EXPORT wengert ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} FILE_SET HEADERS DESTINATION ${WENGERT_INCLUDEDIR}
        FILE_SET optional DESTINATION ${WENGERT_INCLUDEDIR} INCLUDES DESTINATION ${WENGERT_INCLUDEDIR})
endfunction()

# The package: find_package(wengert) gives wengert::autodiff and wengert::nn.
function(wengert_install)
    include(CMakePackageConfigHelpers)
    configure_package_config_file(${PROJECT_SOURCE_DIR}/autodiff/wengert-config.cmake.in ${PROJECT_BINARY_DIR}/wengert-config.cmake
        INSTALL_DESTINATION ${WENGERT_CMAKEDIR} NO_SET_AND_CHECK_MACRO)
    # Before 1.0 a minor version may change the interface.
    write_basic_package_version_file(${PROJECT_BINARY_DIR}/wengert-config-version.cmake COMPATIBILITY SameMinorVersion)
    install(EXPORT wengert NAMESPACE wengert:: FILE wengert-targets.cmake DESTINATION ${WENGERT_CMAKEDIR})
    install(FILES ${PROJECT_BINARY_DIR}/wengert-config.cmake ${PROJECT_BINARY_DIR}/wengert-config-version.cmake
        ${PROJECT_SOURCE_DIR}/autodiff/cblas_and_xsimd.cmake DESTINATION ${WENGERT_CMAKEDIR})
    install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
endfunction()

# Files that some list names; what the tree holds beyond them would be neither compiled nor tested, which tests/run reports.
function(wengert_list_files)
    foreach(file IN LISTS ARGN)
        cmake_path(ABSOLUTE_PATH file NORMALIZE)
        set_property(GLOBAL APPEND PROPERTY wengert_listed ${file})
    endforeach()
endfunction()

function(wengert_write_unlisted_files)
    file(GLOB_RECURSE found ${PROJECT_SOURCE_DIR}/autodiff/*.[ch]pp ${PROJECT_SOURCE_DIR}/nn/*.[ch]pp
        ${PROJECT_SOURCE_DIR}/tests/*.cpp ${PROJECT_SOURCE_DIR}/examples/*.cpp)
    list(FILTER found EXCLUDE REGEX "/tests/(benchmark|consumer|fuzz)/")
    get_property(listed GLOBAL PROPERTY wengert_listed)
    list(REMOVE_ITEM found ${listed})
    list(TRANSFORM found REPLACE "^${PROJECT_SOURCE_DIR}/" "")
    list(JOIN found "\n  " text)
    file(WRITE ${PROJECT_BINARY_DIR}/unlisted.txt "${text}")
    if(found)
        message(WARNING "in no CMakeLists.txt, so neither compiled nor tested:\n  ${text}")
    endif()
endfunction()
