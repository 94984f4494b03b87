// SPDX-License-Identifier: MIT
#include "autodiff/revolve.hpp"

#include <algorithm>

namespace autodiff {
inline namespace v1 {
namespace revolve {

Index reversible(Index s, Index r) {
    if (r < 0 || s < 0) return 0;
    // C(k + m, k) = C(k - 1 + m, k - 1) (k + m) / k; each of them an integer
    const Index small = std::min(s, r), large = std::max(s, r);
    __extension__ using Wide = unsigned __int128;
    constexpr Index most = std::numeric_limits<Index>::max();
    Wide c = 1;
    for (Index k = 1; k <= small; ++k) {
        c = c * static_cast<Wide>(large + k) / static_cast<Wide>(k);
        if (c > static_cast<Wide>(most)) return most;
    }
    return static_cast<Index>(c);
}

Index repetitions(Index n, Index s) {
    // With one snapshot C(1 + r, 1) = r + 1; with more it takes few repetitions.
    if (s == 1) return std::max<Index>(n - 1, 0);
    Index r = 0;
    while (reversible(s, r) < n) ++r;
    return r;
}

Index fewest_advances(Index n, Index s) {
    const Index r = repetitions(n, s);
    return r * n - reversible(s + 1, r - 1);
}

/// Any m will do that leaves n - m steps within reach of s - 1 snapshots and r repetitions, and m within reach of s and r - 1: the longest
/// such stretch, so that snapshots are few.
Index next_snapshot(Index n, Index s) {
    const Index r = repetitions(n, s);
    return std::min(reversible(s, r - 1), n - reversible(s - 1, r - 1));
}

}  // namespace revolve
}  // namespace v1
}  // namespace autodiff
