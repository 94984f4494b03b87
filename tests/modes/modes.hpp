// SPDX-License-Identifier: MIT
/// The modes of differentiation as words: "jvp of vjp" is forward over reverse. Every word takes a function from X to X to one of its
/// derivatives, which is such a function again, so a suite runs over all words up to some order.
///
/// With f: R^n -> R^m, a cotangent u of f's result and directions v of its argument, each word is a part of one multilinear form: a jvp
/// contracts f's next derivative with a v. The first vjp contracts with u and leaves an argument open, and from then on vjp and jvp are
/// the same, because derivatives are symmetric. So D^k f[v...] in R^m or D^k <u, f>[v..., .] in R^n is what any word must give.
#pragma once

#include "autodiff/autodiff.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace modes {

using autodiff::Scalar;
using autodiff::Shape;
using autodiff::Tensor;

/// A function of numbers in a row: X is a std::vector<Scalar> or a Tensor of rank 1.
template <class X>
using Map = std::function<X(const X&)>;

enum class By { vjp, jvp };
/// The innermost first: {vjp, jvp} is a jvp of a vjp.
using Word = std::vector<By>;

inline std::string to_string(const Word& word) {
    std::string text;
    for (const By mode : word) text = (mode == By::vjp ? "vjp" : "jvp") + (text.empty() ? "" : " of " + text);
    return text;
}
inline std::vector<Word> words_of_order(std::size_t order) {
    std::vector<Word> words{{}};
    for (; order > 0; --order) {
        std::vector<Word> longer;
        for (const Word& word : words)
            for (const By mode : {By::vjp, By::jvp}) {
                longer.push_back(word);
                longer.back().push_back(mode);
            }
        words = std::move(longer);
    }
    return words;
}
inline std::vector<Word> words_up_to(std::size_t order) {
    std::vector<Word> words;
    for (std::size_t k = 1; k <= order; ++k)
        for (Word& word : words_of_order(k)) words.push_back(std::move(word));
    return words;
}
inline bool has_vjp(const Word& word) { return std::find(word.begin(), word.end(), By::vjp) != word.end(); }
/// How many directions v the word takes: one for each mode but the first vjp, which takes u.
inline std::size_t directions_of(const Word& word) { return word.size() - (has_vjp(word) ? 1 : 0); }

namespace internal {

// A derivative that happens to be constant cannot be asked for its own; + 0 x makes it a function of x without changing it.
inline std::vector<Scalar> depending(std::vector<Scalar> y, const std::vector<Scalar>& x) {
    for (Scalar& each : y)
        for (const Scalar& operand : x) each = each + 0 * operand;
    return y;
}
template <class T>
Tensor<T> depending(const Tensor<T>& y, const Tensor<T>& x) {
    return x.size() == 0 ? y : y + 0 * sum(x);
}

}  // namespace internal

/// x -> J(x)^T u
template <class X>
Map<X> pulled(Map<X> f, X u) {
    return [f = std::move(f), u = std::move(u)](const X& x) { return internal::depending(autodiff::vjp(f, x).second(u), x); };
}
/// x -> J(x) v
template <class X>
Map<X> pushed(Map<X> f, X v) {
    return [f = std::move(f), v = std::move(v)](const X& x) { return internal::depending(autodiff::jvp(f, x, v).second, x); };
}
/// The derivative of f that the word spells, in the directions v[0], v[1] ... in the order in which it needs them.
template <class X>
Map<X> differentiated(Map<X> f, const Word& word, const X& u, std::span<const X> v) {
    std::size_t next = 0;
    bool open = false;
    for (const By mode : word) {
        if (mode == By::jvp)
            f = pushed<X>(std::move(f), v[next++]);
        else
            f = pulled<X>(std::move(f), std::exchange(open, true) ? v[next++] : u);
    }
    return f;
}

}  // namespace modes
