// SPDX-License-Identifier: MIT
// Values and gradients of whole layers against those of PyTorch 2.15, float64. pytorch_answers.py makes the numbers, from parameters, inputs
// and cotangents that are given by a formula there and here: first the results, then the gradients of inputs and parameters, all of them in
// PyTorch's order and layout, each as its product with a wave.
#include "nn/nn.hpp"
#include "tests/support/compare.hpp"

#include "autodiff/autodiff.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

using namespace test;
using autodiff::Shape;
using nn::Index;
using Matrix = nn::Tensor<double>;
using List = std::vector<Matrix>;

namespace {

Matrix filled(const Shape& shape, Index j) {
    Matrix x = Matrix::uninitialised(shape);
    for (Index k = 0; k < x.size(); ++k) x.fill_data()[k] = 0.4 * std::sin(0.7 * static_cast<double>(k) + static_cast<double>(j));
    return x;
}
struct Probe {
    double value = 0, size = 0;
};
Probe probe(const Matrix& x) {
    Probe sum;
    const Matrix values = x.contiguous();
    for (Index k = 0; const double v : values.data()) {
        const double term = v * std::cos(1.3 * static_cast<double>(k++) + 0.5);
        sum.value += term, sum.size += std::abs(term);
    }
    return sum;
}
/// Weights [in, out] are [out, in] there, and the other way round.
Matrix transposed(const Matrix& x) { return x.rank() == 2 ? transpose(x).contiguous() : x; }

template <class M>
void collect(M& model, std::vector<Matrix*>& list) {
    autodiff::for_each_parameter(model, [&list](std::string_view, Matrix& p) {
        if (p.size() != 0) list.push_back(&p);
    });
}
template <class Cell>
void collect(nn::Recurrent<Cell>& model, std::vector<Matrix*>& list) {
    for (std::size_t l = 0; l < model.layers.size(); ++l) {
        collect(model.layers[l], list);
        if (!model.reverse.empty()) collect(model.reverse[l], list);
    }
}
template <class Layer>
void collect(nn::WeightNorm<Layer>& model, std::vector<Matrix*>& list) {
    for (Matrix* p : {&model.layer.bias, &model.weight_g, &model.layer.weight}) list.push_back(p);
}
template <class M>
std::vector<Matrix*> parameters_in_order(M& model) {
    std::vector<Matrix*> list;
    collect(model, list);
    return list;
}

template <class M, class Call>
void check(const char* name, M model, const std::vector<Shape>& shapes, const Call& call, const std::vector<double>& expected) {
    BOOST_TEST_CONTEXT(name) {
        for (Index j = 0; Matrix * p : parameters_in_order(model)) *p = transposed(filled(transposed(*p).shape(), j++));
        List x;
        for (const Shape& shape : shapes) x.push_back(filled(shape, 100 + static_cast<Index>(x.size())));
        const auto loss = [&call](const M& m, const List& inputs) {
            Matrix total(0.0);
            for (Index j = 200; const Matrix& y : call(m, inputs)) total += sum(filled(y.shape(), j++) * y);
            return total;
        };
        auto [L, parts] = autodiff::value_and_gradient(loss, model, x);
        auto& [g, dx] = parts;
        List all = call(model, x);
        all.insert(all.end(), dx.begin(), dx.end());
        for (const Matrix* p : parameters_in_order(g)) all.push_back(transposed(*p));
        BOOST_REQUIRE(all.size() == expected.size());
        for (std::size_t k = 0; k < all.size(); ++k) {
            const Probe got = probe(all[k]);
            BOOST_TEST(close(got.value, expected[k], {.absolute = 1e-12 * got.size}), "number " << k);
        }
    }
}

template <class Cell>
List run(const nn::Recurrent<Cell>& layer, const List& x) {
    const auto [y, state] = [&] {
        if (x.size() == 1) return layer(x[0]);
        if constexpr (std::same_as<typename Cell::State, Matrix>)
            return layer(x[0], x[1]);
        else
            return layer(x[0], {x[1], x[2]});
    }();
    if constexpr (std::same_as<typename Cell::State, Matrix>)
        return {y, state};
    else
        return {y, state.h, state.c};
}
const auto recurrent = [](const auto& layer, const List& x) { return run(layer, x); };
const auto plain = [](const auto& layer, const List& x) { return List{layer(x[0])}; };

using Attention = nn::BasicMultiheadAttention<double>;
using Encoder = nn::BasicTransformerEncoderLayer<double>;
using Decoder = nn::BasicTransformerDecoderLayer<double>;

const Shape steps{4, 2, 3}, tokens{2, 3, 8}, image{2, 4, 3, 5};
/// true for a token; PyTorch's is true for padding
const nn::Tensor<bool> present({2, 3}, {true, true, false, true, true, true});

}  // namespace

BOOST_AUTO_TEST_SUITE(nn_pytorch_answers)

BOOST_AUTO_TEST_CASE(recurrent_layers) {
    check("rnn", nn::BasicRNN<double>(3, 5, {.layers = 2, .nonlinearity = nn::Nonlinearity::relu}), {steps}, recurrent,
          {-3.9816327785655936, 0.067310165054323107, 0.010314307870921675, -0.041989237656073083, -0.053679053227035228,
           -0.20263061415429012, -0.20263061415429012, 0.080322823961637563, -0.32284382479506346, -0.19823577883871069,
           -0.19823577883871074});
    check("rnn, batch first", nn::BasicRNN<double>(3, 5, {.batch_first = true}), {{2, 4, 3}}, recurrent,
          {-0.34520140424470624, 1.7527580730528474, 0.40305172441007647, 0.13968671396270288, -0.60824060796399593, -0.0012354651152838431,
           -0.0012354651152838847});
    check("lstm", nn::BasicLSTM<double>(3, 5, {.layers = 2, .bidirectional = true}), {steps, {4, 2, 5}, {4, 2, 5}}, recurrent,
          {2.2444554417730069,   0.24276599485671319,  0.4198299822332896,    0.11935679542740718,  -0.0046530119213311037,
           -0.14048545297732409, 0.028221576349607577, -0.093096353141272584, -0.09263629344572355, -0.092636293445723564,
           0.075960509064031415, -0.14183406974111157, -0.18111561960552475,  -0.18111561960552475, 0.29438078987321498,
           0.02163798244091783,  -0.36516107717124258, -0.36516107717124252,  -0.39243509913980551, 0.62685731897425434,
           -0.29384244302737983, -0.29384244302737994});
    check("lstm without bias", nn::BasicLSTM<double>(3, 5, {.bias = false}), {steps, {1, 2, 5}, {1, 2, 5}}, recurrent,
          {0.044694501667479639, -0.049505763721738913, -0.10783164047769025, 0.085772387712852241, 0.048898372676668557,
           -0.023039736897702709, -0.040419447948008502, -0.143902712935779});
    check("gru", nn::BasicGRU<double>(3, 5, {.layers = 2, .bidirectional = true}), {steps, {4, 2, 5}}, recurrent,
          {4.4894811090821696,   0.20839334275334442,  -0.15384103595460435, 0.25475376235366098,  0.025961155707285726,
           0.027751885099751822, 0.15420674170240303,  0.037981853058639214, 0.16233373404670776,  -0.2490463891914928,
           -0.4565251495862781,  -0.29929028791728962, 0.45711100469706678,  -0.39807299400605534, -0.17246193571892099,
           -0.1835688918632182,  0.29283091488897461,  0.15720621042631391,  0.24775609933914566,  0.0065971769196651459});
}

BOOST_AUTO_TEST_CASE(attention) {
    check(
        "self-attention", Attention(8, 2), {tokens}, plain,
        {0.010414553231504725, -0.10377396729754351, -0.89558472194960814, 0.0027088703581437668, 0.52486650655482336, 0.3357473233720939});
    check("self-attention, causal", Attention(8, 2), {tokens}, [](const auto& m, const List& x) { return List{m(x[0], {.causal = true})}; },
          {0.015504243687158581, 0.9775973458179823, -0.86638730739630421, -0.048847884189685387, 0.53022933527044036, 0.3357473233720939});
    check("cross-attention, padded", Attention(8, 2), {{2, 4, 8}, tokens},
          [](const auto& m, const List& x) {
              const auto [y, weights] = m.with_weights(x[0], x[1], x[1], {.key_mask = present});
              return List{y, weights};
          },
          {0.26117562908677128, -0.10857340500705606, 0.084135403597041983, -1.7832267976596015, -0.43581811611315796, -0.62020497267779751,
           0.097732813470048641, -0.095786200973411562});
    check("attention, other widths", Attention(8, 2, {.key_width = 4, .value_width = 6, .bias = false}), {{2, 4, 8}, {2, 3, 4}, {2, 3, 6}},
          [](const auto& m, const List& x) { return List{m(x[0], x[1], x[2])}; },
          {-9.971149801426578e-05, 0.00028392046694713559, -0.0076414869639136298, 0.047633891146746127, 0.017658832498343584,
           0.12961340016299017, 0.011366111843833666, 0.0097263738373898068});
}

BOOST_AUTO_TEST_CASE(transformer_layers) {
    const nn::TransformerOptions block{.feedforward = 6, .dropout = 0};
    nn::TransformerOptions first = block, smooth = block;
    first.norm_first = smooth.norm_first = true;
    smooth.activation = nn::FeedforwardActivation::gelu;
    check("encoder layer", Encoder(8, 2, block), {tokens},
          [](const auto& m, const List& x) { return List{m(x[0], {.key_mask = present})}; },
          {0.1264717848047601, 0.013000199848198508, 0.038053681347127707, 0.22242300609537857, -0.22752009266162596, -0.061350580289387897,
           0.048713857390228862, -0.096099870690046579, 0.76086065331383856, -1.0726922619238015, -0.12940829289402367,
           -0.98688213262338476, -2.0843739354068034, 0.33574732337209379});
    check("encoder layer, norm first, gelu", Encoder(8, 2, smooth), {tokens}, plain,
          {-0.64557807662493694, -0.35522981117706592, 0.2491960807059389, -0.086453979002982573, -0.093365047610762711,
           0.30396049672788883, 0.076722111315580127, -0.032519992226647879, 0.012177681699249363, 0.33574732337209379, -1.8043964244084734,
           2.2583754806079552, 0.19777743531452904, -0.051258437545631898});
    const auto decode = [](const auto& m, const List& x) { return List{m(x[0], x[1], {.causal = true})}; };
    check("decoder layer", Decoder(8, 2, block), {tokens, {2, 4, 8}}, decode,
          {0.1880508582478673,    -0.033643275687571222, 0.11679589334375907,   -0.00097418472358033466, -0.0034880161936956871,
           -0.080582541795300389, 0.030409595619541367,  -0.11149861014061629,  0.098460162092356945,    0.42702636016316742,
           -0.11191085636153655,  0.20039968846387662,   -0.092774078232557872, -1.2754961360601431,     -1.9924941768773616,
           0.24086486528168705,   -0.11770889443940163,  0.14461850036693602,   -1.9755769731857589,     -2.6519163803913886,
           0.33574732337209379});
    check("decoder layer, norm first", Decoder(8, 2, first), {tokens, {2, 4, 8}}, decode,
          {0.28941729399849753,  2.5482491407085774,  -1.0399861854463508,   -0.82969105431274492, -0.05566326486143422,
           -0.16371756907291224, 0.16571077715548943, 0.64883442108692901,   -1.8827755906105046,  -0.56147975297455277,
           0.33129676683731346,  0.22272498923536729, -0.071535344337739198, -0.11541190223408751, 0.33574732337209379,
           -2.3536029484380174,  2.2786669288817394,  -0.29844668206529634,  0.10063095181940113,  0.20391924307520098,
           -0.021735844904816469});
    check("encoder", nn::BasicTransformerEncoder<double>(8, 2, 2, first), {tokens}, plain,
          {-0.2241404011114492,   0.16136522874629533,   0.0031135331098501064, 0.031134518651800721,  -0.03851971165216115,
           1.232161151742623,     -0.079547284570113619, 0.099311095987083695,  -0.045164606037252059, 1.2409327396645817,
           -0.22232415216721255,  -0.067145572289609323, -0.21067129063143086,  0.035842935509181342,  0.018442847201773263,
           0.07926461097763017,   -0.035288816727095891, 1.441739047323467,     -0.098859591749039619, 0.081206632951892233,
           0.086617383182740509,  1.4644590023445987,    0.017272022820254807,  0.020126096240525512,  -0.13231479384707379,
           0.0096007338638627419, -2.6987839129294313,   0.33574732337209379});
}

BOOST_AUTO_TEST_CASE(normalisations_and_convolutions) {
    check("rms norm", nn::BasicRMSNorm<double>(6), {{4, 6}}, plain, {-0.67942694539792259, -0.36987027718471888, 0.9569749570231223});
    check("group norm", nn::BasicGroupNorm<double>(2, 4), {image}, plain,
          {-0.54657175328853014, 0.69246882652638253, -5.2831054098923413, -1.0861902827973633});
    check("weight norm", nn::WeightNorm{nn::BasicLinear<double>(4, 3)}, {{5, 4}}, plain,
          {-0.33669926348597523, -0.01040397465579208, -0.44870115498853391, -0.12737445511663972, 0.29841333948278592});
    check("conv1d", nn::BasicConv1d<double>(4, 6, 3, {.stride = 2, .padding = 2, .dilation = 2, .groups = 2}), {{2, 4, 9}}, plain,
          {0.18086306546140368, 0.0076822062117440915, 0.23665846371320653, 0.78563293926056832});
    const nn::ConvTranspose2dOptions geometry{
        .stride = {2, 3}, .padding = {1, 0}, .output_padding = {1, 2}, .dilation = {2, 1}, .groups = 2};
    check("conv transpose", nn::BasicConvTranspose2d<double>(4, 6, {3, 2}, geometry), {image}, plain,
          {-0.44139030468949025, -0.8262758756684272, -0.76783942759639801, -0.86671320630454118});
    struct Nothing {
        Matrix unused = Matrix(Shape{0}, {});
    };
    check("instance norm", Nothing{}, {image}, [](const auto&, const List& x) { return List{nn::BasicInstanceNorm<double>(4)(x[0])}; },
          {-1.9740957212147279, 0.52896402964286049});
}

BOOST_AUTO_TEST_SUITE_END()
