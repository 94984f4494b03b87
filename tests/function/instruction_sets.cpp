// SPDX-License-Identifier: MIT
// CTest runs this room once for every instruction set, named in WENGERT_SIMD. Where the CPU lacks one, the best it has is tested.
#include "autodiff/kernels/instruction_set.hpp"

#include "autodiff/error.hpp"
#include "autodiff/program/steps.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>

namespace {

using autodiff::kernels::InstructionSet;

struct WhatTheCpuHas {
    WhatTheCpuHas() {
        try {
            static_cast<void>(autodiff::kernels::wished_instruction_set(std::getenv("WENGERT_SIMD")));
        } catch (const autodiff::ValueError& error) {
            BOOST_TEST_MESSAGE(error.what());
            unsetenv("WENGERT_SIMD");
        }
    }
};
BOOST_TEST_GLOBAL_FIXTURE(WhatTheCpuHas);

}  // namespace

BOOST_AUTO_TEST_SUITE(function_instruction_sets)

BOOST_AUTO_TEST_CASE(lanes_are_those_of_the_instruction_set) {
    const InstructionSet set = autodiff::kernels::wished_instruction_set(std::getenv("WENGERT_SIMD"));
    const std::size_t doubles = set == InstructionSet::avx512 ? 8 : set == InstructionSet::avx2 ? 4 : 2;
    BOOST_TEST(autodiff::program::lane_kernels<double>().size == doubles);
    BOOST_TEST(autodiff::program::lane_kernels<float>().size == 2 * doubles);
}

BOOST_AUTO_TEST_SUITE_END()
