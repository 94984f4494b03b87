# SPDX-License-Identifier: MIT
# Packages whose own CMake files cannot be relied on: a BLAS has none in most distributions, a LAPACK often comes inside it, and Debian's
# xsimd asks to link a library that it does not need. Makes wengert::cblas, wengert::lapack and wengert::xsimd of what it finds.
# Installed too: wengert-config.cmake includes it.

# OpenBLAS if it is there, else any BLAS with the C interface (Debian's reference BLAS has it).
if(NOT TARGET wengert::cblas)
    set(wengert_openblas_prefixes /opt/homebrew/opt/openblas /usr/local/opt/openblas)
    find_path(WENGERT_CBLAS_INCLUDE_DIR cblas.h HINTS ${wengert_openblas_prefixes} PATH_SUFFIXES include openblas)
    find_library(WENGERT_CBLAS_LIBRARY NAMES openblas openblasp cblas blas HINTS ${wengert_openblas_prefixes} PATH_SUFFIXES lib)
    mark_as_advanced(WENGERT_CBLAS_INCLUDE_DIR WENGERT_CBLAS_LIBRARY)
    if(WENGERT_CBLAS_INCLUDE_DIR AND WENGERT_CBLAS_LIBRARY)
        add_library(wengert::cblas INTERFACE IMPORTED)
        target_include_directories(wengert::cblas INTERFACE ${WENGERT_CBLAS_INCLUDE_DIR})
        target_link_libraries(wengert::cblas INTERFACE ${WENGERT_CBLAS_LIBRARY})
    endif()
endif()

# The LAPACK inside that BLAS (OpenBLAS has one), else a library of its own.
if(TARGET wengert::cblas AND NOT TARGET wengert::lapack)
    include(CheckCXXSourceCompiles)
    include(CMakePushCheckState)
    cmake_push_check_state(RESET)
    set(CMAKE_REQUIRED_LIBRARIES wengert::cblas)
    set(CMAKE_REQUIRED_QUIET ON)
    check_cxx_source_compiles("extern \"C\" void dgesdd_(); int main() { dgesdd_(); }" WENGERT_CBLAS_HAS_LAPACK)
    cmake_pop_check_state()
    if(NOT WENGERT_CBLAS_HAS_LAPACK)
        unset(WENGERT_CBLAS_HAS_LAPACK CACHE)  # the next run may find another BLAS
        find_package(LAPACK QUIET)
    endif()
    if(WENGERT_CBLAS_HAS_LAPACK OR TARGET LAPACK::LAPACK)
        add_library(wengert::lapack INTERFACE IMPORTED)
        target_link_libraries(wengert::lapack INTERFACE $<TARGET_NAME_IF_EXISTS:LAPACK::LAPACK> wengert::cblas)
    endif()
endif()

if(NOT TARGET wengert::xsimd)
    find_path(WENGERT_XSIMD_INCLUDE_DIR xsimd/xsimd.hpp)
    mark_as_advanced(WENGERT_XSIMD_INCLUDE_DIR)
    if(WENGERT_XSIMD_INCLUDE_DIR)
        add_library(wengert::xsimd INTERFACE IMPORTED)
        target_include_directories(wengert::xsimd INTERFACE ${WENGERT_XSIMD_INCLUDE_DIR})
    endif()
endif()

# oneDNN, if it is wanted and there. Its package looks for more than a product of matrices needs, and says so.
if(WENGERT_ONEDNN AND NOT TARGET wengert::onednn)
    find_package(dnnl CONFIG QUIET)
    if(TARGET DNNL::dnnl)
        add_library(wengert::onednn INTERFACE IMPORTED)
        target_link_libraries(wengert::onednn INTERFACE DNNL::dnnl ${CMAKE_DL_LIBS})
    endif()
endif()
