# SPDX-License-Identifier: MIT
# What this project needs from the machine, and what each package is called there. wengert_need finds packages and remembers those that
# are missing; one message then names all of them, with a command for each package manager. tests/run reads that message too.
include_guard()

#        package        target that proves it       Debian               Fedora           Homebrew       vcpkg
set(wengert_packages
        "fmt            fmt::fmt                    libfmt-dev           fmt-devel        fmt            fmt"
        "range-v3       range-v3::range-v3          librange-v3-dev      range-v3-devel   range-v3       range-v3"
        "Boost          Boost::headers              libboost-dev         boost-devel      boost          boost-container,boost-math"
        "Boost.Test     Boost::unit_test_framework  libboost-test-dev    boost-devel      boost          boost-test"
        "TBB            TBB::tbb                    libtbb-dev           tbb-devel        tbb            tbb"
        "xsimd          wengert::xsimd              libxsimd-dev         xsimd-devel      xsimd          xsimd"
        "CBLAS          wengert::cblas              libopenblas-dev      openblas-devel   openblas       openblas"
        "LAPACK         wengert::lapack             libopenblas-dev      openblas-devel   openblas       lapack"
        "ZLIB           ZLIB::ZLIB                  zlib1g-dev           zlib-devel       zlib           zlib"
        "CLI11          CLI11::CLI11                libcli11-dev         cli11-devel      cli11          cli11"
        "nlohmann_json  nlohmann_json::nlohmann_json  nlohmann-json3-dev json-devel       nlohmann-json  nlohmann-json"
        "Eigen3         Eigen3::Eigen               libeigen3-dev        eigen3-devel     eigen          eigen3"
        "Ceres          Ceres::ceres                libceres-dev         ceres-solver-devel ceres-solver ceres")

# A macro, because find_package defines targets and variables in the folder that calls it.
macro(wengert_need)
    foreach(wengert_package IN ITEMS ${ARGN})
        if(wengert_package MATCHES "CBLAS|LAPACK|xsimd")
            include(autodiff/cblas_and_xsimd.cmake)
        elseif(wengert_package STREQUAL "Boost.Test")
            set(Boost_USE_STATIC_LIBS OFF)
            find_package(Boost 1.74 QUIET COMPONENTS unit_test_framework)
        elseif(wengert_package STREQUAL "Boost")
            find_package(Boost 1.74 QUIET)
        elseif(wengert_package STREQUAL "ZLIB")
            find_package(ZLIB QUIET)  # CMake's own module: few distributions bring a configuration
        else()
            find_package(${wengert_package} QUIET CONFIG)
        endif()
        set(wengert_rows ${wengert_packages})
        list(FILTER wengert_rows INCLUDE REGEX "^${wengert_package} ")
        string(REGEX REPLACE " +" ";" wengert_row "${wengert_rows}")
        list(GET wengert_row 1 wengert_target)
        if(NOT TARGET ${wengert_target})
            set_property(GLOBAL APPEND PROPERTY wengert_missing "${wengert_rows}")
        endif()
    endforeach()
endmacro()

# wengert_need_or_look_for(option package): needs the package if the option is set, else uses it if it is there.
macro(wengert_need_or_look_for option package)
    if(${option})
        wengert_need(${package})
    else()
        find_package(${package} QUIET CONFIG)
    endif()
endmacro()

function(wengert_stop_if_packages_are_missing)
    get_property(rows GLOBAL PROPERTY wengert_missing)
    if(NOT rows)
        return()
    endif()
    foreach(row IN LISTS rows)
        string(REGEX REPLACE " +" ";" row "${row}")
        foreach(column name target debian fedora homebrew vcpkg)
            list(POP_FRONT row value)
            string(REPLACE "," ";" value "${value}")
            list(APPEND ${column}s ${value})
        endforeach()
    endforeach()
    foreach(column names debians fedoras homebrews vcpkgs)
        list(REMOVE_DUPLICATES ${column})
        list(JOIN ${column} " " ${column})
    endforeach()
    # Lines that begin with a blank are not wrapped, so that tests/support/setup can read them.
    message(FATAL_ERROR " packages not found: ${names}\n Install them with one of\n"
        "  apt-get install ${debians}\n  dnf install ${fedoras}\n  brew install ${homebrews}\n  vcpkg install ${vcpkgs}\n"
        " or name their place in CMAKE_PREFIX_PATH.")
endfunction()
