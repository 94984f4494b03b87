# SPDX-License-Identifier: MIT
# How a library of this project is compiled and installed. Every folder takes its warnings and its floating-point contract from
# wengert_compile_options; every file is named in exactly one list.
include_guard()
include(CheckCXXSourceCompiles)
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
if(CMAKE_UNITY_BUILD)
    list(APPEND wengert_warnings -Wno-shadow)  # by what is nameless in another source
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        list(APPEND wengert_warnings -Wno-subobject-linkage)  # what is nameless in a source looks as if it were in a header
    endif()
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

# The vector instructions for which sources are compiled besides the compiler's own baseline, best last.
set(WENGERT_INSTRUCTION_SETS "")
set(wengert_flags_avx2 -mavx2 -mfma)
set(wengert_flags_avx512 -mavx2 -mfma -mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx512cd -mprefer-vector-width=512)
foreach(set avx2 avx512)
    string(TOUPPER ${set} SET)
    set(CMAKE_REQUIRED_FLAGS ${wengert_flags_${set}})
    list(JOIN CMAKE_REQUIRED_FLAGS " " CMAKE_REQUIRED_FLAGS)
    check_cxx_source_compiles("
        #include <immintrin.h>
        int main() { return __builtin_cpu_supports(\"avx2\") ? 0 : static_cast<int>(sizeof(__m256)); }" WENGERT_HAS_${SET})
    unset(CMAKE_REQUIRED_FLAGS)
    if(WENGERT_HAS_${SET})
        list(APPEND WENGERT_INSTRUCTION_SETS ${set})
    endif()
endforeach()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    list(APPEND wengert_flags_avx512 -Wno-uninitialized -Wno-maybe-uninitialized)  # its own intrinsics (its bug 105593)
endif()

# wengert_instruction_sets(target sources...) compiles sources of this folder, which the target lists too, once more for each set, with
# WENGERT_SET the set and WENGERT_LANES its architecture in xsimd; the target's sources learn of the sets by WENGERT_AVX2, WENGERT_AVX512.
# Always optimised: a scalar inline function that is not inlined would be compiled for the set, and the linker might take it for all.
# Everything in these sources is inlined into loops with thousands of packs in each; with a mark at both ends of each pack's scope the
# address sanitizer makes minutes of seconds, so that it does without these marks here.
function(wengert_instruction_sets target)
    set_property(SOURCE ${ARGN} PROPERTY SKIP_UNITY_BUILD_INCLUSION ON)
    set(without_marks "")
    if("address" IN_LIST WENGERT_SANITIZE)
        set(without_marks -fno-sanitize-address-use-after-scope)
        set_source_files_properties(${ARGN} PROPERTIES COMPILE_OPTIONS ${without_marks})
    endif()
    set(lanes_avx2 "::xsimd::fma3<::xsimd::avx2>")
    set(lanes_avx512 "::xsimd::avx512bw")
    cmake_path(RELATIVE_PATH CMAKE_CURRENT_SOURCE_DIR BASE_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE folder)
    foreach(set IN LISTS WENGERT_INSTRUCTION_SETS)
        string(TOUPPER ${set} SET)
        target_compile_definitions(${target} PRIVATE WENGERT_${SET})
        foreach(source IN LISTS ARGN)
            set(again ${CMAKE_CURRENT_BINARY_DIR}/${set}/${source})
            file(CONFIGURE OUTPUT ${again} CONTENT "#include \"${folder}/${source}\"\n")
            set_source_files_properties(${again} PROPERTIES COMPILE_OPTIONS "-O2;${without_marks};${wengert_flags_${set}}"
                COMPILE_DEFINITIONS "WENGERT_SET=${set};WENGERT_LANES=${lanes_${set}}")
            target_sources(${target} PRIVATE ${again})
        endforeach()
    endforeach()
endfunction()

# The package: find_package(wengert) gives wengert::autodiff and wengert::nn.
function(wengert_install)
    include(CMakePackageConfigHelpers)
    set(wengert_with_onednn OFF)
    if(TARGET wengert::onednn AND NOT BUILD_SHARED_LIBS)
        set(wengert_with_onednn ON)
    endif()
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
