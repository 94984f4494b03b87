// SPDX-License-Identifier: MIT
// wengert: explains derivatives, and checks those that were computed by hand. The command line is read here, by CLI11.
//   wengert explain 'sigmoid(w*a + b)' --at w=0.5,a=2,b=-1 -o page.html
//   wengert check model.json manual.npz
#include "autodiff/explain/words.hpp"
#include "examples/wengert/bad_input.hpp"
#include "examples/wengert/commands.hpp"
#include "examples/wengert/functions.hpp"
#include "examples/wengert/network.hpp"
#include "examples/wengert/words.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cmath>
#include <cstdio>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <memory>

namespace {

using namespace wengert;

constexpr int most_digits = 17, most_rows = 1'000'000;

auto whole(int& value, int last) {
    return [&value, last](const std::string& text) {
        const auto number = whole_number(text);
        if (!number || *number < 1 || *number > last) return fmt::format("expected a whole number from 1 to {}, got '{}'", last, text);
        value = static_cast<int>(*number);
        return std::string();
    };
}
auto seed(std::uint64_t& value) {
    return [&value](const std::string& text) {
        const auto number = whole_number(text);
        if (!number || *number < 0) return fmt::format("expected a whole number from 0 on, got '{}'", text);
        value = static_cast<std::uint64_t>(*number);
        return std::string();
    };
}
auto positive(double& value) {
    return [&value](const std::string& text) {
        const auto number = real_number(text);
        if (!number || !(*number > 0) || !std::isfinite(*number)) return fmt::format("expected a positive number, got '{}'", text);
        value = *number;
        return std::string();
    };
}
auto one_of(std::vector<std::string> names) {
    return [names = std::move(names)](const std::string& text) {
        for (const std::string& name : names)
            if (name == text) return std::string();
        return fmt::format("expected {}, got '{}'{}", fmt::join(names, ", "), text, did_you_mean(text, names));
    };
}

class CommandLine {
  public:
    CommandLine() {
        app_.require_subcommand(1);
        app_.footer("Examples:\n  wengert explain 'sigmoid(w*a + b)' --at w=0.5,a=2,b=-1 -o page.html\n"
                    "  wengert explain --net 2-3-2:sigmoid --input 0.5,-1 --target 1,0 --why 'W1[0, 1]'\n"
                    "  wengert check model.json manual.npz");
        describe_explain();
        describe_check();
        describe_template();
    }

    /// The exit status; nothing was done if only help was asked for.
    int run(int argc, const char* const* argv) {
        try {
            app_.parse(argc, argv);
        } catch (const CLI::CallForHelp&) {
            const auto asked = app_.get_subcommands();
            write_output((asked.empty() ? &app_ : asked.front())->help(), "");
            return 0;
        } catch (const CLI::ExtrasError&) {
            refuse_extras();
        } catch (const CLI::ParseError& error) {
            const std::string text = error.what();
            throw BadInput(text.substr(0, text.find('\n')));
        }
        if (explain_app_->parsed()) {
            refuse_useless();
            return wengert::run(explain_);
        }
        return check_app_->parsed() ? wengert::run(check_) : wengert::run(template_);
    }

  private:
    /// Words of the command line that nothing takes. CLI11 names all of them, in disorder.
    [[noreturn]] void refuse_extras() const {
        const auto asked = app_.get_subcommands();
        const std::string command = asked.empty() ? "wengert" : asked.front()->get_name();
        const std::vector<std::string> extras = app_.remaining(true);
        const bool marked = extras.front() == "--";
        const std::string& word = extras[marked ? 1 : 0];
        const auto is_value = [](std::string_view x) { return x.find('=') != x.npos && x.find(';') == x.npos; };
        std::string hint;
        if (marked) {
            hint = "; options come before --";
        } else if (word.starts_with("--") && !asked.empty()) {
            std::vector<std::string> names;
            for (const CLI::Option* option : asked.front()->get_options()) names.push_back(option->get_name());
            hint = did_you_mean(word, names);
        } else if (word.starts_with('-') && command == "explain") {
            hint = "; a formula that begins with a minus comes last, after --";
        } else if (command == "explain" && (is_value(word) || is_value(explain_.expression))) {
            hint = "; values are separated by commas, as in --at x=1,y=2";
        }
        throw BadInput(fmt::format("{}: expected an option or the end, got '{}'{}", command, autodiff::printable(word), hint));
    }
    /// Options of explain that would change nothing.
    void refuse_useless() const {
        const auto given = [this](const char* option) { return explain_app_->count(option) > 0; };
        const bool formula = given("expression"), net = given("--net");
        for (const char* option : {"--input", "--target", "--loss", "--weights", "--seed"})
            if (formula && !net && given(option)) throw BadInput(fmt::format("{}: expected --net with it, got a formula", option));
        if (net && !formula && given("--at")) throw BadInput("--at: expected a formula with it, got --net");
        for (const auto& [option, others] : std::initializer_list<std::pair<const char*, std::vector<const char*>>>{
                 {"--why", {"--paths", "--step", "--from", "--to", "--var", "--rows"}},
                 {"--paths", {"--step", "--from", "--to", "--var", "--rows"}},
                 {"--rows", {"--step", "--from", "--to", "--var"}},
                 {"--weights", {"--seed"}}})
            for (const char* other : others)
                if (given(option) && given(other)) throw BadInput(fmt::format("{}: expected no {} with it, got both", option, other));
    }

    // CLI11 wants somewhere to put what the checks have read already.
    std::string& text() { return *texts_.emplace_back(std::make_unique<std::string>()); }

    static std::string about_networks() {
        return fmt::format("Activations: {}. Without any, all layers are linear.\n"
                           "Losses of outputs a and targets t: half_squared_error = sum (a - t)^2 / 2, mse = mean of (a - t)^2,\n"
                           "cross_entropy = mean over the samples of -ln softmax(a) at the label, or of -sum t ln softmax(a);\n"
                           "with that one, one activation for all layers leaves the last one linear.",
                           fmt::join(activation_names(), ", "));
    }
    void add_problem(CLI::App& app, ProblemOptions& problem) {
        app.add_option("--net", problem.net, "sizes and activations of dense layers, such as 2-3-2:sigmoid or 2-3-2:tanh,linear");
        app.add_option("--input", problem.input, "values of a sample, samples separated by ';', such as '0.5,-1;1,2'");
        app.add_option("--target", problem.target, "the same for the output; for cross_entropy also a label for each sample");
        app.add_option("--loss", problem.loss, "half_squared_error (the default), mse or cross_entropy");
        app.add_option("--seed", text(), "draws weights and biases, rounded to two decimals (1)")->check(seed(problem.seed));
    }
    void describe_explain() {
        CLI::App& app = *explain_app_;
        app.footer(fmt::format("Functions: {}; constants pi, e, inf, nan.\n"
                               "Intermediate values get names by assignment: 'z = w*a + b; (sigmoid(z) - 1)^2'.\n"
                               "A formula that begins with a minus comes last, after --.\n{}",
                               fmt::join(function_names(), ", "), about_networks()));
        app.add_option("expression", explain_.expression, "a formula, such as 'sigmoid(w*a + b)'");
        app.add_option("--at", explain_.at, "values of its variables, such as w=0.5,a=pi/2")
            ->expected(1)
            ->take_all()
            ->allow_extra_args(false);
        add_problem(app, explain_.problem);
        app.add_option("--weights", explain_.problem.weights, "W1, b1, ... from a file .npz, .json or .safetensors instead of the seed");
        app.add_option("--format", explain_.format, "text, md, html, dot or mermaid (text, or as the output is called)")
            ->check(one_of({"text", "md", "html", "dot", "mermaid"}));
        app.add_option("-o,--output", explain_.output, "write to this file");
        app.add_option("--rows", text(), "how many steps of a long program are shown, in either direction (200)")
            ->check(whole(explain_.rows, most_rows));
        app.add_option("--digits", text(), "significant digits (6)")->check(whole(explain_.digits, most_digits));
        app.add_flag("--one-based", explain_.one_based, "indices begin at 1");
        app.add_flag("--quiz", explain_.quiz, "a page that hides the products until they are asked for");
        app.add_option("--step", explain_.step, "only the step F3 or R9");
        app.add_option("--from", explain_.from, "only steps from F3 or R5 on");
        app.add_option("--to", explain_.to, "only steps up to F9 or R9");
        app.add_option("--var", explain_.variable, "only the steps of one value");
        app.add_option("--why", explain_.why, "the derivative by one value, such as w or 'W1[0, 1]', taken apart");
        app.add_option("--paths", explain_.paths, "the paths from one value to the loss, with their products");
    }
    void describe_check() {
        CLI::App& app = *check_app_;
        app.footer("The exit status is 0 if all agree, 1 if one differs, 2 for bad input.");
        app.add_option("model", check_.model, "a network, its data and parameters, as `wengert template` writes it")->required();
        app.add_option("manual", check_.manual, "gradients by name (dW2, dz1, ...) in a file .npz, .npy, .json or .safetensors")
            ->required();
        app.add_option("--format", check_.format, "text (the default) or json")->check(one_of({"text", "json"}));
        app.add_option("--digits", text(), "significant digits (6)")->check(whole(check_.digits, most_digits));
        app.add_flag("--one-based", check_.one_based, "indices begin at 1");
        app.add_option("--page", check_.page, "also write a page that shows each verdict at its step");
        app.add_option("--previous", check_.previous,
                       "the gradients of the step before, in such a file, to recognise those that were added to them");
        app.add_option("--rtol", text(), "relative tolerance (1e-9, and 1e-4 for float)")->check(positive(check_.rtol));
        app.add_option("--lr", text(), "the learning rate, to recognise weights that were updated too early")
            ->check(positive(check_.learning_rate));
    }
    void describe_template() {
        CLI::App& app = *template_app_;
        app.footer(about_networks());
        add_problem(app, template_.problem);
        app.add_option("folder", template_.folder, "where model.json and manual.py are written (.)");
    }

    CLI::App app_{"Explains derivatives step by step, and checks those that were computed by hand.", "wengert"};
    CLI::App* explain_app_ = app_.add_subcommand("explain", "Explains the derivatives of a formula or of a small network.");
    CLI::App* check_app_ = app_.add_subcommand("check", "Compares manual gradients of a network with the tape's.");
    CLI::App* template_app_ = app_.add_subcommand("template", "Writes a model.json and a NumPy script to begin with.");
    ExplainCommand explain_;
    CheckCommand check_;
    TemplateCommand template_;
    std::vector<std::unique_ptr<std::string>> texts_;
};

}  // namespace

int main(int argc, char** argv) {
    try {
        return CommandLine().run(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "wengert: {}\n", error.what());
        return 2;
    }
}
