// SPDX-License-Identifier: MIT
// One sweep for each colour, and plans that follow a function from point to point.
#include "autodiff/sparse/derivatives.hpp"

#include "autodiff/recorded_gradient.hpp"
#include "autodiff/sparse/recording.hpp"
#include "autodiff/sweep.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

using internal::Recorded;

/// One sweep of dy/dx, forwards from seeds at inputs or backwards from seeds at outputs.
/// (One at a time: eight side by side were no faster, the numbers of all rows then leave the cache.)
class Sweep {
  public:
    Sweep(const Recorded& f, Compression::Direction direction)
        : f_(f), forwards_(direction == Compression::Direction::columns), number_(std::size_t{std::max(f.root, f.last_x)} + 1) {}
    void operator()(std::span<const std::uint32_t> seeds) {
        const WengertList& list = f_.tape->list();
        const NodeList& nodes = f_.tape->nodes();
        std::fill(number_.begin(), number_.end(), forwards_ ? 0.0 : nothing);
        for (const std::uint32_t seed : seeds) number_[forwards_ ? f_.x[seed] : f_.y[seed]] = 1;
        number_[0] = 0;  // where constant results stand
        Adjoints<double> flowing{number_.data(), std::vector<AnyTensor>(nodes.size())};
        if (forwards_)
            tangent_sweep(list, nodes, flowing, f_.root);
        else
            reverse_sweep(list, nodes, flowing, f_.root, [&list](std::uint32_t, std::uint32_t first) { return list.partial + first; });
    }
    /// What has arrived at an output, or at an input; never -0.
    [[nodiscard]] double at(std::uint32_t from) const { return number_[forwards_ ? f_.y[from] : f_.x[from]] + 0.0; }

  private:
    const Recorded& f_;
    bool forwards_;
    std::vector<double> number_;
};

/// The entries of the matrix dy/dx, from one sweep for each colour.
std::vector<double> entries(const Recorded& f, const Pattern& pattern, const Compression& compression) {
    std::vector<double> value(pattern.entries());
    if (f.root == 0) return value;
    Sweep sweep(f, compression.direction);
    std::vector<Read> doubtful;
    for (std::uint32_t c = 0; c < compression.colours; ++c) {
        sweep(compression.seeds(c));
        for (const Read& read : compression.reads(c)) {
            value[read.entry] = sweep.at(read.from);
            if (std::isnan(value[read.entry]) && compression.seeds(c).size() > 1) doubtful.push_back(read);
        }
    }
    // Another seed may have brought the NaN where it has no entry: infinity times a derivative that is structurally 0.
    std::ranges::stable_sort(doubtful, {}, &Read::seed);
    for (std::size_t k = 0; k < doubtful.size(); ++k) {
        if (k == 0 || doubtful[k].seed != doubtful[k - 1].seed) sweep({&doubtful[k].seed, 1});
        value[doubtful[k].entry] = sweep.at(doubtful[k].from);
    }
    return value;
}

void check_fits(const Pattern& pattern, const Compression& compression, std::size_t rows, std::size_t columns, std::string_view operation) {
    check(pattern, operation);
    if (pattern.rows != rows || pattern.columns != columns)
        throw ShapeError(operation, fmt::format("a pattern of {} x {}", rows, columns),
                         fmt::format("{} x {}", pattern.rows, pattern.columns));
    const std::size_t seeds = compression.direction == Compression::Direction::columns ? columns : rows;
    if (compression.read.size() != pattern.entries() || compression.seed.size() != seeds)
        throw ShapeError(operation, fmt::format("a compression of {} seeds and {} entries", seeds, pattern.entries()),
                         fmt::format("{} and {}", compression.seed.size(), compression.read.size()));
}

/// The gradient of y at its variables, recorded on y's tape; rewound when the object dies.
class GradientRecording {
  public:
    GradientRecording(const Scalar& y, std::span<const Scalar> x)
        : tape_(Tape::of(y.row(), y.recording(), "sparse_hessian")), before_(tape_.mark()) {
        const RecordedGradient g = tape_.recorded_gradient(y);
        gradient_.reserve(x.size());
        for (const Scalar& each : x) gradient_.push_back(g[each]);
    }
    ~GradientRecording() { tape_.rewind(before_); }
    GradientRecording(const GradientRecording&) = delete;
    GradientRecording& operator=(const GradientRecording&) = delete;
    [[nodiscard]] std::span<const Scalar> gradient() const { return gradient_; }

  private:
    Tape& tape_;
    Mark before_;
    std::vector<Scalar> gradient_;
};

std::vector<double> values(std::span<const Scalar> y) {
    std::vector<double> result;
    result.reserve(y.size());
    for (const Scalar& each : y) result.push_back(each.value());
    return result;
}

std::vector<Scalar> variables(Tape& tape, std::span<const double> x) {
    std::vector<Scalar> result;
    result.reserve(x.size());
    for (const double each : x) result.push_back(tape.variable(each));
    return result;
}

}  // namespace

Csr sparse_jacobian(std::span<const Scalar> y, std::span<const Scalar> x, const Pattern& pattern, const Compression& compression) {
    check_fits(pattern, compression, y.size(), x.size(), "sparse_jacobian");
    return {pattern, entries(internal::recorded(y, x, "sparse_jacobian"), pattern, compression)};
}
Csr sparse_jacobian(std::span<const Scalar> y, std::span<const Scalar> x) {
    const Pattern pattern = jacobian_pattern(y, x);
    return sparse_jacobian(y, x, pattern, compress_jacobian(pattern));
}

Csr sparse_hessian(const Scalar& y, std::span<const Scalar> x, const Pattern& pattern, const Compression& compression) {
    check_fits(pattern, compression, x.size(), x.size(), "sparse_hessian");
    const GradientRecording recording(y, x);
    return {pattern, entries(internal::recorded(recording.gradient(), x, "sparse_hessian"), pattern, compression)};
}
Csr sparse_hessian(const Scalar& y, std::span<const Scalar> x) {
    const Pattern pattern = hessian_pattern(y, x);
    return sparse_hessian(y, x, pattern, compress_hessian(pattern));
}

// Plans -------------------------------------------------------------------------------------------------------------------------------

/// Whether the list up to the results is what was last fitted: the same operations on the same operands.
bool SparsePlan::is_structure_of(const WengertList& list, std::span<const std::uint32_t> y, std::uint32_t root) const {
    const auto same = []<class T>(const std::vector<T>& kept, const T* now, std::size_t n) {
        return kept.size() == n && (n == 0 || std::memcmp(kept.data(), now, n * sizeof(T)) == 0);
    };
    return std::equal(structure_.y.begin(), structure_.y.end(), y.begin(), y.end()) &&
           same(structure_.operation, list.operation, std::size_t{root} + 1) &&
           same(structure_.operand, list.operand, operands_up_to(list, root));
}

template <class Find, class Compress>
void SparsePlan::fit(const char* operation, std::span<const Scalar> y, std::span<const Scalar> x, const Find& find,
                     const Compress& compress) {
    const Recorded f = internal::recorded(y, x, operation);
    const bool comparable = f.root != 0 && f.tape->nodes().empty();
    if (colourings_ > 0 && comparable && is_structure_of(f.tape->list(), f.y, f.root)) return;
    Pattern now = find();
    if (colourings_ == 0 || !contains(pattern_, now)) {
        if (colourings_ > 0) now = united(pattern_, now);
        compression_ = compress(now, ordering_);
        pattern_ = std::move(now);
        ++colourings_;
    }
    structure_ = {};
    if (!comparable) return;
    const WengertList& list = f.tape->list();
    structure_ = {{list.operation, list.operation + f.root + 1}, {list.operand, list.operand + operands_up_to(list, f.root)}, f.y};
}

void SparsePlan::check_point(std::size_t n, const char* operation) const {
    if (colourings_ > 0 && n != pattern_.columns)
        throw ShapeError(operation, fmt::format("a point of {} numbers, as before", pattern_.columns), fmt::format("{}", n));
}
void SparsePlan::check_results(std::size_t m, const char* operation) const {
    if (colourings_ > 0 && m != pattern_.rows)
        throw ShapeError(operation, fmt::format("a function with {} results, as before", pattern_.rows), fmt::format("{}", m));
}

SparseJacobian::Result SparseJacobian::value_and_jacobian(std::span<const double> point) {
    check_point(point.size(), "SparseJacobian");
    Tape tape;
    const std::vector<Scalar> x = variables(tape, point);
    const std::vector<Scalar> y = f_(x);
    check_results(y.size(), "SparseJacobian");
    const auto find = [&] { return jacobian_pattern(y, x); };
    fit("SparseJacobian", y, x, find, compress_jacobian);
    return {values(y), sparse_jacobian(y, x, pattern(), compression())};
}

SparseHessian::Result SparseHessian::value_gradient_and_hessian(std::span<const double> point) {
    check_point(point.size(), "SparseHessian");
    Tape tape;
    const std::vector<Scalar> x = variables(tape, point);
    const Scalar y = f_(x);
    if (!y.recorded())
        throw TapeError(TapeError::Kind::not_recorded, "SparseHessian", "a result that depends on an argument", "a constant");
    const auto find = [&] { return hessian_pattern(y, x); };
    fit("SparseHessian", std::span(&y, 1), x, find, compress_hessian);
    const GradientRecording recording(y, x);
    return {y.value(),
            values(recording.gradient()),
            {pattern(), entries(internal::recorded(recording.gradient(), x, "SparseHessian"), pattern(), compression())}};
}

}  // namespace v1
}  // namespace autodiff
