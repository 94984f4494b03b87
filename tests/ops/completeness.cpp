// SPDX-License-Identifier: MIT
// No primitive without an entry: the sources are read for every class derived from Primitive and every name given to a linear map, and
// each must be met on a tape, in double and in float, when the samples of the registry run and are differentiated.
// A new primitive gets samples in entries_*.cpp, and with them every suite of this folder.
#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 wrongly sees uninitialised members inside <regex> when it compiles for the sanitizers (its bug 105562).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "autodiff/node.hpp"
#include "tests/ops/registry.hpp"

#include <algorithm>
#include <cxxabi.h>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <tuple>
#include <typeinfo>

namespace {

using namespace registry;
using Names = std::set<std::string>;
using Types = std::tuple<double, float>;

/// Classes that no sample of an operation can meet, and why.
const Names not_operations{"Leaf",       // the row of a variable, it has no operands
                           "Composed"};  // a base of classes that fast_paths.cpp finds
const Names not_operations_by_name{"variable"};

struct Declared {
    Names classes, names;
};

void find_all(const std::string& text, const std::regex& pattern, Names& found) {
    for (std::sregex_iterator match(text.begin(), text.end(), pattern), end; match != end; ++match) found.insert((*match)[1].str());
}

/// What the sources of the library declare.
Declared declared() {
    const std::regex derived(R"((?:class|struct)\s+(\w+)\s+(?:final\s*)?:\s*(?:public\s+)?Primitive\b)");
    const std::regex linear(R"re((?:record_linear|moved)(?:<\w+>)?\(\s*"(\w+)")re");
    const std::regex named(R"re(name\(\)\s*const\s*override\s*\{\s*return\s*"(\w+)")re");
    Declared result;
    for (const char* room : {"autodiff", "nn"})
        for (const auto& file : std::filesystem::recursive_directory_iterator(std::filesystem::path(WENGERT_SOURCE_DIR) / room)) {
            if (file.path().extension() != ".cpp" && file.path().extension() != ".hpp") continue;
            std::ifstream in(file.path());
            std::stringstream text;
            text << in.rdbuf();
            find_all(text.str(), derived, result.classes);
            find_all(text.str(), linear, result.names);
            find_all(text.str(), named, result.names);
        }
    return result;
}

/// `Matmul` of autodiff::v1::(anonymous namespace)::Matmul<double>
std::string class_name(const Primitive& primitive) {
    int status = 0;
    const std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(typeid(primitive).name(), nullptr, nullptr, &status), std::free);
    const std::string whole = text ? text.get() : typeid(primitive).name();
    const std::string outer = whole.substr(0, whole.find('<'));
    const std::size_t colon = outer.rfind(':');
    return colon == std::string::npos ? outer : outer.substr(colon + 1);
}

template <class T>
const Call<T>& call_of(const Sample& s) {
    if constexpr (std::same_as<T, double>)
        return s.in_double;
    else
        return s.in_float;
}

/// What the samples put on a tape in type T, their recorded gradients and those of the gradients included.
template <class T>
Declared met() {
    Declared result;
    for_each_sample([&result](const Sample& s, Failures&) {
        Tape tape;
        Operands<T> x;
        for (const Tensor<double>& operand : s.operands) x.push_back(cast<T>(operand));
        for (std::size_t k = s.first_differentiable; k < x.size(); ++k) x[k] = tape.variable(x[k]);
        const Tensor<T> y = call_of<T>(s)(x), loss = sum(cotangent<T>(y.shape()) * square(y));
        if (loss.recorded()) {
            const auto slope = tape.recorded_gradient(loss);
            if (s.first_differentiable < x.size()) {
                const Tensor<T> xbar = slope[x[s.first_differentiable]], again = sum(cotangent<T>(xbar.shape()) * square(xbar));
                if (again.recorded()) static_cast<void>(tape.recorded_gradient(again));
            }
        }
        for (const Node& node : tape.nodes()) {
            result.classes.insert(class_name(*node.primitive));
            result.names.insert(std::string(node.primitive->name()));
        }
    });
    return result;
}

Names without(const Names& from, const Names& a, const Names& b) {
    Names rest;
    for (const std::string& name : from)
        if (!a.contains(name) && !b.contains(name)) rest.insert(name);
    return rest;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(every_operation)

BOOST_AUTO_TEST_CASE_TEMPLATE(of_the_sources_is_in_the_registry, T, Types) {
    const Declared sources = declared(), samples = met<T>();
    BOOST_TEST(sources.classes.size() >= 15u, "the sources are read");
    BOOST_TEST(sources.names.size() >= 25u, "the sources are read");
    const Names classes = without(sources.classes, samples.classes, not_operations);
    const Names names = without(sources.names, samples.names, not_operations_by_name);
    BOOST_TEST(classes.empty(), "no entry of tests/ops records a primitive of class " << fmt::format("{}", fmt::join(classes, ", ")));
    BOOST_TEST(names.empty(), "no entry of tests/ops records the operation " << fmt::format("{}", fmt::join(names, ", ")));
}

BOOST_AUTO_TEST_SUITE_END()
