// SPDX-License-Identifier: MIT
// The only file that knows oneTBB, and the only one that knows that the BLAS may be OpenBLAS.
#include "autodiff/kernels/threads.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <mutex>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

// Weak: absent, and then null, with any other BLAS.
extern "C" {
[[gnu::weak]] void openblas_set_num_threads(int count);
[[gnu::weak]] int openblas_get_num_threads(void);
}

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

using Control = tbb::global_control;

struct Settings {
    std::mutex mutex;
    std::unique_ptr<Control> limit;
    int serial_scopes = 0;  // SerialBlas objects alive
    int blas_threads = 0;   // what the first of them found, and the last of them restores
};

Settings& settings() {
    static Settings instance;
    return instance;
}

bool has_openblas() { return openblas_set_num_threads != nullptr && openblas_get_num_threads != nullptr; }

}  // namespace

int threads() noexcept { return static_cast<int>(Control::active_value(Control::max_allowed_parallelism)); }

void set_threads(int count) {
    if (count < 1) throw ValueError("set_threads", "at least 1 thread", fmt::format("{}", count));
    Settings& ours = settings();
    const std::lock_guard lock(ours.mutex);
    ours.limit.reset();  // limits of two living controls would combine to the smaller one
    ours.limit = std::make_unique<Control>(Control::max_allowed_parallelism, static_cast<std::size_t>(count));
    if (!has_openblas()) return;
    ours.blas_threads = count;
    if (ours.serial_scopes == 0) openblas_set_num_threads(count);
}

SerialBlas::SerialBlas() {
    if (!has_openblas()) return;
    Settings& ours = settings();
    const std::lock_guard lock(ours.mutex);
    if (ours.serial_scopes++ > 0) return;
    ours.blas_threads = openblas_get_num_threads();
    if (ours.blas_threads > 1) openblas_set_num_threads(1);
}

SerialBlas::~SerialBlas() {
    if (!has_openblas()) return;
    Settings& ours = settings();
    const std::lock_guard lock(ours.mutex);
    if (--ours.serial_scopes == 0 && ours.blas_threads > 1) openblas_set_num_threads(ours.blas_threads);
}

void run_blocks(Index count, Index block, void (*body)(const void*, Index, Index), const void* context) {
    const Index blocks = (count + block - 1) / block;
    const auto one = [=](Index b) { body(context, b * block, std::min(count, (b + 1) * block)); };
    if (threads() == 1) {
        for (Index b = 0; b < blocks; ++b) one(b);
        return;
    }
    tbb::this_task_arena::isolate([&] { tbb::parallel_for(Index{0}, blocks, one); });
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff
