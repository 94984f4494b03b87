// SPDX-License-Identifier: MIT
// Every composition with a fast path against its definition: values, VJPs, tangents and second order, in double and float, over random
// shapes, strides and extreme values. The sources are read for the classes, so that none is left out.
#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 wrongly sees uninitialised members inside <regex> when it compiles for the sanitizers (its bug 105562).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "autodiff/fast_paths.hpp"
#include "autodiff/autodiff.hpp"
#include "autodiff/ops/attention.hpp"
#include "autodiff/ops/normalise.hpp"
#include "autodiff/ops/recurrent.hpp"
#include "tests/ops/registry.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace {

using namespace autodiff;
using registry::Draw;
template <class T>
using Operands = std::vector<Tensor<T>>;

/// One call: fixed parameters inside, operands given.
struct Case {
    std::string what;
    Operands<double> operands;
    std::function<Tensor<double>(const Operands<double>&)> in_double;
    std::function<Tensor<float>(const Operands<float>&)> in_float;
};
struct Composition {
    std::string operation;   ///< what its row is called
    std::string class_name;  ///< of its primitive in the sources
    std::vector<Case> cases;

    template <class F>
    void add(std::string what, Operands<double> operands, F f) {
        cases.push_back({std::move(what), std::move(operands), f, f});
    }
};

/// x as it is, as a view of every second element, and transposed: the layouts that a kernel must take or copy.
std::vector<Tensor<double>> laid_out(const Tensor<double>& x) {
    std::vector<Tensor<double>> all{x};
    if (x.rank() == 0) return all;
    const Tensor<double> doubled = stack(std::vector<Tensor<double>>{x, 3.0 * x}, x.rank());
    all.push_back(select(doubled, -1, 0));
    if (x.rank() >= 2) all.push_back(swap_axes(swap_axes(x, 0, -1).contiguous(), 0, -1));
    return all;
}

Composition layer_norms() {
    Composition c{"layer_norm", "LayerNorm", {}};
    Draw draw(401);
    for (const auto& [shape, own] : std::vector<std::pair<Shape, Shape>>{
             {{3, 4}, {4}}, {{5}, {5}}, {{2, 3, 17}, {17}}, {{4, 2, 3}, {2, 3}}, {{1, 1}, {1}}, {{40, 130}, {130}}, {{0, 3}, {3}}}) {
        const Tensor<double> w = draw.uniform(own, 0.5, 1.5), b = draw.uniform(own);
        int layout = 0;
        for (const Tensor<double>& x : laid_out(draw.uniform(shape, -2, 2)))
            c.add(fmt::format("{} layout {}", to_string(shape), layout++), {x, w, b},
                  [](const auto& v) { return layer_norm(v[0], v[1], v[2], 1e-5); });
    }
    const Tensor<double> w = draw.uniform({6}, 0.5, 1.5), b = draw.uniform({6}), x = draw.uniform({3, 6});
    c.add("far from 0", {x + 1e3, w, b}, [](const auto& v) { return layer_norm(v[0], v[1], v[2], 1e-5); });
    c.add("huge", {1e8 * x, w, b}, [](const auto& v) { return layer_norm(v[0], v[1], v[2], 1e-5); });
    c.add("tiny", {1e-8 * x, w, b}, [](const auto& v) { return layer_norm(v[0], v[1], v[2], 1e-5); });
    c.add("constant rows", {Tensor<double>::full({3, 6}, 0.7), w, b}, [](const auto& v) { return layer_norm(v[0], v[1], v[2], 1e-5); });
    return c;
}

Composition affines() {
    Composition c{"affine", "Affine", {}};
    Draw draw(408);
    for (const auto& [m, n, p] : std::vector<std::array<Index, 3>>{{1, 1, 1}, {1, 7, 5}, {3, 4, 2}, {40, 33, 70}, {0, 3, 2}, {2, 0, 3}}) {
        const Tensor<double> w = draw.uniform({n, p}), b = draw.uniform({p});
        int layout = 0;
        for (const Tensor<double>& x : laid_out(draw.uniform({m, n}, -2, 2)))
            c.add(fmt::format("[{}, {}] x [{}, {}] layout {}", m, n, n, p, layout++), {x, w, b},
                  [](const auto& v) { return affine(v[0], v[1], v[2]); });
    }
    const Tensor<double> w = draw.uniform({4, 3}), b = draw.uniform({3}), x = draw.uniform({5, 4});
    c.add("huge", {1e8 * x, w, b}, [](const auto& v) { return affine(v[0], v[1], v[2]); });
    c.add("a transposed weight", {x, swap_axes(draw.uniform({3, 4}), 0, 1), b}, [](const auto& v) { return affine(v[0], v[1], v[2]); });
    return c;
}

Composition batch_norms() {
    Composition c{"batch_norm", "BatchNorm", {}};
    Draw draw(402);
    for (const Shape& shape : std::vector<Shape>{{4, 3}, {2, 3, 5}, {3, 2, 4, 4}, {64, 17}, {3, 1}, {2, 40, 33, 31}}) {
        const Tensor<double> w = draw.uniform({shape[1]}, 0.5, 1.5), b = draw.uniform({shape[1]});
        int layout = 0;
        for (const Tensor<double>& x : laid_out(draw.uniform(shape, -2, 2)))
            c.add(fmt::format("{} layout {}", to_string(shape), layout++), {x, w, b},
                  [](const auto& v) { return batch_norm(v[0], v[1], v[2], 1e-5).y; });
    }
    const Tensor<double> w = draw.uniform({6}, 0.5, 1.5), b = draw.uniform({6}), x = draw.uniform({5, 6});
    c.add("far from 0", {x + 1e3, w, b}, [](const auto& v) { return batch_norm(v[0], v[1], v[2], 1e-5).y; });
    c.add("huge", {1e8 * x, w, b}, [](const auto& v) { return batch_norm(v[0], v[1], v[2], 1e-5).y; });
    return c;
}

/// h beside c: several results as one.
template <class T>
Tensor<T> joined(const LstmOutput<T>& y) {
    return concat(std::vector<Tensor<T>>{y.h, unsqueeze(y.c, 0)}, 0);
}

Composition lstms() {
    Composition c{"lstm_sequence", "LstmSequence", {}};
    Draw draw(403);
    for (const bool backwards : {false, true})
        for (const auto& [steps, n, hidden] : std::vector<std::array<Index, 3>>{{1, 1, 1}, {3, 2, 4}, {2, 5, 17}, {4, 3, 130}}) {
            const Tensor<double> h = draw.uniform({n, hidden}), memory = draw.uniform({n, hidden}), w = draw.uniform({hidden, 4 * hidden});
            int layout = 0;
            for (const Tensor<double>& x : laid_out(draw.uniform({steps, n, 4 * hidden}, -2, 2)))
                c.add(fmt::format("{} steps of [{}, {}]{} layout {}", steps, n, hidden, backwards ? " backwards" : "", layout++),
                      {x, h, memory, w}, [backwards](const auto& v) { return joined(lstm_sequence(v[0], v[1], v[2], v[3], backwards)); });
        }
    const Tensor<double> x = 300 * draw.uniform({3, 2, 8}), h = draw.uniform({2, 2}), w = draw.uniform({2, 8});
    c.add("saturated gates", {x, h, h, w}, [](const auto& v) { return joined(lstm_sequence(v[0], v[1], v[2], v[3])); });
    c.add("h alone", {x, h, h, w}, [](const auto& v) { return lstm_sequence(v[0], v[1], v[2], v[3]).h; });
    c.add("c alone", {x, h, h, w}, [](const auto& v) { return lstm_sequence(v[0], v[1], v[2], v[3]).c; });
    return c;
}

Composition grus() {
    Composition c{"gru_sequence", "GruSequence", {}};
    Draw draw(404);
    for (const bool backwards : {false, true})
        for (const auto& [steps, n, hidden] : std::vector<std::array<Index, 3>>{{1, 1, 1}, {3, 2, 4}, {2, 5, 17}, {4, 3, 130}}) {
            const Tensor<double> h = draw.uniform({n, hidden}), w = draw.uniform({hidden, 3 * hidden}), b = draw.uniform({3 * hidden});
            int layout = 0;
            for (const Tensor<double>& x : laid_out(draw.uniform({steps, n, 3 * hidden}, -2, 2)))
                c.add(fmt::format("{} steps of [{}, {}]{} layout {}", steps, n, hidden, backwards ? " backwards" : "", layout++),
                      {x, h, w, b}, [backwards](const auto& v) { return gru_sequence(v[0], v[1], v[2], v[3], backwards); });
        }
    const Tensor<double> x = 300 * draw.uniform({3, 2, 6}), h = draw.uniform({2, 2}), w = draw.uniform({2, 6}), b = draw.uniform({6});
    c.add("saturated gates", {x, h, w, b}, [](const auto& v) { return gru_sequence(v[0], v[1], v[2], v[3]); });
    return c;
}

Composition attentions() {
    Composition c{"attention", "Attention", {}};
    Draw draw(405);
    for (const auto& [q, keys, values] : std::vector<std::tuple<Shape, Index, Index>>{
             {{1, 1}, 1, 1}, {{3, 4}, 5, 2}, {{2, 3, 4}, 3, 4}, {{2, 2, 5, 3}, 7, 6}, {{2, 3, 20, 8}, 33, 8}}) {
        Extents of_k(q.begin(), q.end()), of_v = of_k;
        of_k[of_k.size() - 2] = of_v[of_v.size() - 2] = keys;
        of_v.back() = values;
        const Tensor<double> k = draw.uniform(Shape(std::span<const Index>(of_k.data(), of_k.size())), -2, 2),
                             v = draw.uniform(Shape(std::span<const Index>(of_v.data(), of_v.size())));
        int layout = 0;
        for (const Tensor<double>& each : laid_out(draw.uniform(q, -2, 2))) {
            const std::string what = fmt::format("{} by {} keys, layout {}", to_string(q), keys, layout++);
            c.add(what, {each, k, v}, [](const auto& x) { return attention(x[0], x[1], x[2]); });
            c.add(what + ", causal", {each, k, v},
                  [](const auto& x) { return attention(x[0], x[1], x[2], {.mask = {}, .causal = true, .scale = 0.3}); });
            const Tensor<bool> mask = draw.uniform({q[-2], keys}) > 0;  // a query may see no key at all
            c.add(what + ", masked", {each, k, v},
                  [mask](const auto& x) { return attention(x[0], x[1], x[2], {.mask = mask, .causal = false, .scale = {}}); });
            c.add(what + ", both", {each, k, v},
                  [mask](const auto& x) { return attention(x[0], x[1], x[2], {.mask = mask, .causal = true, .scale = {}}); });
        }
    }
    const Tensor<double> q = draw.uniform({2, 3, 4}), v = draw.uniform({2, 3, 4});
    c.add("large scores", {100 * q, 100 * q, v}, [](const auto& x) { return attention(x[0], x[1], x[2]); });
    c.add("nothing to see", {q, q, v}, [](const auto& x) {
        return attention(x[0], x[1], x[2], {.mask = Tensor<bool>::zeros({3, 3}), .causal = false, .scale = {}});
    });
    return c;
}

std::vector<Composition> compositions() { return {affines(), layer_norms(), batch_norms(), lstms(), grus(), attentions()}; }

template <class T>
Operands<T> as(const Operands<double>& x) {
    Operands<T> converted;
    for (const Tensor<double>& operand : x) {
        if constexpr (std::same_as<T, double>)
            converted.push_back(operand);
        else
            converted.push_back(cast<T>(operand));
    }
    return converted;
}
template <class T>
const auto& call_of(const Case& c) {
    if constexpr (std::same_as<T, double>)
        return c.in_double;
    else
        return c.in_float;
}

/// Everything that a call and its derivatives give: the value, adjoints, a tangent, adjoints of a function of the adjoints.
template <class T>
struct Answers {
    Tensor<T> y;
    Operands<T> adjoint, second;
    Tensor<T> tangent;
    std::set<std::string> rows;
};

template <class T>
Answers<T> answers(const Case& c) {
    const Operands<T> given = as<T>(c.operands);
    Answers<T> a;
    {
        Tape tape(Detail::derivatives);
        Operands<T> x;
        for (const Tensor<T>& operand : given) x.push_back(tape.variable(operand));
        const Tensor<T> y = call_of<T>(c)(x);
        a.y = y.constant();
        for (const Node& node : tape.nodes()) a.rows.insert(std::string(node.primitive->name()));
        const Gradient g = tape.gradient(sum(registry::cotangent<T>(y.shape()) * y));
        for (const Tensor<T>& operand : x) a.adjoint.push_back(g[operand]);
        std::vector<Seed> seeds;
        for (const Tensor<T>& operand : x) seeds.emplace_back(operand, registry::cotangent<T>(operand.shape()));
        a.tangent = tangent(tape, seeds)[y];
    }
    Tape tape(Detail::operations, {}, HeldBy::function);
    Operands<T> x;
    for (const Tensor<T>& operand : given) x.push_back(tape.variable(operand));
    const Tensor<T> y = call_of<T>(c)(x);
    const RecordedGradient g = tape.recorded_gradient(sum(registry::cotangent<T>(y.shape()) * square(y)));
    Tensor<T> total = Tensor<T>::zeros({});
    for (const Tensor<T>& operand : x) total = total + sum(registry::cotangent<T>(operand.shape()) * g[operand]);
    if (total.recorded()) {
        const Gradient h = tape.gradient(total);
        for (const Tensor<T>& operand : x) a.second.push_back(h[operand]);
    }
    return a;
}

/// The largest difference, relative to the largest number of what is expected.
template <class T>
double distance(const Tensor<T>& got, const Tensor<T>& expected) {
    if (got.shape() != expected.shape()) return HUGE_VAL;
    double size = 0, most = 0;
    const Tensor<T> a = got.contiguous(), b = expected.contiguous();
    for (Index i = 0; i < a.size(); ++i) {
        const double p = static_cast<double>(a.begin_data()[i]), q = static_cast<double>(b.begin_data()[i]);
        if (std::isnan(p) && std::isnan(q)) continue;
        if (p == q) continue;
        size = std::max(size, std::abs(q));
        most = std::max(most, std::isfinite(p - q) ? std::abs(p - q) : HUGE_VAL);
    }
    for (Index i = 0; i < b.size(); ++i)
        if (const double q = std::abs(static_cast<double>(b.begin_data()[i])); std::isfinite(q)) size = std::max(size, q);
    return most == 0 ? 0 : most / size;
}

template <class T>
void compare(const Composition& composition) {
    // How much rounding may be worth: extreme operands lose digits in the definition, too, so what is asked for is far above an ulp.
    const double value = std::same_as<T, double> ? 1e-12 : 2e-4, second = std::same_as<T, double> ? 1e-7 : 5e-2;
    std::string failures;
    for (const Case& c : composition.cases) {
        const Answers<T> fast = answers<T>(c);
        const Answers<T> defined = [&c] {
            const WithoutFastPaths off;
            return answers<T>(c);
        }();
        const auto note = [&](std::string_view what, double by, double allowed) {
            if (!(by <= allowed)) failures += fmt::format("\n  {} {}: {} differs by {:.3g}", composition.operation, c.what, what, by);
        };
        if (fast.y.size() > 0 && !fast.rows.contains(composition.operation))
            failures += fmt::format("\n  {} {}: took no fast path", composition.operation, c.what);
        if (defined.rows.contains(composition.operation))
            failures += fmt::format("\n  {} {}: the definition took the fast path", composition.operation, c.what);
        note("value", distance(fast.y, defined.y), value);
        note("tangent", distance(fast.tangent, defined.tangent), 10 * value);
        for (std::size_t k = 0; k < fast.adjoint.size(); ++k)
            note(fmt::format("adjoint {}", k), distance(fast.adjoint[k], defined.adjoint[k]), 10 * value);
        BOOST_TEST(fast.second.size() == defined.second.size());
        for (std::size_t k = 0; k < std::min(fast.second.size(), defined.second.size()); ++k)
            note(fmt::format("second order {}", k), distance(fast.second[k], defined.second[k]), second);
    }
    BOOST_CHECK_MESSAGE(failures.empty(), failures);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fast_paths)

BOOST_AUTO_TEST_CASE(agree_with_their_definitions_in_double) {
    for (const Composition& c : compositions()) compare<double>(c);
}
BOOST_AUTO_TEST_CASE(agree_with_their_definitions_in_float) {
    for (const Composition& c : compositions()) compare<float>(c);
}

BOOST_AUTO_TEST_CASE(of_the_sources_are_all_compared) {
    const std::regex derived(R"(class\s+(\w+)\s+(?:final\s*)?:\s*public\s+Composed\b)");
    std::set<std::string> declared, listed{"ComposedResult"};  // which passes everything on to the first result
    for (const auto& file : std::filesystem::recursive_directory_iterator(std::filesystem::path(WENGERT_SOURCE_DIR) / "autodiff")) {
        if (file.path().extension() != ".cpp" && file.path().extension() != ".hpp") continue;
        std::ifstream in(file.path());
        std::stringstream text;
        text << in.rdbuf();
        const std::string source = text.str();
        for (std::sregex_iterator match(source.begin(), source.end(), derived), end; match != end; ++match)
            declared.insert((*match)[1].str());
    }
    for (const Composition& c : compositions()) listed.insert(c.class_name);
    BOOST_TEST(declared == listed, "in the sources: " << fmt::format("{}", declared) << ", compared: " << fmt::format("{}", listed));
}

BOOST_AUTO_TEST_CASE(add_to_an_adjoint_that_is_there_for_a_tensor_that_is_two_operands) {
    const auto f = [](const Tensor<double>& v) { return sum(square(layer_norm(v, v, v, 1e-5))) + sum(v * v); };
    const auto g = [](const Tensor<double>& v) { return sum(square(affine(v, v, select(v, 0, 1)))) + sum(v * v); };
    const auto x = Tensor<double>::of({0.3, -1.2, 0.8, 2.0}), m = Tensor<double>::from_rows({{0.5, -1}, {0.25, 2}});
    const auto [y, of_f] = value_and_gradient(f, x);
    const auto [z, of_g] = value_and_gradient(g, m);
    const WithoutFastPaths as_defined;
    const auto [same_y, expected_of_f] = value_and_gradient(f, x);
    const auto [same_z, expected_of_g] = value_and_gradient(g, m);
    BOOST_TEST(distance(of_f, expected_of_f) < 1e-13);
    BOOST_TEST(distance(of_g, expected_of_g) < 1e-13);
}

BOOST_AUTO_TEST_CASE(are_not_taken_where_a_program_reads_the_steps) {
    Tape tape;
    const auto x = tape.variable(Tensor<double>::of({1, 2, 4})), w = tape.variable(Tensor<double>::ones({3}));
    static_cast<void>(layer_norm(x, w, w, 0));
    for (const Node& node : tape.nodes()) BOOST_TEST(node.primitive->name() != "layer_norm");
}

BOOST_AUTO_TEST_SUITE_END()
