// SPDX-License-Identifier: MIT
#include "autodiff/check/gradcheck_rounding.hpp"

#include "autodiff/check/branches.hpp"
#include "autodiff/explain/reading.hpp"
#include "autodiff/ops/linear.hpp"
#include "autodiff/sweep.hpp"

#include <cmath>

namespace autodiff {
inline namespace v1 {
namespace internal {

namespace {

void plant(Adjoints<double>& adjoints, const Values& at, const Values& seeds) {
    for (std::size_t k = 0; k < at.size(); ++k) {
        const Place place = place_of(at[k]);
        if (place.row == 0) continue;
        std::visit(
            [&]<class V>(const V& seed) {
                if constexpr (AScalar<V>)
                    adjoints.scalar[place.row] += seed.value() + 0.0;
                else
                    add_tangent(adjoints.block[place.node], seed);
            },
            seeds[k]);
    }
}

/// A sum of squares of what is finite.
class Squares {
  public:
    void add(double part) {
        if (std::isfinite(part)) sum_ += part * part;
    }
    void add(const std::vector<double>& a, const std::vector<double>& b) {
        if (a.size() != b.size()) return;  // one of them is absent
        for (std::size_t i = 0; i < a.size(); ++i) add(a[i] * b[i]);
    }
    [[nodiscard]] double root() const { return std::sqrt(sum_); }

  private:
    double sum_ = 0;
};

}  // namespace

RowAdjoints::RowAdjoints(const Tape& tape, const Values& y, const Values& v)
    : tape_(tape), rows_(tape.list().rows, nothing), adjoints_{rows_.data(), std::vector<AnyTensor>(tape.nodes().size())} {
    plant(adjoints_, y, v);
    // On a tape that keeps operations the blocks stay after the sweep.
    reverse_sweep(tape.list(), tape.nodes(), adjoints_, tape.list().rows - 1, ListedPartials{tape.list()});
}

double RowAdjoints::values() const {
    const WengertList& list = tape_.list();
    const NodeList& nodes = tape_.nodes();
    Squares squares;
    for (std::uint32_t row = 1; row < list.rows; ++row)
        if (list.operation[row] != Operation{}) squares.add(rows_[row] * list.value[row]);
    for (std::size_t n = 0; n < nodes.size(); ++n) {
        if (nodes[n].operands.empty()) continue;
        if (nodes[n].scalar_result)
            squares.add(rows_[nodes[n].row] * list.value[nodes[n].row]);
        else
            squares.add(flattened(adjoints_.block[n]), flattened(nodes[n].value));
    }
    return squares.root();
}

double RowAdjoints::slopes(const Values& x, const Values& u) const {
    const WengertList& list = tape_.list();
    const NodeList& nodes = tape_.nodes();
    std::vector<double> rows(list.rows, nothing);
    Adjoints<double> tangents{rows.data(), std::vector<AnyTensor>(nodes.size())};
    plant(tangents, x, u);
    try {
        tangent_sweep(list, nodes, tangents, list.rows - 1);
    } catch (const TapeError&) {
        return 0;  // an operation without forward mode
    }
    Squares squares;
    std::uint32_t operand = 0;
    for (std::uint32_t row = 1; row < list.rows; ++row)
        for (std::uint32_t k = 0; k < list.count[row]; ++k, ++operand)
            if (const auto of = static_cast<std::uint32_t>(list.operand[operand]); of != 0)
                squares.add(rows_[row] * list.partial[operand] * rows[of]);
    for (std::size_t n = 0; n < nodes.size(); ++n) {
        if (nodes[n].scalar_result)
            squares.add(rows_[nodes[n].row] * rows[nodes[n].row]);
        else
            squares.add(flattened(adjoints_.block[n]), flattened(tangents.block[n]));
    }
    return squares.root();
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff
