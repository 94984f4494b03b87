// SPDX-License-Identifier: MIT
// The facts of every rule in the list, worked out once.
#include "autodiff/rules/dependence.hpp"

namespace autodiff {
inline namespace v1 {

const Dependence& dependence(Operation operation) {
    static const auto facts = []<class... R>(rules::List<R...>) {
        return std::array<Dependence, sizeof...(R) + 1>{Dependence{}, internal::dependence_of<R>()...};
    }(rules::All{});
    const auto code = static_cast<std::size_t>(operation);
    if (code >= facts.size()) internal::throw_not_a_rule(operation, 0, facts.size() - 1);
    return facts[code];
}

}  // namespace v1
}  // namespace autodiff
