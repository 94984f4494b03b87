// SPDX-License-Identifier: MIT
#include "autodiff/io/json.hpp"

#include "autodiff/explain/words.hpp"
#include "autodiff/io/file.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <set>

namespace autodiff {
inline namespace v1 {
namespace io {

namespace {

using nlohmann::json;
constexpr std::size_t most_axes = 64;

/// Bytes that say how many of them the parser has read.
class Counted {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;
    Counted(const char* at, const char** farthest) : at_(at), farthest_(farthest) {}
    reference operator*() const { return *at_; }
    Counted& operator++() {
        *farthest_ = ++at_;
        return *this;
    }
    friend bool operator==(const Counted& a, const Counted& b) { return a.at_ == b.at_; }
    friend bool operator!=(const Counted& a, const Counted& b) { return !(a == b); }

  private:
    const char* at_;
    const char** farthest_;
};

/// Collects tensors from the parser's events; nothing here or there is recursive.
class Collector final : public nlohmann::json_sax<json> {
  public:
    Collector(std::string_view text, const char* const* now, const LoadLimits& limits, const internal::Origin& origin)
        : text_(text), now_(now), limits_(limits), origin_(origin) {}

    NamedTensors tensors;

    bool null() override { fail("numbers", "null"); }
    bool boolean(bool) override { fail("numbers", "a boolean"); }
    bool number_integer(number_integer_t x) override { return number(static_cast<double>(x)); }
    bool number_unsigned(number_unsigned_t x) override { return number(static_cast<double>(x)); }
    bool number_float(number_float_t x, const string_t&) override { return number(x); }
    bool string(string_t&) override { fail("numbers", "a string"); }
    bool binary(binary_t&) override { fail("numbers", "bytes"); }
    bool start_object(std::size_t) override {
        if (std::exchange(opened_, true)) fail("numbers", "an object");
        return true;
    }
    bool end_object() override { return true; }
    bool key(string_t& name) override {
        if (tensors.size() == limits_.tensors) fail(fmt::format("at most {} tensors", limits_.tensors), "more");
        if (!names_.insert(name).second) fail("every name once", fmt::format("\"{}\" again", printable(name)));
        name_ = name;
        values_.clear(), counts_.clear(), extents_.clear();
        rank_ = none;
        return true;
    }
    bool start_array(std::size_t) override {
        demand_object();
        if (counts_.size() == std::min(rank_, most_axes))
            fail(fmt::format("{} for \"{}\"", rank_ == none ? "at most 64 axes" : "a number", printable(name_)), "a list");
        count();
        counts_.push_back(0);
        return true;
    }
    bool end_array() override {
        const std::size_t axis = counts_.size() - 1;
        const Index n = counts_.back();
        counts_.pop_back();
        // An axis is as long as its first list; an empty one is the last axis.
        if (n == 0 && rank_ == none) rank_ = axis + 1;
        if (extents_.size() < rank_ && rank_ != none) extents_.resize(rank_, open);
        if (rank_ != none && axis < extents_.size() && extents_[axis] == open) extents_[axis] = n;
        if (extents_[axis] != n)
            fail(fmt::format("{} elements in every list of axis {} of \"{}\"", extents_[axis], axis, printable(name_)),
                 fmt::format("{}", n));
        if (counts_.empty()) finish();
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
        const auto follows = [this](std::string_view word) {  // the parser gives up at its first or second letter
            return text_.substr(read() - std::min<std::size_t>(read(), 2)).starts_with(word) ||
                   text_.substr(read() - std::min<std::size_t>(read(), 1)).starts_with(word);
        };
        for (const std::string_view word : {"NaN", "-Infinity", "Infinity", "-nan", "nan", "-inf", "inf"})
            if (follows(word)) fail("finite numbers", word, "JSON has neither NaN nor infinities, .npz and .safetensors have");
        fail("JSON", "something else");
    }
    void check_complete() const {
        if (!opened_) fail("an object of tensors by name", "something else");
    }

  private:
    static constexpr std::size_t none = SIZE_MAX;  // the rank while no number has been seen
    static constexpr Index open = -1;

    /// How many bytes the parser has read.
    [[nodiscard]] std::size_t read() const { return static_cast<std::size_t>(*now_ - text_.data()); }
    [[noreturn]] void fail(std::string_view expected, std::string_view got, std::string_view remedy = {}) const {
        origin_.fail(read(), expected, got, remedy);
    }
    void demand_object() const {
        if (!opened_) fail("an object of tensors by name", "something else");
    }
    void count() {
        if (!counts_.empty()) ++counts_.back();
    }
    bool number(double x) {
        demand_object();
        if (rank_ == none) rank_ = counts_.size();
        if (counts_.size() != rank_) fail(fmt::format("a list for axis {} of \"{}\"", counts_.size(), printable(name_)), "a number");
        count();
        values_.push_back(x);
        if (counts_.empty()) finish();
        return true;
    }
    void finish() {
        const std::uint64_t bytes = values_.size() * sizeof(double);
        if (bytes > limits_.bytes - bytes_) fail(fmt::format("at most {} bytes of numbers", limits_.bytes), "more");
        bytes_ += bytes;
        tensors.emplace_back(name_, Tensor<double>(Shape(std::span<const Index>(extents_)), std::span<const double>(values_)));
    }

    std::string_view text_;
    const char* const* now_;
    const LoadLimits& limits_;
    const internal::Origin& origin_;
    bool opened_ = false;
    std::set<std::string> names_;
    std::string name_;
    std::vector<double> values_;
    std::vector<Index> counts_, extents_;  // of the lists that are open; of the axes
    std::size_t rank_ = none;
    std::uint64_t bytes_ = 0;
};

/// Elements of a row-major tensor as nested lists.
template <class T>
void print_values(std::string& text, const Tensor<T>& x) {
    const std::span<const T> values = x.data();
    std::vector<Index> period;  // of the lists of each axis, in elements
    Index step = 1;
    for (Index axis = x.rank() - 1; axis >= 0; --axis) period.push_back(step *= x.shape()[axis]);
    if (values.empty()) {
        if (x.rank() != 1) throw ValueError("write_json", "elements, or one axis without any", to_string(x.shape()));
        text += "[]";
    }
    for (Index k = 0; k < x.size(); ++k) {
        const T value = values[static_cast<std::size_t>(k)];
        if (!std::isfinite(value)) throw ValueError("write_json", "finite numbers", fmt::format("{}", value));
        for (const Index p : period)
            if (k % p == 0) text += '[';
        text += fmt::format("{}", static_cast<double>(value));
        for (const Index p : period)
            if ((k + 1) % p == 0) text += ']';
        if (k + 1 < x.size()) text += ", ";
    }
}

}  // namespace

NamedTensors parse_json_tensors(std::string_view text, const LoadLimits& limits) {
    const internal::Origin origin{"read_json"};
    const char* now = text.data();
    Collector collector(text, &now, limits, origin);
    json::sax_parse(Counted(text.data(), &now), Counted(text.data() + text.size(), &now), &collector);
    collector.check_complete();
    return std::move(collector.tensors);
}

NamedTensors read_json(const std::filesystem::path& path, const LoadLimits& limits) {
    return parse_json_tensors(internal::read_file(path, "read_json", limits), limits);
}

void write_json(const std::filesystem::path& path, const NamedTensors& tensors) {
    std::string text = "{";
    std::set<std::string> names;
    for (const auto& [name, tensor] : tensors) {
        if (!names.insert(name).second) throw ValueError("write_json", "every name once", fmt::format("\"{}\" again", printable(name)));
        if (!internal::is_utf8(name)) throw ValueError("write_json", "names in UTF-8", fmt::format("\"{}\"", printable(name)));
        text += fmt::format("{}  {}: ", text.size() == 1 ? "\n" : ",\n", json(name).dump());
        if (const auto* x = std::get_if<Tensor<float>>(&tensor))
            print_values(text, x->constant().contiguous());
        else if (const auto* y = std::get_if<Tensor<double>>(&tensor))
            print_values(text, y->constant().contiguous());
        else
            throw ValueError("write_json", "a tensor", fmt::format("none for \"{}\"", printable(name)));
    }
    text += "\n}\n";
    internal::write_file(path, std::array{std::string_view(text)});
}

}  // namespace io
}  // namespace v1
}  // namespace autodiff
