// SPDX-License-Identifier: MIT
// The choice of an instruction set: by the CPU, by a wish, and what is said of a wish that cannot be met. CTest runs the last case once
// more with WENGERT_SIMD=baseline.
#include "autodiff/kernels/instruction_set.hpp"

#include "autodiff/error.hpp"
#include "tests/kernels/column.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <string>

using namespace autodiff;
using kernels::InstructionSet;

namespace {

auto says(std::string text) {
    return [text](const Error& error) {
        BOOST_TEST(error.what() == text);
        return error.what() == text;
    };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(instruction_sets)

BOOST_AUTO_TEST_CASE(no_wish_means_the_best_available) {
    BOOST_TEST(kernels::available(InstructionSet::baseline));
    const InstructionSet best = lanes::sets().back();
    BOOST_TEST((kernels::wished_instruction_set(nullptr) == best));
    BOOST_TEST((kernels::wished_instruction_set("") == best));
}

BOOST_AUTO_TEST_CASE(every_available_set_can_be_wished_for_by_its_name) {
    for (const InstructionSet set : lanes::sets())
        BOOST_TEST((kernels::wished_instruction_set(std::string(name(set)).c_str()) == set), name(set));
}

BOOST_AUTO_TEST_CASE(an_unknown_name_is_refused) {
    BOOST_CHECK_EXCEPTION(
        static_cast<void>(kernels::wished_instruction_set("sse9")), ValueError,
        says("instruction_set: expected WENGERT_SIMD to be baseline, avx2 or avx512, got \"sse9\"; unset it to use the best"));
}

BOOST_AUTO_TEST_CASE(a_set_that_is_not_available_is_refused) {
    for (const InstructionSet set : {InstructionSet::avx2, InstructionSet::avx512}) {
        if (kernels::available(set)) continue;
        const std::string wish(name(set)), best(name(lanes::sets().back()));
        BOOST_CHECK_EXCEPTION(static_cast<void>(kernels::wished_instruction_set(wish.c_str())), ValueError,
                              says("instruction_set: expected WENGERT_SIMD to be at most " + best +
                                   ", the best of this CPU and build, got " + wish + "; unset it to use the best"));
    }
}

BOOST_AUTO_TEST_CASE(the_set_in_use_is_the_one_that_the_environment_wishes) {
    const InstructionSet expected = kernels::wished_instruction_set(std::getenv("WENGERT_SIMD"));
    BOOST_TEST((kernels::instruction_set() == expected));
    BOOST_TEST((kernels::with_instruction_set([]<InstructionSet S> { return S; }) == expected));
}

BOOST_AUTO_TEST_SUITE_END()
