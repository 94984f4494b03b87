// SPDX-License-Identifier: MIT
// The tables of single operations, one thread, beside the limits of the machine (limits.cpp) and matrix products by hand (products.cpp).
#include "sides.hpp"

#include "benchmark/machine.hpp"

#include <algorithm>
#include <cstdio>
#include <map>

namespace benchmark {
namespace {

class Operations {
  public:
    explicit Operations(const Options& options) : options_(options) {
        for (const Side& side : sides_of_operations(options)) {
            Column column(side, options, 1);
            if (column.present()) columns_.push_back(std::move(column));
        }
        limits_.emplace_back(Side{"limits", "", {options.here / "tensor_limits"}, {}, {}, false}, options, 1);
    }
    bool print() {
        for (const Column& column : columns_) std::printf("- %s: %s\n", column.side.label.c_str(), column.description.c_str());
        print_limits();
        print_elementwise();
        print_rows();
        print_products();
        print_others();
        agreement_.print();
        return agreement_.good;
    }

  private:
    /// Flops or bytes a second.
    double limit(const std::string& request) {
        measure(limits_, request, options_, agreement_);
        if (!limits_[0].answered()) return 0;
        const Answer& answer = limits_[0].answers[0];
        return static_cast<double>(answer.bytes) / minimum(limits_[0].values());
    }
    double bandwidth(const std::string& kernel, const std::string& n) {
        const std::string key = kernel + ' ' + n;
        if (!bandwidths_.contains(key)) bandwidths_[key] = std::max(limit(key), limit("stream-" + key));
        return bandwidths_[key];
    }
    void print_limits() {
        peak_ = limit("peak");
        std::printf("\n| limits of one core | |\n|---|---|\n| multiply-adds, float | %s GFLOP/s |\n", figure(peak_ * 1e-9).c_str());
        for (const std::string& n : sizes())
            std::printf("| arrays of %s floats, y = s x / y = a + s b | %s / %s GB/s |\n", n.c_str(),
                        figure(bandwidth("copy", n) * 1e-9).c_str(), figure(bandwidth("triad", n) * 1e-9).c_str());
    }
    std::vector<std::string> sizes() const {
        std::vector<std::string> all{"1000", "100000", "1000000", "10000000"};
        if (options_.quick) all.pop_back();
        return all;
    }

    /// Our column, the fastest of libtorch, and those by hand, for one request; null where there is none.
    struct Measured {
        const Column *ours = nullptr, *libtorch = nullptr;
        double by_hand = 0;  // the best time
    };
    Measured measured(const std::string& request) {
        measure(columns_, request, options_, agreement_);
        Measured m;
        for (const Column& column : columns_) {
            if (!column.answered()) continue;
            const double time = median(column.values());
            if (column.side.label == "Wengert")
                m.ours = &column;
            else if (column.side.label != "libtorch")
                m.by_hand = m.by_hand == 0 ? time : std::min(m.by_hand, time);
            else if (m.libtorch == nullptr || time < median(m.libtorch->values()))
                m.libtorch = &column;
        }
        return m;
    }
    /// ` ours | libtorch | ours / it |` with a time in units, or a rate.
    void print_pair(const Measured& m, double units_per_second) {
        const auto cell = [&](const Column* column) {
            return column == nullptr ? "-" : figure(median(column->values()) * units_per_second);
        };
        const std::string r = m.ours != nullptr && m.libtorch != nullptr ? figure(ratio(*m.ours, *m.libtorch)) : "-";
        std::printf(" %s | %s | %s |", cell(m.ours).c_str(), cell(m.libtorch).c_str(), r.c_str());
    }
    void print_rate(const Column* column, double flops) {
        std::printf(" %s |", column == nullptr ? "-" : figure(flops / median(column->values()) * 1e-9).c_str());
    }

    /// Those of the names that the command line asks for.
    std::vector<std::string> wanted(std::initializer_list<std::string> names) const {
        std::vector<std::string> chosen;
        std::copy_if(names.begin(), names.end(), std::back_inserter(chosen),
                     [this](const std::string& name) { return listed(options_.tasks, name); });
        return chosen;
    }
    void print_elementwise() {
        const auto functions = wanted({"add", "mul", "exp", "log", "tanh", "sigmoid", "erf", "softplus", "relu", "gelu", "sum"});
        if (functions.empty()) return;
        std::printf(
            "\nElement by element, ns an element (its inverse is Gop/s). \"limit\": the traffic of the values at the bandwidth above; "
            "\"gradient\": value and gradient of the sum of the results.\n\n"
            "| function | n | forward | libtorch | ours / it | limit | gradient | libtorch | ours / it |\n"
            "|---|---|---|---|---|---|---|---|---|\n");
        for (const std::string& name : functions)
            for (const std::string& n : sizes()) {
                if (n == "1000000") continue;
                const double units = 1e9 / std::stod(n);
                const bool binary = name == "add" || name == "mul";
                const double bytes = name == "sum" ? 4 : binary ? 12 : 8;
                std::printf("| %s | %s |", name.c_str(), n.c_str());
                print_pair(measured(name + " forward " + n), units);
                std::printf(" %s |", figure(1e9 * bytes / bandwidth(binary ? "triad" : "copy", n)).c_str());
                if (name == "sum")
                    std::printf(" | | |");
                else
                    print_pair(measured(name + " gradient " + n), units);
                std::printf("\n");
                std::fflush(stdout);
            }
    }
    void print_rows() {
        const auto functions = wanted({"softmax", "logsumexp", "layer_norm"});
        if (functions.empty()) return;
        std::printf("\nAlong rows, ns an element.\n\n| function | rows x width | forward | libtorch | ours / it | gradient | libtorch | "
                    "ours / it |\n"
                    "|---|---|---|---|---|---|---|---|\n");
        for (const std::string& name : functions)
            for (const std::string extents : {"64 10", "1024 1024"}) {
                const double units = 1e9 / (extents == "64 10" ? 640 : 1024 * 1024);
                std::printf("| %s | %s |", name.c_str(), extents.c_str());
                print_pair(measured(name + " forward " + extents), units);
                print_pair(measured(name + " gradient " + extents), units);
                std::printf("\n");
                std::fflush(stdout);
            }
    }
    void print_products() {
        if (wanted({"matmul"}).empty()) return;
        std::printf("\nMatrix products [m, k] x [k, n], GFLOP/s; \"by hand\": the better of OpenBLAS and oneDNN.\n\n"
                    "| m n k (batch) | | ours | libtorch | by hand | time: ours / libtorch | ours / by hand | of the peak |\n"
                    "|---|---|---|---|---|---|---|---|\n");
        struct Size {
            const char* extents;
            double multiplications;
        };
        for (const Size& size : {Size{"8 8 8", 512}, Size{"64 256 784", 64. * 256 * 784}, Size{"512 512 512", 512. * 512 * 512},
                                 Size{"1024 1024 1024", 1024. * 1024 * 1024}, Size{"64 64 32 64", 64. * 64 * 64 * 32},
                                 Size{"1 256 784", 256. * 784}, Size{"1024 1 1024", 1024. * 1024}, Size{"784 256 1", 784. * 256}})
            for (const std::string what : {"forward", "gradient"}) {
                const Measured m = measured("matmul " + what + ' ' + size.extents);
                const double flops = size.multiplications * (what == "forward" ? 2 : 6);
                std::printf("| %s | %s |", size.extents, what.c_str());
                print_rate(m.ours, flops), print_rate(m.libtorch, flops);
                std::printf(" %s |", m.by_hand > 0 ? figure(flops / m.by_hand * 1e-9).c_str() : "-");
                std::printf(" %s |", m.ours != nullptr && m.libtorch != nullptr ? figure(ratio(*m.ours, *m.libtorch)).c_str() : "-");
                std::printf(" %s |", m.ours != nullptr && m.by_hand > 0 ? figure(median(m.ours->values()) / m.by_hand).c_str() : "-");
                std::printf(" %s |\n", m.ours != nullptr && peak_ > 0 ? figure(flops / median(m.ours->values()) / peak_).c_str() : "-");
                std::fflush(stdout);
            }
    }
    void print_others() {
        if (wanted({"conv2d", "max_pool", "adam"}).empty()) return;
        std::printf(
            "\n| operation | ours, us | libtorch, us | ours / it | ours, GFLOP/s | libtorch, GFLOP/s |\n|---|---|---|---|---|---|\n");
        struct Other {
            const char *request, *title;
            double flops;
        };
        constexpr double convolution = 2. * 8 * 64 * 56 * 56 * 64 * 9;
        for (const Other& other :
             {Other{"conv2d forward", "convolution 64 -> 64, 3x3, 56x56, batch 8: forward", convolution},
              Other{"conv2d dx", "gradient of the images", convolution}, Other{"conv2d dw", "gradient of the weights", convolution},
              Other{"max_pool forward", "max-pooling 2x2, [64, 16, 28, 28]: forward", 0},
              Other{"max_pool gradient", "value and gradient of the sum", 0},
              Other{"adam step", "one step of Adam, 235,146 parameters", 0}}) {
            const std::string request = other.request;
            if (wanted({request.substr(0, request.find(' '))}).empty()) continue;
            const Measured m = measured(request);
            std::printf("| %s |", other.title);
            print_pair(m, 1e6);
            if (other.flops > 0)
                print_rate(m.ours, other.flops), print_rate(m.libtorch, other.flops);
            else
                std::printf(" | |");
            std::printf("\n");
            std::fflush(stdout);
        }
    }

    const Options& options_;
    std::vector<Column> columns_, limits_;
    std::map<std::string, double> bandwidths_;
    double peak_ = 0;
    Agreement agreement_;
};

}  // namespace

bool print_operations(const Options& options) {
    pin_to_cpus(1);
    std::printf("\n### Operations\n\nOne thread, CPU time of the process, median of %d rounds of %g ms and more.\n\n", options.repeats,
                options.milliseconds);
    return Operations(options).print();
}

}  // namespace benchmark
