// SPDX-License-Identifier: MIT
#include "autodiff/gradient.hpp"

#include "autodiff/compensated.hpp"
#include "autodiff/sweep.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#include <new>

namespace autodiff {
inline namespace v1 {

void Gradient::Free::operator()(double* p) const noexcept { std::free(p); }

// Asking ------------------------------------------------------------------------------------------------------------------------------

bool Gradient::covers(std::uint32_t row, RecordingId id) const noexcept {
    for (std::size_t s = segments_.size(); s-- > 0;)
        if (segments_[s].id == id) return row >= segments_[s].first && (s + 1 == segments_.size() || row < segments_[s + 1].first);
    return false;
}

RecordingId Gradient::recording() const noexcept {
    for (std::size_t s = segments_.size(); s-- > 0;)
        if (segments_[s].first <= root_) return segments_[s].id;
    return no_tape_id;
}

/// The row of x, after making sure that it means this recording.
std::uint32_t Gradient::checked(std::uint32_t row, RecordingId id, std::string_view operation) const {
    using Kind = TapeError::Kind;
    if (row == 0) throw TapeError(Kind::not_recorded, operation, "a recorded value", "a constant");
    if (id == moved_from_id)
        throw TapeError(Kind::moved_from, operation, "a value", "one that was moved from", "copy it if it is needed twice");
    if (!covers(row, id))
        throw TapeError(Kind::wrong_tape, operation, "a value of the recording that was swept",
                        fmt::format("a value of row {} of another recording", row));
    return row;
}

/// If x is an element of a tensor, which: from the rows swept, or, for one taken later, from the tape.
const Gradient::Element* Gradient::element(const Scalar& x, Element& storage) const {
    const std::uint32_t row = x.row();
    const auto at = std::lower_bound(elements_.begin(), elements_.end(), row, [](const Element& e, std::uint32_t r) { return e.row < r; });
    if (at != elements_.end() && at->row == row) return &*at;
    if (row <= root_ || block_.empty()) return nullptr;  // an element of a tensor that the sweep did not see has derivative 0
    const auto& nodes = Tape::of(row, x.recording(), "gradient[]").nodes();
    const auto node = std::lower_bound(nodes.begin(), nodes.end(), row, [](const Node& n, std::uint32_t r) { return n.row < r; });
    if (node == nodes.end() || node->row != row || node->element_node == no_node) return nullptr;
    storage = {row, node->element_node, node->element};
    return &storage;
}

namespace {

double value_at(const AnyTensor& block, Index flat) {
    return std::visit(
        [flat]<class X>(const X& x) -> double {
            if constexpr (std::same_as<X, std::monostate>)
                return 0;
            else
                return static_cast<double>(x.data()[static_cast<std::size_t>(flat)]);
        },
        block);
}

[[noreturn]] void throw_not_kept() {
    throw TapeError(TapeError::Kind::detail, "gradient[]", "a variable, a retained or named value, or a tape that keeps operations",
                    "an intermediate tensor of a tape that keeps derivatives only",
                    "retain(x) or name it before the sweep, or record with Detail::operations");
}

}  // namespace

double Gradient::look_up(const Scalar& x) const {
    const std::uint32_t row = checked(x.row(), x.recording(), "gradient[]");
    Element storage;
    if (const Element* e = element(x, storage)) {
        if (e->node >= block_.size()) return 0;
        if (!kept_[e->node]) throw_not_kept();
        return value_at(block_[e->node], e->flat);
    }
    return row <= root_ ? scalar_[row] + 0.0 : 0;
}

template <class T>
Tensor<T> Gradient::operator[](const Tensor<T>& x) const {
    const std::uint32_t row = checked(x.place().row, x.place().id, "gradient[]");
    if (row > root_) return Tensor<T>::zeros(x.shape());
    const std::uint32_t node = x.place().node;
    if (!kept_[node]) throw_not_kept();
    if (const auto* adjoint = std::get_if<Tensor<T>>(&block_[node])) return *adjoint;
    return Tensor<T>::zeros(x.shape());
}
template Tensor<float> Gradient::operator[](const Tensor<float>&) const;
template Tensor<double> Gradient::operator[](const Tensor<double>&) const;

bool Gradient::reaches_row(std::uint32_t row) const {
    if (row > root_) return false;
    if (!reached_.empty()) return reached_[row];
    return scalar_[row] != nothing || !std::signbit(scalar_[row]);
}

bool Gradient::reaches(const Scalar& x) const {
    const std::uint32_t row = checked(x.row(), x.recording(), "reaches");
    Element storage;
    if (const Element* e = element(x, storage)) return e->node < block_.size() && reaches_row(node_row_[e->node]);
    return reaches_row(row);
}

template <class T>
bool Gradient::reaches(const Tensor<T>& x) const {
    return reaches_row(checked(x.place().row, x.place().id, "reaches"));
}
template bool Gradient::reaches(const Tensor<float>&) const;
template bool Gradient::reaches(const Tensor<double>&) const;

// Sweeping ----------------------------------------------------------------------------------------------------------------------------

void Gradient::grow(std::size_t rows) {
    const std::size_t wanted = std::max(rows, capacity_ * 2);
    scalar_.reset();
    capacity_ = 0;
    segments_.clear();
    scalar_.reset(static_cast<double*>(std::malloc(wanted * sizeof(double))));
    if (scalar_ == nullptr) throw std::bad_alloc();
    capacity_ = wanted;
}

/// After a sweep that did not end: of no recording, so that every question throws.
void Gradient::forget() noexcept {
    root_ = 0, newest_ = no_tape_id;
    segments_.clear(), reached_.clear();
    block_.clear(), kept_.clear(), node_row_.clear(), elements_.clear();
}

void Gradient::begin(const Tape& tape, std::uint32_t root) {
    root_ = 0, newest_ = no_tape_id;
    if (capacity_ <= root) grow(std::size_t{root} + 1);
    std::fill_n(scalar_.get(), std::size_t{root} + 1, nothing);
    if (tape.segments().size() == 1 && segments_.size() == 1)
        segments_[0] = tape.segments()[0];
    else
        segments_.assign(tape.segments().begin(), tape.segments().end());
    if (!reached_.empty()) reached_.clear();
    if (!block_.empty()) block_.clear(), kept_.clear(), node_row_.clear(), elements_.clear();
    root_ = root, newest_ = segments_.back().id;
}

void Gradient::sweep_scalars(const Tape& tape, std::uint32_t root) {
    begin(tape, root);
    const WengertList& list = tape.list();
    scalar_[root] = 1;
    Adjoints<double> adjoints{scalar_.get(), {}};
    reverse_sweep(list, tape.nodes(), adjoints, root, ListedPartials{list});
}

namespace {

template <class Number>
std::vector<AnyTensor> swept(const Tape& tape, std::uint32_t root, const AnyTensor& seed, Adjoints<Number>& adjoints) {
    if (std::holds_alternative<std::monostate>(seed))
        adjoints.scalar[root] = Number{1};
    else
        adjoints.block.back() = seed;
    reverse_sweep(tape.list(), tape.nodes(), adjoints, root, ListedPartials{tape.list()});
    return std::move(adjoints.block);
}

}  // namespace

void Gradient::sweep_tensors(const Tape& tape, std::uint32_t root, const AnyTensor& seed, const GradientOptions& options, NodeList* spent) {
    try {
        begin(tape, root);
        const NodeList& nodes = tape.nodes();
        const std::size_t tensors = nodes_up_to(nodes, root);
        for (std::size_t n = 0; n < tensors; ++n) {
            kept_.push_back(nodes[n].retained);
            node_row_.push_back(nodes[n].row);
            if (nodes[n].element_node != no_node) elements_.push_back({nodes[n].row, nodes[n].element_node, nodes[n].element});
        }
        if (options.compensated) {
            std::vector<Compensated> numbers(std::size_t{root} + 1);
            Adjoints<Compensated> adjoints{numbers.data(), std::vector<AnyTensor>(tensors), std::vector<AnyTensor>(tensors)};
            block_ = swept(tape, root, seed, adjoints);
            for (std::uint32_t row = 0; row <= root; ++row) scalar_[row] = numbers[row].total();
            for (std::size_t n = 0; n < tensors; ++n) settle(block_[n], adjoints.error[n]);
        } else {
            Adjoints<double> adjoints{scalar_.get(), std::vector<AnyTensor>(tensors)};
            adjoints.spent = spent;
            block_ = swept(tape, root, seed, adjoints);
        }
        // Contributions may be views (a broadcast, a transpose); what users get lies in row-major order.
        for (AnyTensor& block : block_)
            std::visit(
                []<class X>(X& x) {
                    if constexpr (!std::same_as<X, std::monostate>) x = x.contiguous();
                },
                block);
        if (spent == nullptr) trace_reach(tape, root);
    } catch (...) {
        forget();
        throw;
    }
}

/// Which rows the root depends on. Scalar rows tell by themselves (sweep.hpp); a tensor's adjoint may be missing because a Scalar's was 0,
/// so a tape with tensors is walked once more.
void Gradient::trace_reach(const Tape& tape, std::uint32_t root) {
    const WengertList& list = tape.list();
    const NodeList& nodes = tape.nodes();
    reached_.assign(std::size_t{root} + 1, false);
    reached_[root] = true;
    std::size_t node = nodes_up_to(nodes, root);
    std::uint32_t first = operands_up_to(list, root);
    for (std::uint32_t row = root; row > 0; --row) {
        first -= list.count[row];
        const bool tensor = node > 0 && nodes[node - 1].row == row;
        if (tensor) --node;
        if (!reached_[row]) continue;
        if (tensor)
            for (const Source& operand : nodes[node].operands) reached_[operand.row] = true;
        for (std::uint32_t k = 0; k < list.count[row]; ++k) reached_[static_cast<std::uint32_t>(list.operand[first + k])] = true;
    }
}

void Tape::gradient(const Scalar& y, Gradient& into, const GradientOptions& options) const {
    const std::uint32_t row = y.row();
    if (y.recording() != id) check_holds(row, y.recording(), "gradient");
    if (nodes_.empty() && !options.compensated)
        into.sweep_scalars(*this, row);
    else
        into.sweep_tensors(*this, row, {}, options);
}

namespace {

template <class T>
void check_one_element(const Tensor<T>& y) {
    if (y.size() != 1)
        throw ShapeError("gradient", "a result with one element", fmt::format("shape {}", to_string(y.shape())),
                         "sum it, or ask for the jacobian");
}

}  // namespace

template <class T>
void Tape::gradient(const Tensor<T>& y, Gradient& into, const GradientOptions& options) const {
    const Place& place = y.place();
    check_one_element(y);
    check_holds(place.row, place.id, "gradient");
    into.sweep_tensors(*this, place.row, Tensor<T>::ones(y.shape()), options);
}
template void Tape::gradient(const Tensor<float>&, Gradient&, const GradientOptions&) const;
template void Tape::gradient(const Tensor<double>&, Gradient&, const GradientOptions&) const;

Gradient Tape::spend(const Scalar& y) {
    check_holds(y.row(), y.recording(), "gradient");
    Gradient g;
    if (nodes_.empty())
        g.sweep_scalars(*this, y.row());
    else
        g.sweep_tensors(*this, y.row(), {}, {}, &nodes_);
    return g;
}
template <class T>
Gradient Tape::spend(const Tensor<T>& y) {
    check_one_element(y);
    check_holds(y.place().row, y.place().id, "gradient");
    Gradient g;
    g.sweep_tensors(*this, y.place().row, Tensor<T>::ones(y.shape()), {}, &nodes_);
    return g;
}
template Gradient Tape::spend(const Tensor<float>&);
template Gradient Tape::spend(const Tensor<double>&);

Gradient Tape::gradient(const Scalar& y, const GradientOptions& options) const {
    Gradient g;
    gradient(y, g, options);
    return g;
}
template <class T>
Gradient Tape::gradient(const Tensor<T>& y, const GradientOptions& options) const {
    Gradient g;
    gradient(y, g, options);
    return g;
}
template Gradient Tape::gradient(const Tensor<float>&, const GradientOptions&) const;
template Gradient Tape::gradient(const Tensor<double>&, const GradientOptions&) const;

}  // namespace v1
}  // namespace autodiff
