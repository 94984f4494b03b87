// SPDX-License-Identifier: MIT
// From a plan and the layout of its operands to tiles. `Tiles` runs one; `run_flat` is the short way for operands that all lie alike, of
// which there are so few that every nanosecond before the first tile counts; else `Layout` is what all tiles of a run share, and `Desk`
// what one thread works with.
#include "autodiff/program/run.hpp"

#include "autodiff/kernels/denormals.hpp"
#include "autodiff/kernels/storage.hpp"
#include "autodiff/kernels/threads.hpp"

#include <algorithm>
#include <optional>

namespace autodiff {
inline namespace v1 {
namespace program {

namespace {

constexpr Index short_row = 256;             // rows of fewer elements are joined to tiles
constexpr Index least_work = 131'072;        // steps times elements that a thread takes at once
constexpr Index most_parts = 64;             // of a run with sums
constexpr std::size_t on_stack = 16 * 1024;  // bytes
constexpr Index cached = 4 << 20;            // bytes of operands that a cache may hold
constexpr int bytes_at_once = 512;           // of each operand beyond that
constexpr std::size_t alignment = 64;

std::size_t as_size(Index n) { return static_cast<std::size_t>(n); }

/// How an input lies along the innermost axis.
enum class Lie : std::uint8_t {
    dense,    // side by side, so that a tile is read where it is
    uniform,  // the same number all along
    other,    // to be gathered
};

/// Tiles, and the memory of those places that are not operands: a vector or a tile of their own for each varying input and written column.
template <class T>
struct Tiles {
    const Plan<T>& plan;
    std::span<const Output<T>> outputs;
    Place<T>* places;
    T* const* in;
    T* const* out;
    T* const* to;                // where the row begins in each written output
    const std::uint8_t* narrow;  // per step: whether one vector of it serves the tile
    int at_once;                 // vectors that go through all steps together

    [[nodiscard]] std::size_t size() const { return plan.lanes->size; }
    [[nodiscard]] const Output<T>& output(std::size_t k) const { return outputs[plan.written[k]]; }
    void place_output(std::size_t k, T* first) const { places[plan.first_column() + plan.written[k]] = {first, size()}; }
    void read_at(std::size_t k, const T* first) const { places[k] = {const_cast<T*>(first), size()}; }
    void repeat(std::size_t k, T value) const {
        std::fill_n(in[k], size(), value);
        places[k] = {in[k], 0};
    }

    /// n elements of the row from the given one on, inputs placed: whole vectors where they lie, the rest through one padded vector.
    void run(Index at, Index n) const {
        const Index rest = n % static_cast<Index>(size()), whole = n - rest;
        const std::size_t outs = plan.written.size();
        if (whole > 0) {
            for (std::size_t k = 0; k < outs; ++k) place_output(k, output(k).arrival == Arrival::assigned ? to[k] + at : out[k]);
            execute(whole / static_cast<Index>(size()), whole);
            for (std::size_t k = 0; k < outs; ++k)
                if (output(k).arrival == Arrival::copied) std::copy_n(out[k], whole, to[k] + at);
        }
        if (rest == 0) return;
        for (std::size_t k = 0; k < plan.varying.size(); ++k) {
            if (places[k].step == 0) continue;
            const T* const from = places[k].first + whole;
            for (Index i = 0; i < rest; ++i) in[k][i] = from[i];
            std::fill(in[k] + rest, in[k] + size(), in[k][rest - 1]);
            read_at(k, in[k]);
        }
        for (std::size_t k = 0; k < outs; ++k) place_output(k, out[k]);
        execute(1, rest);
        for (std::size_t k = 0; k < outs; ++k) {
            T* const y = to[k] + at + whole;
            for (Index i = 0; i < rest; ++i) y[i] = out[k][i];
        }
    }

  private:
    void execute(Index vectors, Index points) const {
        const int width = static_cast<int>(vectors);
        for (int begin = 0; begin < width; begin += at_once) {
            const Frame<T> part{places, plan.terms.data(), begin, std::min(begin + at_once, width), points};
            for (std::size_t s = 0; s < plan.main.size(); ++s) {
                if (narrow[s] == 0)
                    plan.main[s].kernel(plan.main[s], part);
                else if (begin == 0)
                    plan.main[s].kernel(plan.main[s], {places, plan.terms.data(), 0, 1, points});
            }
        }
    }
};

/// Vectors that go through all steps together: a whole tile if the caches hold the operands. Otherwise few: what the steps wait for is
/// memory, and a long loop over one operand leaves the others' lines unrequested (at 1e6 elements, 9 operands: 0.65 of the time).
template <class T>
int vectors_at_once(const Plan<T>& plan, Index elements) {
    const Index operands = static_cast<Index>(plan.varying.size() + plan.written.size());
    const int vector = static_cast<int>(plan.lanes->size * sizeof(T));
    return elements * operands > cached / static_cast<Index>(sizeof(T)) ? bytes_at_once / vector : static_cast<int>(plan.vectors);
}

/// Which steps are computed once a tile: those whose operands are all one vector, unless the result has to be there for every point.
/// one_vector: per place.
template <class T>
void find_narrow_steps(const Plan<T>& plan, std::uint8_t* one_vector, std::uint8_t* narrow) {
    for (std::size_t s = 0; s < plan.main.size(); ++s) {
        const Step<T>& step = plan.main[s];
        bool once = step.y >= plan.first_result() && step.y < plan.first_sum();
        if (step.kernel == plan.lanes->sum)
            for (std::uint32_t t = step.a; t < step.a + step.b; ++t)
                once = once && one_vector[plan.terms[t].a] != 0 && one_vector[plan.terms[t].b] != 0;
        else
            once = once && one_vector[step.a] != 0 && one_vector[step.b] != 0 && one_vector[step.c] != 0;
        narrow[s] = once ? 1 : 0;
        if (once) one_vector[step.y] = 1;
    }
}

/// n elements, each input dense or uniform, on this thread; false if the plan is too large for the stack.
template <class T>
bool run_flat(const Plan<T>& plan, Index n, std::span<const Input<T>> inputs, std::span<const Output<T>> outputs, const T* prologue) {
    constexpr std::size_t most = 24;
    const std::size_t size = plan.lanes->size, ins = plan.varying.size(), outs = plan.written.size();
    if (plan.places() > most || plan.main.size() > most) return false;
    const std::size_t vectors = std::min<std::size_t>(plan.vectors, (as_size(n) + size - 1) / size), wide = vectors * size;
    const bool one_vector = vectors == 1;
    std::size_t needed = (ins + plan.spread.size() + plan.results.size()) * size + plan.slots * wide;
    for (std::size_t k = 0; k < outs; ++k) needed += outputs[plan.written[k]].arrival != Arrival::assigned ? wide : size;
    alignas(alignment) std::byte memory[on_stack];
    if (needed * sizeof(T) > sizeof(memory)) return false;

    T* next = reinterpret_cast<T*>(memory);
    const auto take = [&next](std::size_t count) { return std::exchange(next, next + count); };
    Place<T> places[most];
    T *in[most], *out[most], *to[most];
    std::uint8_t narrow[most];
    std::fill_n(narrow, plan.main.size(), std::uint8_t{0});
    const Tiles<T> tiles{plan, outputs, places, in, out, to, narrow, vectors_at_once(plan, n)};
    bool any_uniform = !plan.spread.empty();
    for (std::size_t k = 0; k < ins; ++k) {
        in[k] = take(size);
        const Input<T>& input = inputs[plan.varying[k]];
        if (*input.strides == 0) tiles.repeat(k, *input.first), any_uniform = true;
    }
    for (std::size_t k = 0; k < outs; ++k) {
        out[k] = take(outputs[plan.written[k]].arrival != Arrival::assigned ? wide : size);
        to[k] = outputs[plan.written[k]].first;
    }
    for (std::size_t k = 0; k < plan.spread.size(); ++k) {
        T* const vector = take(size);
        std::fill_n(vector, size, prologue[plan.spread[k]]);
        places[plan.first_spread() + k] = {vector, 0};
    }
    T* const slots = take(plan.slots * wide);
    for (std::size_t k = 0; k < plan.results.size(); ++k) places[plan.first_result() + k] = {slots + plan.results[k] * wide, size};
    if (any_uniform && !one_vector) {
        std::uint8_t once[most] = {};
        for (std::size_t k = 0; k < ins; ++k) once[k] = *inputs[plan.varying[k]].strides == 0;
        for (std::uint32_t k = plan.first_spread(); k < plan.first_result(); ++k) once[k] = 1;
        find_narrow_steps(plan, once, narrow);
        for (std::size_t s = 0; s < plan.main.size(); ++s)
            if (narrow[s] != 0) places[plan.main[s].y] = {take(size), 0};
    }
    for (Index at = 0; at < n; at += static_cast<Index>(wide)) {
        for (std::size_t k = 0; k < ins; ++k)
            if (const Input<T>& input = inputs[plan.varying[k]]; *input.strides != 0) tiles.read_at(k, input.first + at);
        tiles.run(at, std::min(static_cast<Index>(wide), n - at));
    }
    return true;
}

/// What all tiles of a run have in common: the axes, as few as the strides allow, and how each operand lies along them.
template <class T>
struct Layout {
    const Plan<T>& plan;
    std::span<const Input<T>> inputs;
    std::span<const Output<T>> outputs;
    Index size = static_cast<Index>(plan.lanes->size);
    ShortList<Index, 4> extents;           // of axes that cannot be joined, outermost first; the last one is the row
    ShortList<Index, 16> strides;          // per varying input, per axis
    ShortList<Index, 8> output_strides;    // per written output, per axis
    ShortList<Lie, 8> lie;                 // per varying input
    ShortList<std::uint8_t, 32> narrow{};  // per main step: whether one vector of it serves the tile
    Index rows = 1, row = 1;               // how many, and their length
    Index rows_a_tile = 1;                 // more than 1: whole rows, gathered unless dense or uniform everywhere
    Index tile = 0;                        // elements of a tile, at most
    int at_once = 0;                       // vectors of it that go through all steps together
    std::size_t bytes = 0;                 // of a desk

    Layout(const Plan<T>& p, std::span<const Index> given, std::span<const Input<T>> in, std::span<const Output<T>> out)
        : plan(p), inputs(in), outputs(out) {
        join_axes(given);
        row = extents.empty() ? 1 : extents.back();
        for (std::size_t axis = 0; axis + 1 < extents.size(); ++axis) rows *= extents[axis];
        tile = size * Index{plan.vectors};
        if (row < short_row && rows > 1 && !any_strided_output()) rows_a_tile = std::max<Index>(1, tile / row);
        for (std::size_t k = 0; k < plan.varying.size(); ++k) lie.push_back(rows_a_tile > 1 ? lie_in_many_rows(k) : lie_in_a_row(k));
        find_narrow();
        at_once = vectors_at_once(plan, rows * row);
        bytes = desk_bytes();
    }
    [[nodiscard]] std::size_t rank() const { return extents.size(); }
    [[nodiscard]] const Index* strides_of(std::size_t k) const { return strides.data() + k * rank(); }
    [[nodiscard]] const Input<T>& input(std::size_t k) const { return inputs[plan.varying[k]]; }
    [[nodiscard]] const Output<T>& output(std::size_t k) const { return outputs[plan.written[k]]; }
    /// Where row r begins in written output k.
    [[nodiscard]] T* output_row(std::size_t k, Index r, const Index* position) const {
        if (output(k).strides == nullptr) return output(k).first + r * row;
        Index offset = 0;
        for (std::size_t axis = 0; axis + 1 < rank(); ++axis) offset += position[axis] * output_strides[k * rank() + axis];
        return output(k).first + offset;
    }
    /// Whether input k repeats one row.
    [[nodiscard]] bool every_row_alike(std::size_t k) const {
        const Index* const s = strides_of(k);
        return std::all_of(s, s + rank() - 1, [](Index step) { return step == 0; });
    }

  private:
    void join_axes(std::span<const Index> given) {
        const std::size_t n = plan.varying.size();
        ShortList<std::size_t, 4> first, last;  // the given axes that an axis begins and ends with
        const bool strided = any_strided_output();
        for (std::size_t axis = 0; axis < given.size(); ++axis) {
            if (given[axis] == 1 && !(strided && axis + 1 == given.size())) continue;  // only the last axis of an output has a step of 1
            bool joins = !extents.empty();
            for (std::size_t k = 0; k < n && joins; ++k) joins = input(k).strides[last.back()] == input(k).strides[axis] * given[axis];
            for (std::size_t k = 0; k < plan.written.size() && joins; ++k)
                if (const Index* const to = output(k).strides) joins = to[last.back()] == to[axis] * given[axis];
            if (joins)
                extents.back() *= given[axis], last.back() = axis;
            else
                extents.push_back(given[axis]), last.push_back(axis);
        }
        strides.reserve(n * extents.size());
        for (std::size_t k = 0; k < n; ++k)
            for (const std::size_t axis : last) strides.push_back(input(k).strides[axis]);
        for (std::size_t k = 0; k < plan.written.size(); ++k)
            for (const std::size_t axis : last) output_strides.push_back(output(k).strides == nullptr ? 0 : output(k).strides[axis]);
    }
    [[nodiscard]] bool any_strided_output() const {
        for (std::size_t k = 0; k < plan.written.size(); ++k)
            if (output(k).strides != nullptr) return true;
        return false;
    }
    [[nodiscard]] Lie lie_in_a_row(std::size_t k) const {
        if (rank() == 0) return Lie::uniform;
        const Index step = strides_of(k)[rank() - 1];
        return step == 1 ? Lie::dense : step == 0 ? Lie::uniform : Lie::other;
    }
    [[nodiscard]] Lie lie_in_many_rows(std::size_t k) const {
        bool dense = true, uniform = true;
        Index step = 1;
        for (std::size_t axis = rank(); axis-- > 0;) {
            dense = dense && strides_of(k)[axis] == step;
            uniform = uniform && strides_of(k)[axis] == 0;
            step *= extents[axis];
        }
        return dense ? Lie::dense : uniform ? Lie::uniform : Lie::other;
    }
    void find_narrow() {
        ShortList<std::uint8_t, 64> one_vector(plan.places(), 0);
        for (std::size_t k = 0; k < lie.size(); ++k) one_vector[k] = lie[k] == Lie::uniform;
        for (std::uint32_t k = plan.first_spread(); k < plan.first_result(); ++k) one_vector[k] = 1;
        narrow.resize(plan.main.size());
        find_narrow_steps(plan, one_vector.data(), narrow.data());
    }
    [[nodiscard]] std::size_t desk_bytes() const {
        std::size_t vectors = plan.spread.size() + plan.sums + plan.results.size() + std::size_t{plan.slots} * plan.vectors;
        for (const Lie l : lie) vectors += l == Lie::other ? plan.vectors + 1 : 1;
        for (const std::uint32_t k : plan.written) vectors += outputs[k].arrival != Arrival::assigned ? plan.vectors : 1;
        return vectors * as_size(size) * sizeof(T);
    }
};

/// The places of one thread, and the memory behind those that are not operands.
template <class T>
class Desk {
  public:
    Desk(const Layout<T>& layout, const T* prologue)
        : layout_(layout),
          plan_(layout.plan),
          places_(plan_.places()),
          in_(layout.lie.size()),
          gathered_(layout.lie.size()),
          kept_(layout.lie.size(), 0),
          out_(plan_.written.size()),
          to_(plan_.written.size()),
          offset_(layout.lie.size(), 0),
          position_(layout.rank(), 0) {
        T* next = reinterpret_cast<T*>(stack_);
        if (layout.bytes > sizeof(stack_)) {
            heap_ = kernels::Storage(static_cast<Index>(layout.bytes), 1);
            next = reinterpret_cast<T*>(heap_.bytes());
        }
        const std::size_t size = as_size(layout.size), wide = size * plan_.vectors;
        const auto take = [&next](std::size_t count) { return std::exchange(next, next + count); };
        for (std::size_t k = 0; k < in_.size(); ++k) {
            in_[k] = take(size);
            if (layout.lie[k] == Lie::other) gathered_[k] = take(wide);
        }
        for (std::size_t k = 0; k < out_.size(); ++k)
            out_[k] = take(layout.outputs[plan_.written[k]].arrival != Arrival::assigned ? wide : size);
        for (std::uint32_t k = 0; k < plan_.spread.size(); ++k) {
            T* const vector = take(size);
            std::fill_n(vector, size, prologue[plan_.spread[k]]);
            places_[plan_.first_spread() + k] = {vector, 0};
        }
        for (std::uint32_t k = 0; k < plan_.sums; ++k) {
            T* const vector = take(size);
            std::fill_n(vector, size, T{0});
            places_[plan_.first_sum() + k] = {vector, 0};
        }
        T* const slots = take(plan_.slots * wide);
        for (std::uint32_t k = 0; k < plan_.results.size(); ++k)
            places_[plan_.first_result() + k] = {slots + plan_.results[k] * wide, size};
        for (std::size_t s = 0; s < plan_.main.size(); ++s)
            if (layout.narrow[s] != 0) places_[plan_.main[s].y] = {take(size), 0};
    }
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;

    /// Elements [begin, end) of the rows [first, last): of one row, or all of them.
    void work(Index first, Index last, Index begin, Index end) {
        for (Index r = first; r < last; r += layout_.rows_a_tile) {
            seek(r);
            if (layout_.rows_a_tile > 1) {
                work_on_rows(std::min(layout_.rows_a_tile, last - r));
                continue;
            }
            for (Index at = begin; at < end; at += layout_.tile) {
                const Index n = std::min(layout_.tile, end - at);
                for (std::size_t k = 0; k < in_.size(); ++k) place_input(k, at, n);
                tiles_.run(at, n);
            }
        }
    }
    /// The sum of output k so far.
    [[nodiscard]] double sum(std::uint32_t k) const {
        const T* const lanes = places_[plan_.first_sum() + k].first;
        double sum = 0;
        for (Index lane = 0; lane < layout_.size; ++lane) sum += static_cast<double>(lanes[lane]);
        return sum;
    }

  private:
    /// Where the row begins in each operand and result.
    void seek(Index r) {
        const std::size_t outer = layout_.rank() < 2 ? 0 : layout_.rank() - 1;
        if (outer == 1) {
            position_[0] = r;
            for (std::size_t k = 0; k < in_.size(); ++k) offset_[k] = r * layout_.strides_of(k)[0];
        } else {
            for (std::size_t axis = outer, rest = as_size(r); axis-- > 0;) {
                position_[axis] = static_cast<Index>(rest % as_size(layout_.extents[axis]));
                rest /= as_size(layout_.extents[axis]);
            }
            for (std::size_t k = 0; k < in_.size(); ++k) {
                offset_[k] = 0;
                for (std::size_t axis = 0; axis < outer; ++axis) offset_[k] += position_[axis] * layout_.strides_of(k)[axis];
            }
        }
        for (std::size_t k = 0; k < to_.size(); ++k) to_[k] = layout_.output_row(k, r, position_.data());
    }
    void place_input(std::size_t k, Index at, Index n) {
        const T* const first = layout_.input(k).first + offset_[k];
        switch (layout_.lie[k]) {
        case Lie::dense:
            tiles_.read_at(k, first + at);
            break;
        case Lie::uniform:
            tiles_.repeat(k, *first);
            break;
        case Lie::other:
            gather(gathered_[k], first + at * layout_.strides_of(k)[layout_.rank() - 1], k, n);
            tiles_.read_at(k, gathered_[k]);
            break;
        }
    }
    void gather(T* to, const T* from, std::size_t k, Index n) const {
        const Index step = layout_.strides_of(k)[layout_.rank() - 1];
        if (step == 1)
            std::copy_n(from, n, to);
        else if (step == 0)
            std::fill_n(to, n, *from);
        else
            for (Index i = 0; i < n; ++i) to[i] = from[i * step];
    }
    /// Whole rows, one after the other in one tile.
    void work_on_rows(Index count) {
        const Index row = layout_.row, n = count * row;
        for (std::size_t k = 0; k < in_.size(); ++k) {
            const T* const first = layout_.input(k).first + offset_[k];
            if (layout_.lie[k] == Lie::dense) {
                tiles_.read_at(k, first);
            } else if (layout_.lie[k] == Lie::uniform) {
                tiles_.repeat(k, *first);
            } else {
                if (kept_[k] < count) {
                    for (Index i = 0; i < count; ++i) gather(gathered_[k] + i * row, layout_.input(k).first + offset_of_row(k, i), k, row);
                    if (layout_.every_row_alike(k)) kept_[k] = count;  // once for all tiles
                }
                tiles_.read_at(k, gathered_[k]);
            }
        }
        tiles_.run(0, n);
    }
    /// Where row i after the one that was sought begins in input k.
    [[nodiscard]] Index offset_of_row(std::size_t k, Index i) const {
        const Index* const strides = layout_.strides_of(k);
        if (layout_.rank() == 2) return offset_[k] + i * strides[0];
        Index offset = 0;
        for (std::size_t axis = layout_.rank() - 1; axis-- > 0;) {
            i += position_[axis];
            offset += i % layout_.extents[axis] * strides[axis];
            i /= layout_.extents[axis];
        }
        return offset;
    }

    const Layout<T>& layout_;
    const Plan<T>& plan_;
    ShortList<Place<T>, 12> places_;
    ShortList<T*, 6> in_, gathered_;  // of an input: a vector, and a tile if it has to be gathered
    ShortList<Index, 6> kept_;        // rows of that tile that hold for all tiles
    ShortList<T*, 6> out_, to_;       // of an output: a vector or a tile, and where its row begins
    ShortList<Index, 6> offset_;
    ShortList<Index, 4> position_;
    Tiles<T> tiles_{plan_, layout_.outputs, places_.data(), in_.data(), out_.data(), to_.data(), layout_.narrow.data(), layout_.at_once};
    kernels::Storage heap_;
    alignas(alignment) std::byte stack_[on_stack];
};

/// Everything that no point matters for.
template <class T, class Read>
void run_prologue(const Plan<T>& plan, T* memory, const Read& input) {
    for (const auto& load : plan.shared) memory[load.slot] = input(load.input);
    for (const auto& [value, slot] : plan.constants) memory[slot] = value;
    for (const ScalarStep<T>& step : plan.prologue) step.kernel(step, memory, plan.terms.data());
}

/// Memory for a prologue: on the stack if it is short.
template <class T>
class Scratch {
  public:
    explicit Scratch(std::uint32_t count) {
        if (count > std::size(stack_)) heap_ = kernels::Storage(Index{count}, sizeof(T));
    }
    [[nodiscard]] T* data() noexcept { return heap_.bytes() == nullptr ? stack_ : reinterpret_cast<T*>(heap_.bytes()); }

  private:
    kernels::Storage heap_;
    T stack_[64];
};

template <class T>
void deliver_uniform(const Plan<T>& plan, const T* prologue, Index n, std::span<const Output<T>> outputs, std::span<T> sums) {
    for (const auto& output : plan.outputs) {
        if (!output.uniform) continue;
        const T value = prologue[output.slot];
        if (output.delivery == Delivery::sum) {
            sums[output.place] = static_cast<T>(n) * value;
            continue;
        }
        std::fill_n(outputs[output.place].first, n, value);
    }
}

/// How many elements a thread takes at once: whole tiles.
template <class T>
Index block_of(const Plan<T>& plan) {
    const Index tile = static_cast<Index>(plan.lanes->size) * Index{plan.vectors};
    const Index steps = std::max<Index>(1, std::ssize(plan.main) + std::ssize(plan.terms));
    return std::max<Index>(1, least_work / (steps * tile)) * tile;
}

/// All elements, in blocks that do not depend on the number of threads.
template <class T>
void run_blocks(const Layout<T>& layout, const T* prologue, std::span<T> sums, bool flush_denormals) {
    const Plan<T>& plan = layout.plan;
    const Index block = block_of(plan);
    const auto work = [&](Index first, Index last, Index begin, Index end, double* part) {
        const kernels::FlushDenormals flush(flush_denormals);
        Desk<T> desk(layout, prologue);
        desk.work(first, last, begin, end);
        for (std::uint32_t k = 0; k < plan.sums; ++k) part[k] = desk.sum(k);
    };
    if (layout.rows == 1 && plan.sums == 0) {
        if (layout.row < 2 * block) return work(0, 1, 0, layout.row, nullptr);
        return kernels::parallel_for(layout.row, block, [&](Index begin, Index end) { work(0, 1, begin, end, nullptr); });
    }
    if (plan.sums == 0) {
        const Index quantum = layout.rows_a_tile, some = std::max<Index>(1, block / (layout.row * quantum)) * quantum;
        if (layout.rows < 2 * some) return work(0, layout.rows, 0, layout.row, nullptr);
        return kernels::parallel_for(layout.rows, some, [&](Index begin, Index end) { work(begin, end, 0, layout.row, nullptr); });
    }
    const Index least = std::max((layout.row + most_parts - 1) / most_parts, block);
    const Index part = (least + layout.tile - 1) / layout.tile * layout.tile;
    const Index parts = (layout.row + part - 1) / part;
    std::vector<double> sum(as_size(parts) * plan.sums);
    kernels::parallel_for(layout.row, part,
                          [&](Index begin, Index end) { work(0, 1, begin, end, sum.data() + as_size(begin / part) * plan.sums); });
    for (std::uint32_t k = 0; k < plan.sums; ++k) {
        double total = 0;
        for (Index p = 0; p < parts; ++p) total += sum[as_size(p) * plan.sums + k];
        sums[k] = static_cast<T>(total);
    }
}

}  // namespace

template <class T>
void run(const Plan<T>& plan, std::span<const Index> extents, std::span<const Input<T>> inputs, std::span<const Output<T>> outputs,
         std::span<T> sums, bool flush_denormals) {
    Index n = 1;
    for (const Index extent : extents) n *= extent;
    if (n == 0) return;
    Scratch<T> prologue(plan.prologue_slots);
    run_prologue(plan, prologue.data(), [&](std::uint32_t k) { return *inputs[k].first; });
    const auto lies_flat = [](const Input<T>& input) { return input.first == nullptr || *input.strides == 0 || *input.strides == 1; };
    const bool flat = extents.size() == 1 && n < 2 * block_of(plan) && plan.sums == 0 && !flush_denormals &&
                      std::all_of(inputs.begin(), inputs.end(), lies_flat);
    if (!plan.main.empty() && !(flat && run_flat(plan, n, inputs, outputs, prologue.data())))
        run_blocks(Layout<T>(plan, extents, inputs, outputs), prologue.data(), sums, flush_denormals);
    deliver_uniform(plan, prologue.data(), n, outputs, sums);
}
template void run(const Plan<float>&, std::span<const Index>, std::span<const Input<float>>, std::span<const Output<float>>,
                  std::span<float>, bool);
template void run(const Plan<double>&, std::span<const Index>, std::span<const Input<double>>, std::span<const Output<double>>,
                  std::span<double>, bool);

template <class T>
void run_at(const Plan<T>& plan, std::span<const T> inputs, std::span<T> outputs) {
    Scratch<T> memory(plan.prologue_slots);
    run_prologue(plan, memory.data(), [&](std::uint32_t k) { return inputs[k]; });
    for (std::size_t k = 0; k < plan.outputs.size(); ++k) outputs[k] = memory.data()[plan.outputs[k].slot];
}
template void run_at(const Plan<float>&, std::span<const float>, std::span<float>);
template void run_at(const Plan<double>&, std::span<const double>, std::span<double>);

}  // namespace program
}  // namespace v1
}  // namespace autodiff
