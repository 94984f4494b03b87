// SPDX-License-Identifier: MIT
// Plain structs as models: which members are parameters, what they are called, and gradients in the shape of the struct.
#include "autodiff/autodiff.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace {

using namespace autodiff;
using T = Tensor<double>;

struct Affine {
    T weight, bias;
    double rate = 0.5;  // configuration
    [[nodiscard]] T operator()(const T& x) const { return matmul(x, weight) + bias; }
};
struct Network {
    Affine hidden;
    Affine output;
    std::string name = "a network";
    [[nodiscard]] T operator()(const T& x) const { return output(tanh(hidden(x))); }
};
struct Everything {
    std::vector<Affine> layers;
    std::array<T, 2> pair;
    std::tuple<T, int, Scalar> mixed;
    Buffer<double> running_mean;
    Tensor<Index> table;
    Tensor<float> narrow;
    Scalar slope = 1;
    int steps = 3;
};
class Private {
  public:
    explicit Private(double scale) : scale_(T(scale)) {}
    [[nodiscard]] const T& scale() const { return scale_; }

  private:
    T scale_;
    int calls_ = 0;
    Affine inner_{T::ones({1, 1}), T::zeros({1})};

  public:
    static constexpr auto fields =
        std::tuple{field("scale", &Private::scale_), field("calls", &Private::calls_), field("inner", &Private::inner_)};
};
struct Holder {
    Private one{2};
    Private two{3};
};
struct Nothing {
    int a = 1;
    std::string b;
};

Network sample() {
    return {{T::from_rows({{0.1, -0.2, 0.3}, {0.4, 0.5, -0.6}}), T::of({0.01, 0.02, 0.03})},
            {T::from_rows({{0.7}, {0.9}, {-0.25}}), T::of({0.04})}};
}
template <class M>
std::vector<std::string> names(const M& model) {
    std::vector<std::string> result;
    for_each_parameter(model, [&](std::string_view name, const auto&) { result.emplace_back(name); });
    return result;
}
void check_names(const std::vector<std::string>& got, const std::vector<std::string>& expected) {
    BOOST_TEST(got == expected, boost::test_tools::per_element());
}
void check_equal(const T& got, const T& expected) {
    BOOST_TEST(to_string(got.shape()) == to_string(expected.shape()));
    BOOST_TEST(got.contiguous().data() == expected.contiguous().data(), boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(structure)

BOOST_AUTO_TEST_CASE(names_members_as_they_are_declared) {
    check_names(names(Affine{}), {"weight", "bias"});
    check_names(names(sample()), {"hidden.weight", "hidden.bias", "output.weight", "output.bias"});
}

BOOST_AUTO_TEST_CASE(walks_through_containers_and_passes_configuration_by) {
    Everything model;
    model.layers.resize(2);
    check_names(names(model), {"layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias", "pair.0", "pair.1", "mixed.0",
                               "mixed.2", "narrow", "slope"});
    model.layers.clear();
    check_names(names(model), {"pair.0", "pair.1", "mixed.0", "mixed.2", "narrow", "slope"});
}

BOOST_AUTO_TEST_CASE(asks_types_with_private_members_for_their_fields) {
    check_names(names(Private(2)), {"scale", "inner.weight", "inner.bias"});
    check_names(names(Holder{}), {"one.scale", "one.inner.weight", "one.inner.bias", "two.scale", "two.inner.weight", "two.inner.bias"});
}

BOOST_AUTO_TEST_CASE(is_known_by_type) {
    static_assert(Structure<Affine> && Structure<Network> && Structure<Everything> && Structure<Private> && Structure<std::vector<T>> &&
                  Structure<std::tuple<int, T>>);
    static_assert(!Structure<T> && !Structure<Scalar> && !Structure<Nothing> && !Structure<double> && !Structure<Buffer<double>> &&
                  !Structure<std::string>);
    static_assert(!Structure<std::vector<int>> && !Structure<Tensor<Index>>);
    check_names(names(std::vector<T>(2)), {"0", "1"});
    check_names(names(std::tuple<int, T, Affine>{}), {"1", "2.weight", "2.bias"});
}

BOOST_AUTO_TEST_CASE(lets_every_field_be_visited_with_its_name) {
    std::map<std::string, bool> is_tensor_by_name;
    Affine a;
    for_each_field(a, [&]<class X>(std::string_view name, X&) { is_tensor_by_name[std::string(name)] = ATensor<X>; });
    BOOST_TEST(is_tensor_by_name.size() == 3u);
    BOOST_TEST(is_tensor_by_name.at("weight"));
    BOOST_TEST(!is_tensor_by_name.at("rate"));
}

BOOST_AUTO_TEST_CASE(lets_parameters_be_changed) {
    Network model = sample();
    for_each_parameter(model, [](std::string_view, T& x) { x = 0 * x; });
    BOOST_TEST(sum(abs(model.hidden.weight)).item() == 0);
    BOOST_TEST(sum(abs(model.output.bias)).item() == 0);
}

BOOST_AUTO_TEST_CASE(gives_a_gradient_of_its_own_type) {
    const Network model = sample();
    const T x = T::from_rows({{0.5, -1}, {2, 1}});
    const auto [loss, g] = value_and_gradient([&x](const Network& m) { return sum(square(m(x))); }, model);
    static_assert(std::same_as<std::remove_cvref_t<decltype(g)>, Network>);
    BOOST_TEST(loss == sum(square(model(x))).item());
    BOOST_TEST(g.name == "a network");
    BOOST_TEST(g.hidden.rate == 0.5);

    Tape tape;
    const T w1 = tape.variable(model.hidden.weight), b1 = tape.variable(model.hidden.bias), w2 = tape.variable(model.output.weight),
            b2 = tape.variable(model.output.bias);
    const Gradient by_hand = tape.gradient(sum(square(matmul(tanh(matmul(x, w1) + b1), w2) + b2)));
    check_equal(g.hidden.weight, by_hand[w1]);
    check_equal(g.hidden.bias, by_hand[b1]);
    check_equal(g.output.weight, by_hand[w2]);
    check_equal(g.output.bias, by_hand[b2]);
}

BOOST_AUTO_TEST_CASE(takes_its_place_among_numbers_and_tensors) {
    const auto f = [](const Affine& layer, const T& x, const Scalar& factor) { return factor * sum(layer(x)); };
    const Affine layer{T::from_rows({{1, 2}, {3, 4}}), T::of({5, 6})};
    const auto [value, parts] = value_and_gradient(f, layer, T::from_rows({{1, -1}}), 2.0);
    BOOST_TEST(value == 2 * (1 - 3 + 5 + 2 - 4 + 6));
    const auto& [in_layer, in_x, in_factor] = parts;
    check_equal(in_layer.weight, T::from_rows({{2, 2}, {-2, -2}}));
    check_equal(in_layer.bias, T::of({2, 2}));
    check_equal(in_x, T::from_rows({{6, 14}}));
    BOOST_TEST(in_factor == 7);
    const auto [only_layer, only_x, only_factor] = gradient(f, layer, T::from_rows({{1, -1}}), 2.0);
    check_equal(only_layer.bias, in_layer.bias);
    check_equal(only_x, in_x);
    BOOST_TEST(only_factor == in_factor);
}

BOOST_AUTO_TEST_CASE(with_scalars_floats_and_buffers_inside_has_gradients_for_parameters_only) {
    Everything model;
    model.layers = {{T::ones({1, 1}), T::zeros({1})}};
    model.pair = {T(2.0), T(3.0)};
    std::get<0>(model.mixed) = T(4.0), std::get<1>(model.mixed) = 7, std::get<2>(model.mixed) = 5.0;
    model.running_mean.tensor = T(6.0);
    model.table = Tensor<Index>::of({1});
    model.narrow = Tensor<float>::of({0.5f});
    const auto g = gradient(
        [](const Everything& m) {
            const T product = m.pair[0] * m.pair[1] * std::get<0>(m.mixed) * m.running_mean.tensor;
            return Scalar(sum(m.layers[0](T::ones({1, 1})))) + Scalar(product) * std::get<2>(m.mixed) + m.slope * m.narrow(0);
        },
        model);
    BOOST_TEST(g.pair[0].item() == 3 * 4 * 6 * 5);
    BOOST_TEST(g.pair[1].item() == 2 * 4 * 6 * 5);
    BOOST_TEST(std::get<0>(g.mixed).item() == 2 * 3 * 6 * 5);
    BOOST_TEST(std::get<1>(g.mixed) == 7);
    BOOST_TEST(std::get<2>(g.mixed).value() == 2 * 3 * 4 * 6);
    BOOST_TEST(g.running_mean.tensor.item() == 6);  // carried along
    BOOST_TEST(g.table(0) == 1);
    BOOST_TEST(g.slope.value() == 0.5);
    BOOST_TEST(g.narrow.at(0) == 1.0f);
    BOOST_TEST(g.layers.size() == 1u);
    BOOST_TEST(g.layers[0].weight.item() == 1);
    BOOST_TEST(!g.slope.recorded());
    BOOST_TEST(!g.pair[0].recorded());
}

BOOST_AUTO_TEST_CASE(on_a_tape_gives_a_struct_of_gradients) {
    Tape tape;
    Affine model{tape.variable(T::from_rows({{1, 2}, {3, 4}}), "weight"), tape.variable(T::of({5, 6}), "bias")};
    const Affine g = gradient(sum(model(T::from_rows({{1, 1}, {2, 2}}))))[model];
    check_equal(g.weight, T::from_rows({{3, 3}, {3, 3}}));
    check_equal(g.bias, T::of({2, 2}));
}

BOOST_AUTO_TEST_CASE(names_its_parameters_in_error_messages) {
    const Affine layer{T::ones({2, 3}), T::ones({3})};
    BOOST_CHECK_EXCEPTION(static_cast<void>(value_and_gradient(
                              [](const Affine& m) {
                                  return sum(m(T::ones({1, 5})));
                              },
                              layer)),
                          ShapeError, [](const ShapeError& e) {
                              return std::string(e.what()) == "matmul: expected [m, n] x [n, p], got [1, 5] x weight [2, 3]";
                          });
}

BOOST_AUTO_TEST_CASE(a_parameter_that_is_not_used_has_a_gradient_of_zeros) {
    const auto g = gradient([](const Network& m) { return sum(m.output.weight); }, sample());
    check_equal(g.hidden.weight, T::zeros({2, 3}));
    check_equal(g.output.weight, T::ones({3, 1}));
}

BOOST_AUTO_TEST_SUITE_END()
