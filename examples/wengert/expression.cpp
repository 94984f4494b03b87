// SPDX-License-Identifier: MIT
// The grammar, in Boost.Spirit X3: the one file that includes it. Its actions write the program of the stack directly, so that no tree is
// built; after every operator and parenthesis the grammar is committed (`>` instead of `>>`), so that no action must be taken back.
#include "examples/wengert/expression.hpp"

#include "autodiff/explain/words.hpp"
#include "examples/wengert/bad_input.hpp"
#include "examples/wengert/words.hpp"

#include <array>
#include <boost/spirit/home/x3.hpp>
#include <fmt/format.h>

namespace wengert {

namespace {

namespace x3 = boost::spirit::x3;
using Iterator = std::string::const_iterator;

constexpr int deepest = 100;  // parentheses, powers and signs inside each other: the parser's stack

// Hints for what is written otherwise elsewhere -------------------------------------------------------------------------------------------

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> called_otherwise{
    {{"ln", "log"}, {"power", "pow"}, {"logistic", "sigmoid"}}};
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> comparisons{{{"<=", "less_equal(a, b)"},
                                                                                    {">=", "less_equal(b, a)"},
                                                                                    {"==", "equal(a, b)"},
                                                                                    {"!=", "not_equal(a, b)"},
                                                                                    {"<", "less(a, b)"},
                                                                                    {">", "less(b, a)"}}};

std::string unknown_function(const std::string& name) {
    if (name == "softmax" || name == "log_softmax")
        return "; it is one of a whole layer, not of a number: use --net with --loss cross_entropy";
    for (const auto& [other, ours] : called_otherwise)
        if (name == other) return fmt::format("; did you mean '{}'?", ours);
    return did_you_mean(name, function_names());
}

bool in_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

/// At the place where the grammar got stuck.
std::string slip(std::string_view text, std::size_t at) {
    const std::string_view before = text.substr(0, text.substr(0, at).find_last_not_of(" \t\r\n") + 1), after = text.substr(at);
    if (before.ends_with('*') && after.starts_with('*')) return "; a power is written a^b";
    const std::size_t equals = before.ends_with('=') ? before.size() - 1 : at;  // x==y begins as an assignment
    for (const auto& [sign, call] : comparisons)
        if (text.substr(equals).starts_with(sign)) return fmt::format("; a {} b is written {}", sign, call);
    if (before.empty() || after.empty() || !(in_word(before.back()) || before.back() == ')') || !(in_word(after[0]) || after[0] == '('))
        return "";
    std::size_t begin = before.size(), end = 0;
    while (begin > 0 && (in_word(before[begin - 1]) || before[begin - 1] == '.')) --begin;
    while (end < after.size() && in_word(after[end])) ++end;
    const std::string left = begin < before.size() ? autodiff::printable(before.substr(begin)) : "(...)";
    const std::string right = autodiff::printable(after.substr(0, end)) + (after.substr(end).starts_with('(') ? "(...)" : "");
    return find_function(left) ? fmt::format("; the function is written {}({})", left, right)
                               : fmt::format("; a product is written {}*{}", left, right);
}

/// What the actions write, and what they must remember for it.
class Builder {
  public:
    explicit Builder(Expression& expression) : expression_(expression) {}

    void number(Iterator begin, Iterator end) {
        const auto value = real_number(std::string_view(&*begin, static_cast<std::size_t>(end - begin)));
        if (!value) fail(begin, "expected a number that a double can hold");
        expression_.steps.emplace_back(Expression::Number{*value});
    }
    void operation(autodiff::Operation rule) { expression_.steps.emplace_back(Expression::Call{rule}); }
    void open(Iterator begin, Iterator end) { names_.push_back({std::string(begin, end), begin, 0}); }
    void argument() { ++names_.back().arguments; }
    void use_name() {
        expression_.steps.emplace_back(Expression::Name{names_.back().name, offset(names_.back().begin)});
        names_.pop_back();
    }
    void call() {
        const Named f = names_.back();
        names_.pop_back();
        const auto rule = find_function(f.name);
        if (!rule) fail(f.begin, fmt::format("expected a function, got '{}'{}", f.name, unknown_function(f.name)));
        if (autodiff::arity(*rule) != f.arguments)
            fail(f.begin, fmt::format("expected {} argument{} of {}, got {}", autodiff::arity(*rule),
                                      autodiff::arity(*rule) == 1 ? "" : "s", f.name, f.arguments));
        operation(*rule);
    }
    void assign() {
        expression_.steps.emplace_back(Expression::Assign{names_.back().name, offset(names_.back().begin)});
        names_.pop_back();
    }
    void begin_statement(Iterator at) const {
        if (finished_) fail(at, "expected the end after a formula without a name");
    }
    void finish() { finished_ = true; }
    void enter(Iterator at) {
        if (++depth_ > deepest) fail(at, fmt::format("expected at most {} levels of parentheses, powers and signs", deepest));
    }
    void leave() { --depth_; }
    [[noreturn]] void stuck(Iterator at, const std::string& sentence) const { fail(at, sentence + slip(expression_.text, offset(at))); }
    [[noreturn]] void fail(Iterator at, const std::string& sentence) const {
        throw BadInput(pointing(sentence, expression_.text, offset(at)));
    }

  private:
    struct Named {
        std::string name;
        Iterator begin;
        int arguments;
    };
    [[nodiscard]] std::size_t offset(Iterator at) const { return static_cast<std::size_t>(at - expression_.text.cbegin()); }
    Expression& expression_;
    std::vector<Named> names_;  // whose parentheses are open
    int depth_ = 0;
    bool finished_ = false;
};

template <class Context>
Builder& builder(const Context& context) {
    return x3::get<Builder>(context).get();
}
template <autodiff::Operation rule>
constexpr auto emit = [](auto& context) { builder(context).operation(rule); };
constexpr auto number = [](auto& c) { builder(c).number(x3::_attr(c).begin(), x3::_attr(c).end()); };
constexpr auto open = [](auto& c) { builder(c).open(x3::_attr(c).begin(), x3::_attr(c).end()); };
constexpr auto argument = [](auto& c) { builder(c).argument(); };
constexpr auto use_name = [](auto& c) { builder(c).use_name(); };
constexpr auto call = [](auto& c) { builder(c).call(); };
constexpr auto assign = [](auto& c) { builder(c).assign(); };
constexpr auto begin_statement = [](auto& c) { builder(c).begin_statement(x3::_where(c).begin()); };
constexpr auto finish = [](auto& c) { builder(c).finish(); };
constexpr auto enter = [](auto& c) { builder(c).enter(x3::_where(c).begin()); };
constexpr auto leave = [](auto& c) { builder(c).leave(); };

namespace rules = autodiff::rules;
using autodiff::code_of;

// The names of rules are what a message says was expected.
const x3::rule<class program_id> program = "a formula";
const x3::rule<class sum_id> sum = "a number, a name, a function or '('";
const x3::rule<class product_id> product = "a number, a name, a function or '('";
const x3::rule<class signed_id> signed_operand = "a number, a name, a function or '('";
const x3::rule<class arguments_id> arguments = "a number, a name, a function or '('";
const x3::rule<class closing_id> closing = "an operator or ')'";
const x3::rule<class closing_call_id> closing_call = "an operator, ',' or ')'";
const x3::rule<class operand_id> operand = "a number, a name, a function or '('";

const auto blank = x3::char_(" \t\r\n");
const auto digits = +x3::char_('0', '9');
const auto exponent = x3::char_("eE") >> -x3::char_("+-") >> digits;
const auto literal = x3::raw[x3::lexeme[((digits >> -('.' >> *x3::char_('0', '9'))) | ('.' >> digits)) >> -exponent]];
const auto letter = x3::char_('a', 'z') | x3::char_('A', 'Z') | x3::char_('_');
const auto name = x3::raw[x3::lexeme[letter >> *(letter | x3::char_('0', '9'))]];

const auto arguments_def = (sum >> x3::eps[argument]) % ',';
const auto closing_def = x3::lit(')');
const auto closing_call_def = x3::lit(')')[call];
const auto operand_def =
    literal[number] | (name[open] >> ((x3::lit('(') > arguments > closing_call) | x3::eps[use_name])) | (x3::lit('(') > sum > closing);
const auto signed_operand_def = x3::eps[enter] >>
                                ((x3::lit('-') > signed_operand)[emit<code_of<rules::Neg>>] | (x3::lit('+') > signed_operand) |
                                 (operand >> -(x3::lit('^') > signed_operand)[emit<code_of<rules::Pow>>])) >>
                                x3::eps[leave];
const auto product_def = signed_operand >> *((x3::lit('*') > signed_operand)[emit<code_of<rules::Mul>>] |
                                             (x3::lit('/') > signed_operand)[emit<code_of<rules::Div>>]);
const auto sum_def = product >>
                     *((x3::lit('+') > product)[emit<code_of<rules::Add>>] | (x3::lit('-') > product)[emit<code_of<rules::Sub>>]);
const auto assignment = &(name >> '=') >> name[open] >> '=' >> (x3::eps > sum) >> x3::eps[assign];
const auto statement = x3::eps[begin_statement] >> (assignment | ((x3::eps > sum) >> x3::eps[finish]));
const auto program_def = statement % ';';

BOOST_SPIRIT_DEFINE(program, sum, product, signed_operand, arguments, closing, closing_call, operand)

}  // namespace

Expression parse_expression(const std::string& text) {
    Expression expression{text, {}};
    Builder builder(expression);
    const auto grammar = x3::with<Builder>(std::ref(builder))[program];
    Iterator at = expression.text.cbegin();
    const Iterator end = expression.text.cend();
    try {
        if (!x3::phrase_parse(at, end, grammar, blank)) builder.fail(at, "expected a formula");
    } catch (const x3::expectation_failure<Iterator>& failure) {
        Iterator where = failure.where();
        while (where != end && std::string_view(" \t\r\n").find(*where) != std::string_view::npos) ++where;
        builder.stuck(where, "expected " + failure.which());
    }
    if (at != end) builder.stuck(at, "expected an operator or the end");
    return expression;
}

}  // namespace wengert
