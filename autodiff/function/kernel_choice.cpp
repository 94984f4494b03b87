// SPDX-License-Identifier: MIT
// Which kernels a machine uses: those for its best instruction set, and those for one point at a time.
#include "autodiff/function/lane_kernels.hpp"

namespace autodiff {
inline namespace v1 {
namespace function {

template <class T>
const LaneKernels<T>& lane_kernels() {
    static const LaneKernels<T> table = [] {
        LaneKernels<T> t;
        kernels::with_instruction_set([&t]<kernels::InstructionSet S>() { fill<S>(t); });
        return t;
    }();
    return table;
}
template const LaneKernels<float>& lane_kernels();
template const LaneKernels<double>& lane_kernels();

namespace {

/// One number at a time: a slot is a number, nothing is repeated, nothing goes to columns.
template <class T>
struct Single {
    template <class R>
    static void rule(const Step<T>& step, const Frame<T>& frame) {
        T* const x = frame.memory;
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
    static void sum(const Step<T>& step, const Frame<T>& frame) {
        const Term* const terms = frame.terms + step.a;
        T s = value(frame.memory, terms[0]);
        for (std::uint32_t k = 1; k < step.b; ++k) s += value(frame.memory, terms[k]);
        frame.memory[step.y] = s;
    }
};

}  // namespace

template <class T>
const LaneKernels<T>& scalar_kernels() {
    static const LaneKernels<T> table = []<class... R>(rules::List<R...>) {
        return LaneKernels<T>{1, {nullptr, &Single<T>::template rule<R>...}, &Single<T>::sum, nullptr, nullptr, nullptr};
    }(rules::All{});
    return table;
}
template const LaneKernels<float>& scalar_kernels();
template const LaneKernels<double>& scalar_kernels();

}  // namespace function
}  // namespace v1
}  // namespace autodiff
