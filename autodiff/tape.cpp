// SPDX-License-Identifier: MIT
// Growth, marks and names of the list, and the recorder's cold path.
#include "autodiff/tape.hpp"

#include "autodiff/gradient.hpp"
#include "autodiff/node.hpp"
#include "autodiff/recorder.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fmt/format.h>
#include <new>

namespace autodiff {
inline namespace v1 {

namespace {

constinit std::atomic<std::uint32_t> ids_taken{0};

template <class T>
void resize(T*& column, std::size_t elements) {
    void* const moved = std::realloc(column, elements * sizeof(T));
    if (moved == nullptr) throw std::bad_alloc();
    column = static_cast<T*>(moved);
}

}  // namespace

Tape::Tape(Detail detail, TapeLimits limits, HeldBy holder) : detail_(detail), holder_(holder), limits_(limits) {
    limits_.rows = std::min(limits_.rows, TapeLimits{}.rows);
    limits_.operands = std::min(limits_.operands, TapeLimits{}.operands);
    segments_.reserve(2);
    grow_rows(0);
    begin_recording();
    previous = current;
    current = this;
}

void Tape::finish() noexcept {
    WengertList** link = &current;
    while (*link != this && *link != &no_tape) link = &(*link)->previous;
    if (*link == this) *link = previous;
}

Tape::~Tape() {
    finish();
    std::free(partial), std::free(operand), std::free(count), std::free(value), std::free(operation);
}

/// A tape takes one id when it is made, and some in advance each time it begins again: the counter is shared by all threads.
RecordingId Tape::next_recording(std::uint32_t in_advance) noexcept {
    for (;;) {
        if (next_id_ == last_id_) {
            next_id_ = ids_taken.fetch_add(in_advance, std::memory_order_relaxed);
            last_id_ = next_id_ + in_advance;
        }
        const RecordingId taken{++next_id_};
        if (taken != constant_id && taken != moved_from_id && taken != no_tape_id) return taken;
    }
}

void Tape::begin_recording() noexcept {
    id = next_recording(segments_.empty() ? 1 : 64);
    rows = 1, operands = 0, leaf_rows_ = 0, variables_ = 0;
    count[0] = 0;
    if (detail_ == Detail::operations) value[0] = 0, operation[0] = Operation{};
    segments_.resize(1);
    segments_[0] = {1, id};
}

void Tape::require_operations(std::string_view asker) {
    if (detail_ == Detail::operations) return;
    missed_operations_ = true;
    throw TapeError(TapeError::Kind::detail, asker, "a tape that keeps operations", "one that keeps derivatives only",
                    "record with Tape{Detail::operations}");
}

void Tape::clear() {
    if (!nodes_.empty()) nodes_.clear();
    if (!names_.empty()) names_.clear();
    if (!branches_.empty()) branches_.clear();
    if (!scopes_.parts().empty()) scopes_.rewind(1);
    begin_recording();
}

// Growth ------------------------------------------------------------------------------------------------------------------------------
// The fast path checks one cursor and writes one row with at most two operands. Rows cannot run out before operands do, because
// row_capacity_ > leaf_capacity_ + operand_capacity_, every row but a leaf has an operand, and leaves are counted against their own capacity.

void Tape::set_limit() noexcept {
    const std::uint32_t rows_left = limits_.rows - std::min(limits_.rows, leaf_capacity_);
    room_ = std::min({operand_capacity_, limits_.operands, rows_left});
    limit = detail_ == Detail::operations || room_ == 0 ? 0 : room_ - 1;
}

void Tape::check_rows() const {
    if (rows > limits_.rows)
        throw TapeError(TapeError::Kind::full, "tape", fmt::format("at most {} rows", limits_.rows), fmt::format("{}", rows),
                        "clear() or rewind() it, or give it higher limits");
}

void Tape::grow_operands(std::uint32_t more) {
    check_rows();
    const std::uint64_t needed = std::uint64_t{operands} + more;
    if (needed > limits_.operands)
        throw TapeError(TapeError::Kind::full, "tape", fmt::format("at most {} operands", limits_.operands), fmt::format("{}", needed),
                        "clear() or rewind() it, or give it higher limits");
    if (needed + 2 > operand_capacity_) {
        const std::uint64_t wanted = std::max<std::uint64_t>({1024, needed + 2, 2 * std::uint64_t{operand_capacity_}});
        const std::uint32_t capacity = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, 0xffffffffu));
        resize(partial, capacity);
        resize(operand, capacity);
        grow_rows(std::uint64_t{leaf_capacity_} + capacity);
        operand_capacity_ = capacity;
    }
    set_limit();
}

void Tape::grow_leaves() {
    check_rows();
    const std::uint64_t wanted = std::max<std::uint64_t>(64, 2 * std::uint64_t{leaf_capacity_});
    const std::uint32_t capacity = static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, limits_.rows));
    grow_rows(std::uint64_t{capacity} + operand_capacity_);
    leaf_capacity_ = capacity;
    set_limit();
}

void Tape::grow_rows(std::uint64_t with_sink_and_one_more) {
    const std::uint64_t needed = with_sink_and_one_more + 2;
    if (needed <= row_capacity_) return;
    const std::uint32_t capacity = static_cast<std::uint32_t>(std::min<std::uint64_t>(needed, 0xffffffffu));
    resize(count, capacity);
    if (detail_ == Detail::operations) {
        resize(value, capacity);
        resize(operation, capacity);
    }
    row_capacity_ = capacity;
}

std::uint32_t Tape::append(Node&& node, double scalar_value) {
    nodes_.prepare();
    node.row = append_leaf(scalar_value);
    nodes_.push_back(std::move(node));
    return rows - 1;
}

// Variables and names -----------------------------------------------------------------------------------------------------------------

namespace {

/// The row of a variable: nothing flows further.
class Leaf final : public Primitive {
  public:
    [[nodiscard]] std::string_view name() const override { return "variable"; }
    void vjp(Pullback&) const override {}
    [[nodiscard]] AnyTensor jvp(const Pushforward&) const override { return {}; }
};

}  // namespace

template <class T>
Tensor<T> Tape::variable(const Tensor<T>& x, std::string_view name) {
    Node node;
    node.primitive = std::make_unique<Leaf>();
    node.shape = x.shape();
    node.is_double = std::same_as<T, double>;
    node.retained = true;
    if (detail_ == Detail::operations) node.value = x.constant();
    const std::uint32_t row = append(std::move(node));
    ++variables_;
    if (!name.empty()) name_row(row, name);
    return x.with_place({row, id, static_cast<std::uint32_t>(nodes_.size() - 1)});
}
template Tensor<float> Tape::variable(const Tensor<float>&, std::string_view);
template Tensor<double> Tape::variable(const Tensor<double>&, std::string_view);

void Tape::name_row(std::uint32_t row, std::string_view name) {
    const auto at = std::lower_bound(names_.begin(), names_.end(), row, [](const auto& entry, std::uint32_t r) { return entry.first < r; });
    if (at != names_.end() && at->first == row)
        at->second = name;
    else
        names_.insert(at, {row, std::string(name)});
}

void Tape::name(const Scalar& x, std::string_view name) {
    check_holds(x.row(), x.recording(), "name");
    name_row(x.row(), name);
}

template <class T>
void Tape::name(const Tensor<T>& x, std::string_view name) {
    check_holds(x.place().row, x.place().id, "name");
    name_row(x.place().row, name);
    nodes_[x.place().node].retained = true;
}
template void Tape::name(const Tensor<float>&, std::string_view);
template void Tape::name(const Tensor<double>&, std::string_view);

void Tape::retain(const Scalar& x) { check_holds(x.row(), x.recording(), "retain"); }

template <class T>
void Tape::retain(const Tensor<T>& x) {
    check_holds(x.place().row, x.place().id, "retain");
    nodes_[x.place().node].retained = true;
}
template void Tape::retain(const Tensor<float>&);
template void Tape::retain(const Tensor<double>&);

std::string_view Tape::given_name(std::uint32_t row) const {
    const auto at = std::lower_bound(names_.begin(), names_.end(), row, [](const auto& entry, std::uint32_t r) { return entry.first < r; });
    return at != names_.end() && at->first == row ? std::string_view(at->second) : std::string_view();
}

std::string Tape::name_of(std::uint32_t row) const {
    if (const std::string_view given = given_name(row); !given.empty()) return std::string(given);
    const auto node = std::lower_bound(nodes_.begin(), nodes_.end(), row, [](const Node& n, std::uint32_t r) { return n.row < r; });
    if (node != nodes_.end() && node->row == row && node->element_node != no_node) {
        const Node& tensor = nodes_[node->element_node];
        std::string indices;
        Index rest = node->element;
        for (Index axis = tensor.shape.rank(); axis-- > 0;) {
            const Index extent = tensor.shape[axis];
            indices = fmt::format("{}{}{}", rest % extent, indices.empty() ? "" : ", ", indices);
            rest /= extent;
        }
        return fmt::format("{}[{}]", name_of(tensor.row), indices);
    }
    return fmt::format("t{}", row);
}

// Marks -------------------------------------------------------------------------------------------------------------------------------

Mark Tape::mark() {
    if (count[rows - 1] > 0) append_leaf(0);  // nothing is absorbed across a mark: an empty row on top
    Mark m;
    m.tape_ = this, m.last_ = id_of(rows - 1);
    m.rows_ = rows, m.operands_ = operands, m.leaf_rows_ = leaf_rows_, m.variables_ = variables_, m.branches_ = branches_.size();
    return m;
}

void Tape::rewind(const Mark& m) {
    if (m.tape_ != this || (m.rows_ > 1 && !holds(m.rows_ - 1, m.last_)))
        throw TapeError(TapeError::Kind::stale_handle, "rewind", "a mark of this recording",
                        "one that was cleared, rewound or made on another tape");
    segments_.reserve(segments_.size() + 1);
    while (!segments_.empty() && segments_.back().first >= m.rows_) segments_.pop_back();
    id = next_recording(64);
    segments_.push_back({m.rows_, id});
    rows = m.rows_, operands = m.operands_, leaf_rows_ = m.leaf_rows_, variables_ = m.variables_;
    while (!nodes_.empty() && nodes_.back().row >= rows) nodes_.pop_back();
    while (!names_.empty() && names_.back().first >= rows) names_.pop_back();
    branches_.resize(m.branches_);
    scopes_.rewind(rows);
}

// The recorder's cold path ------------------------------------------------------------------------------------------------------------

template <class... Terms>
std::uint32_t Recorder::append_terms(WengertList& t, Operation operation, double y, Terms... terms) {
    Tape& tape = Tape::from(t);
    constexpr std::uint32_t n = sizeof...(terms);
    if (std::uint64_t{t.operands} + n > tape.room_) [[unlikely]]
        tape.grow_operands(n);
    std::uint32_t at = t.operands;
    ((t.partial[at] = terms.partial, t.operand[at] = Operand{terms.row}, ++at), ...);
    const std::uint32_t row = t.rows;
    t.count[row] = n, t.operands = at, t.rows = row + 1;
    if (t.operation == nullptr) return row | fresh;
    t.value[row] = y, t.operation[row] = operation;
    return row;
}

std::uint32_t Recorder::append(WengertList& t, Operation operation, double y, Term a) { return append_terms(t, operation, y, a); }
std::uint32_t Recorder::append(WengertList& t, Operation operation, double y, Term a, Term b) {
    return append_terms(t, operation, y, a, b);
}
std::uint32_t Recorder::append(WengertList& t, Operation operation, double y, Term a, Term b, Term c) {
    return append_terms(t, operation, y, a, b, c);
}

}  // namespace v1
}  // namespace autodiff
