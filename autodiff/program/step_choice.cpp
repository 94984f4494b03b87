// SPDX-License-Identifier: MIT
// Which kernels a machine uses: those for its best instruction set, and those for one point at a time.
#include "autodiff/program/steps.hpp"

namespace autodiff {
inline namespace v1 {
namespace program {

template <class T>
const LaneKernels<T>& lane_kernels() {
    return kernels::kernels_in_use<LaneKernels<T>>();
}
template const LaneKernels<float>& lane_kernels();
template const LaneKernels<double>& lane_kernels();

namespace {

/// One number at a time.
template <class T>
struct Single {
    template <class R>
    static void rule(const ScalarStep<T>& step, T* x, const Term*) {
        if constexpr (rules::UnaryRule<R>)
            x[step.y] = R::value(x[step.a]);
        else if constexpr (rules::BinaryRule<R>)
            x[step.y] = R::value(x[step.a], x[step.b]);
        else
            x[step.y] = R::value(x[step.a], x[step.b], x[step.c]);
    }
    static T value(const T* x, const Term& term) {
        const T a = x[term.a], b = x[term.b];
        switch (term.kind) {
        case Term::Kind::minus:
            return -a;
        case Term::Kind::product:
            return a * b;
        case Term::Kind::minus_product:
            return -(a * b);
        case Term::Kind::chain:
            return a == 0 ? 0 : a * b;
        case Term::Kind::minus_chain:
            return a == 0 ? 0 : -(a * b);
        default:
            return a;
        }
    }
    static void sum(const ScalarStep<T>& step, T* x, const Term* all) {
        const Term* const terms = all + step.a;
        T s = value(x, terms[0]);
        for (std::uint32_t k = 1; k < step.b; ++k) s += value(x, terms[k]);
        x[step.y] = s;
    }
};

}  // namespace

template <class T>
const ScalarKernels<T>& scalar_kernels() {
    static const ScalarKernels<T> table = []<class... R>(rules::List<R...>) {
        return ScalarKernels<T>{{nullptr, &Single<T>::template rule<R>...}, &Single<T>::sum};
    }(rules::All{});
    return table;
}
template const ScalarKernels<float>& scalar_kernels();
template const ScalarKernels<double>& scalar_kernels();

}  // namespace program
}  // namespace v1
}  // namespace autodiff
