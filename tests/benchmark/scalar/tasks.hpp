// SPDX-License-Identifier: MIT
/// The list of tasks. A new one is a header like gmm.hpp, its name here and a row in driver.cpp.
#pragma once

#include "black_scholes.hpp"
#include "bundle.hpp"
#include "gmm.hpp"
#include "lorenz.hpp"
#include "lstm.hpp"
#include "perceptron.hpp"
#include "start.hpp"

#include <tuple>
#include <utility>

namespace benchmark {

using Tasks = std::tuple<Gmm, Bundle, Lstm, Lorenz, BlackScholes, Perceptron, Start>;

/// Constructs the task of that name and hands it to `use`; false if there is none.
template <class F>
bool with_task(std::string_view name, bool quick, F&& use) {
    const auto attempt = [&]<class Task>(std::type_identity<Task>) {
        if (name != Task::name) return false;
        use(Task(quick));
        return true;
    };
    return [&]<std::size_t... i>(std::index_sequence<i...>) {
        return (attempt(std::type_identity<std::tuple_element_t<i, Tasks>>{}) || ...);
    }
    (std::make_index_sequence<std::tuple_size_v<Tasks>>{});
}

}  // namespace benchmark
