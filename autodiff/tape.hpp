// SPDX-License-Identifier: MIT
/// The Wengert list: one row per statement, in the order in which the program ran.
///
/// A scalar row is its operands and the partial derivatives with respect to them, in flat columns. A tensor row has no scalar
/// operands; a Node beside the columns holds its operation. Row 0 is the sink: constants point at it, and nothing flows further.
/// Two levels of detail share the format. `Detail::derivatives` keeps partials only, and its operators absorb temporaries
/// (recorder.hpp). `Detail::operations` keeps one row per operation, its code and its value, for whoever wants to read the list.
/// How a row is written: recorder.hpp. How the list is read backwards: sweep.hpp.
#pragma once

#include "autodiff/error.hpp"
#include "autodiff/rules/list.hpp"
#include "autodiff/stable_list.hpp"
#include "autodiff/tape_scopes.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace autodiff {
inline namespace v1 {

class Scalar;
class Tape;
class Gradient;
class RecordedGradient;
struct Node;
using NodeList = StableList<Node>;
template <class T>
class Tensor;

/// Names one recording of one tape, process-wide. `clear()` and `rewind()` begin a new one, so that stale handles are recognised.
/// (An enum, so that a store to a column of integers cannot alias it.)
enum class RecordingId : std::uint32_t {};
inline constexpr RecordingId constant_id{0};              ///< of values that are on no tape
inline constexpr RecordingId moved_from_id{0xffffffffu};  ///< of values that were moved from or absorbed
inline constexpr RecordingId no_tape_id{0xfffffffeu};     ///< what records where no tape lives: nothing

/// An operand is the number of an earlier row. A type of its own, so that storing one cannot alias the cursors.
enum class Operand : std::uint32_t {};

inline constexpr std::uint32_t fresh = 0x80000000u;  ///< bit of a handle's row: nobody else can know this row, it may still be absorbed
inline constexpr std::uint32_t moved_from = 0x7fffffffu;  ///< a row that no recording has
inline constexpr std::uint32_t most_operands = 16;        ///< of an absorbing row, so that accumulating n terms stays O(n)

enum class Detail : std::uint8_t {
    operations,   ///< every operation is a row with its code and value: explain, check, differentiate again
    derivatives,  ///< partial derivatives only, temporaries absorbed: the fastest gradient
};

/// The columns and the cursors that a scalar operator touches. Public to the recorder and the sweep, private to everybody else.
struct WengertList {
    RecordingId id = no_tape_id;
    std::uint32_t rows = 0;           ///< rows written, the sink included
    std::uint32_t operands = 0;       ///< operands written
    std::uint32_t limit = 0;          ///< from this operand on, appending takes the cold path; 0 for `operations`: always
    double* partial = nullptr;        ///< per operand; where the operand is a constant and operations are kept: its value
    Operand* operand = nullptr;       ///< per operand
    std::uint16_t* count = nullptr;   ///< per row: its operands. Not uint8_t, a store through a char type may alias everything
    double* value = nullptr;          ///< per row, operations only
    Operation* operation = nullptr;   ///< per row, operations only
    WengertList* previous = nullptr;  ///< the next older live tape of this thread
};

/// Stands where no tape lives: its first append takes the cold path, which knows. Never written.
inline constinit WengertList no_tape{};
/// The newest live tape of this thread, the one that records.
inline constinit thread_local WengertList* current = &no_tape;

/// Who holds a tape: a program that made it, or one of the functions of gradient.hpp and derivatives.hpp while it runs what it differentiates.
enum class HeldBy : std::uint8_t { program, function };

/// Hard limits; reaching one is a TapeError (full) that leaves the tape as it was.
struct TapeLimits {
    std::uint32_t rows = moved_from - 1;
    std::uint32_t operands = 0xfffffff0u;
};

/// A position on a tape to which it can be rewound.
class Mark {
    friend class Tape;
    const Tape* tape_ = nullptr;
    RecordingId last_ = constant_id;  // of the last row below the mark: while that row stands, so does the mark
    std::uint32_t rows_ = 0, operands_ = 0, leaf_rows_ = 0, variables_ = 0;
    std::size_t branches_ = 0;
};

/// A comparison that decided which way the recorded program went (condition.hpp).
struct Branch {
    std::uint32_t before = 0;  ///< the first row that was recorded after it
    RecordingId id = constant_id;
    Operation relation{};        ///< less, less_equal, equal or not_equal
    bool holds = false;          ///< what came out
    std::uint32_t a = 0, b = 0;  ///< rows; 0 for a constant
    double a_value = 0, b_value = 0;
};

/// What a tape holds.
struct TapeStatistics {
    std::size_t rows = 0;            ///< statements, without the sink
    std::size_t operands = 0;        ///< of scalar rows
    std::size_t tensor_rows = 0;     ///< rows whose result or operands are tensors
    std::size_t variables = 0;       ///< calls of variable() that are still on the tape
    std::size_t bytes = 0;           ///< used by columns and by tensors saved for the sweep
    std::size_t bytes_reserved = 0;  ///< capacity of the columns, kept across clear()
    /// How often each operation was recorded, by name, most frequent first. Scalar operations count only when the tape keeps them.
    std::vector<std::pair<std::string, std::size_t>> by_operation;
};

/// How a sweep is done.
struct GradientOptions {
    /// Sums of contributions keep what rounding loses, as in twice the precision: for programs whose large contributions cancel, as
    /// those of (x + c x) - c x do at c = 1e20, where the plain sweep finds 0 instead of 1. Several times slower (compensated.hpp).
    bool compensated = false;
};

/// A recording. While it lives it records what its thread computes with its variables; the newest live tape of a thread records.
/// Using a value of another tape throws TapeError. A tape is used by one thread at a time, and destroyed on the thread that made it;
/// a finished one may be swept by several threads at once.
class Tape : private WengertList {
  public:
    explicit Tape(Detail detail = Detail::operations, TapeLimits limits = {}, HeldBy holder = HeldBy::program);
    ~Tape();
    Tape(const Tape&) = delete;
    Tape& operator=(const Tape&) = delete;

    /// A new independent variable. The name appears in messages and explanations.
    [[nodiscard]] Scalar variable(double value, std::string_view name = {});
    template <class T>
    [[nodiscard]] Tensor<T> variable(const Tensor<T>& value, std::string_view name = {});

    /// Names a value that was computed; later messages and explanations use it. throws TapeError unless x is on this tape
    void name(const Scalar& x, std::string_view name);
    template <class T>
    void name(const Tensor<T>& x, std::string_view name);

    /// While what this returns lives, what is recorded belongs to a part of the program that explanations call by this name and by the line
    /// of the call: `const auto layer = tape.scope("layer 1");`. Parts nest. throws ValueError for an empty name
    TapeScope scope(std::string_view name, const char* file = __builtin_FILE(), std::uint32_t line = __builtin_LINE());

    /// Keeps the adjoint of an intermediate value, so that gradient(y)[x] can tell it: on a tape that keeps derivatives only, tensors are
    /// forgotten as soon as the sweep has passed them; Scalars never are. throws TapeError unless x is on this tape
    void retain(const Scalar& x);
    template <class T>
    void retain(const Tensor<T>& x);

    /// The present end of the list. Values recorded before it survive `rewind(mark)`.
    [[nodiscard]] Mark mark();
    /// Removes what was recorded since the mark; handles to it become stale. throws TapeError if the mark is not on this tape any more
    void rewind(const Mark& mark);
    /// Removes everything and keeps the memory. All handles become stale.
    void clear();

    /// dy/dx for every x on the tape; the tape is not changed, ask as often as you like.
    /// throws TapeError if y is not on this tape, ShapeError if y is a tensor with more than one element
    [[nodiscard]] Gradient gradient(const Scalar& y, const GradientOptions& options = {}) const;
    template <class T>
    [[nodiscard]] Gradient gradient(const Tensor<T>& y, const GradientOptions& options = {}) const;
    /// The same into an existing object, whose memory is used again. If a hook throws, `into` answers no question until the next sweep.
    void gradient(const Scalar& y, Gradient& into, const GradientOptions& options = {}) const;
    template <class T>
    void gradient(const Tensor<T>& y, Gradient& into, const GradientOptions& options = {}) const;

    /// dy/dx as values on this tape, so that they can be differentiated again; needs Detail::operations.
    /// throws as gradient(), and TapeError (detail) on a tape that keeps derivatives only
    [[nodiscard]] RecordedGradient recorded_gradient(const Scalar& y);
    template <class T>
    [[nodiscard]] RecordedGradient recorded_gradient(const Tensor<T>& y);

    [[nodiscard]] TapeStatistics stats() const;
    [[nodiscard]] Detail detail() const noexcept { return detail_; }

    /// Ends the recording: the tape leaves its thread, where the next older one records again. It can still be swept, on any thread.
    void finish() noexcept;

    // For the engine ----------------------------------------------------------------------------------------------------------------
    /// gradient(y) for a tape that is asked once: what tensor rows have saved is given up as the sweep passes them, and `reaches` knows
    /// nothing. All that can be done with the tape afterwards is to clear it.
    [[nodiscard]] Gradient spend(const Scalar& y);
    template <class T>
    [[nodiscard]] Gradient spend(const Tensor<T>& y);
    [[nodiscard]] const WengertList& list() const noexcept { return *this; }
    [[nodiscard]] const NodeList& nodes() const noexcept { return nodes_; }
    /// Where operations are kept: the comparisons of recorded values that decided something, in the order of the program.
    [[nodiscard]] std::span<const Branch> branches() const noexcept { return branches_; }
    void note_branch(const Branch& branch) { branches_.push_back(branch); }
    [[nodiscard]] std::span<const TapeScopes::Part> scopes() const noexcept { return scopes_.parts(); }
    /// Whether the row belongs to this recording (or to a part of an earlier one that a rewind has kept).
    [[nodiscard]] bool holds(std::uint32_t row, RecordingId id) const noexcept;
    /// The rows that each id covers: `first` of each, oldest first. More than one only after a rewind.
    struct Segment {
        std::uint32_t first;
        RecordingId id;
    };
    [[nodiscard]] std::span<const Segment> segments() const noexcept { return segments_; }
    /// The name that a row was given, if any; and what to call it in any case: "t<row>", or "W[3, 5]" for an element of W.
    [[nodiscard]] std::string_view given_name(std::uint32_t row) const;
    [[nodiscard]] std::string name_of(std::uint32_t row) const;
    /// The id that handles to a row of this tape carry.
    [[nodiscard]] RecordingId id_of(std::uint32_t row) const noexcept;
    /// The live tape of this thread that holds the row; throws TapeError (stale, foreign, moved from, constant) naming the operation.
    [[nodiscard]] static Tape& of(std::uint32_t row, RecordingId id, std::string_view operation);
    [[nodiscard]] static Tape& from(WengertList& list) noexcept { return static_cast<Tape&>(list); }
    [[nodiscard]] HeldBy held_by() const noexcept { return holder_; }
    /// throws TapeError (detail) on a tape that keeps derivatives only; a function that holds it then runs again with operations
    void require_operations(std::string_view operation);
    [[nodiscard]] bool missed_operations() const noexcept { return missed_operations_; }
    /// Appends a tensor row and returns where it stands; strong guarantee.
    std::uint32_t append(Node&& node, double scalar_value = 0);
    void name_row(std::uint32_t row, std::string_view name);

  private:
    friend struct Recorder;
    friend class TapeScope;
    /// A row without scalar operands: a variable, a tensor row, a mark.
    [[gnu::always_inline]] std::uint32_t append_leaf(double x) {
        if (leaf_rows_ >= leaf_capacity_ || rows > limits_.rows) [[unlikely]]
            grow_leaves();
        ++leaf_rows_;
        count[rows] = 0;
        if (operation != nullptr) value[rows] = x, operation[rows] = Operation{};
        return rows++;
    }
    void check_holds(std::uint32_t row, RecordingId recording, std::string_view asker) const;
    void grow_operands(std::uint32_t more);
    void grow_leaves();
    void grow_rows(std::uint64_t with_sink_and_one_more);
    void set_limit() noexcept;
    void check_rows() const;
    void begin_recording() noexcept;
    [[nodiscard]] RecordingId next_recording(std::uint32_t in_advance) noexcept;
    [[nodiscard]] std::uint32_t end_of_segment(std::size_t index) const noexcept;

    Detail detail_;
    HeldBy holder_;
    bool missed_operations_ = false;
    TapeLimits limits_;
    std::uint32_t row_capacity_ = 0, operand_capacity_ = 0, leaf_capacity_ = 0;
    std::uint32_t room_ = 0;       // operands that can be written without growing or asking
    std::uint32_t leaf_rows_ = 0;  // rows without scalar operands: variables, tensor rows, marks
    std::uint32_t variables_ = 0;
    std::uint32_t next_id_ = 0, last_id_ = 0;  // ids taken from the process in advance
    std::vector<Segment> segments_;
    NodeList nodes_;
    std::vector<Branch> branches_;
    TapeScopes scopes_;
    std::vector<std::pair<std::uint32_t, std::string>> names_;  // sorted by row
};

}  // namespace v1
}  // namespace autodiff
