// SPDX-License-Identifier: MIT
// What the options of `wengert explain` show, and what the command line refuses.
#include "tests/wengert/run_wengert.hpp"

#include <algorithm>

using namespace wengert_test;

namespace {

const Arguments neuron{"explain", "z = w*a + b; sigmoid(z)", "--at", "w=0.5,a=2,b=-1"};

Arguments with(Arguments arguments, const Arguments& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}
/// The numbers of the steps that a text shows, `F1` and `R2`.
std::string steps(const Ended& ended) {
    std::istringstream in(ended.output);
    std::string found;
    for (std::string line; std::getline(in, line);)
        if (line.size() > 1 && (line[0] == 'F' || line[0] == 'R') && line[1] >= '0' && line[1] <= '9')
            found += (found.empty() ? "" : " ") + line.substr(0, line.find(' '));
    return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(explain_options)

BOOST_AUTO_TEST_CASE(a_neuron_is_explained_step_by_step) {
    const Ended ended = run_well(neuron);
    BOOST_TEST(steps(ended) == "F1 F2 F3 F4 F5 F6 R1 R2 R3 R4 R5 R6");
    BOOST_TEST(ended.says("z += 0.25"));
    BOOST_TEST(ended.says("w += 0.5"));
    BOOST_TEST(ended.says("a += 0.125"));
}

BOOST_AUTO_TEST_CASE(parts_keep_the_numbers_of_their_steps) {
    BOOST_TEST(steps(run_well(with(neuron, {"--step", "R3"}))) == "R3");
    BOOST_TEST(run_well(with(neuron, {"--step", "F4"})).output == "F4  t4  mul(w, a)  = 1\n\n");
    BOOST_TEST(steps(run_well(with(neuron, {"--from", "F5", "--to", "R2"}))) == "F5 F6 R1 R2");
    BOOST_TEST(steps(run_well(with(neuron, {"--from", "R5"}))) == "R5 R6");
    BOOST_TEST(steps(run_well(with(neuron, {"--to", "F2"}))) == "F1 F2");
    BOOST_TEST(steps(run_well(with(neuron, {"--var", "w"}))) == "F1 F4 R3 R6");
    BOOST_TEST(steps(run_well(with(neuron, {"--var", "z", "--from", "R1"}))) == "R1 R2");
    const std::string there = "expected a step from F1 to F6 or from R1 to R6, got ";
    for (const char* bad : {"R7", "F0", "3", "R", "", "R-1", "R99999999999999999999"})
        if (bad[0] != '\0') check_refused(with(neuron, {"--step", bad}), "--step: " + there + "'" + bad + "'");
    check_refused(with(neuron, {"--from", "R3", "--to", "F2"}), "--to: expected a step after R3, got F2");
    check_refused(with(neuron, {"--step", "R3", "--to", "R4"}), "--step: expected no --from and no --to with it, got both");
    check_refused(with(neuron, {"--var", "q"}), "--var: expected the name of a value, got 'q'; did you mean 'w', 'a' or 'b'?");
    check_refused(with(neuron, {"--step", "R3", "--format", "dot"}),
                  "--step, --from, --to and --var: expected --format text or md, got dot");
}

BOOST_AUTO_TEST_CASE(why_and_paths_are_about_one_value) {
    const Ended why = run_well(with(neuron, {"--why", "w"}));
    BOOST_TEST(why.says("dL/dw"));
    BOOST_TEST(why.says("0.5"));
    const Ended paths = run_well({"explain", "x*x + sin(x)", "--at", "x=3", "--paths", "x"});
    BOOST_TEST(paths.says("paths from x to L: 3, their products add up to 5.01001"));
    BOOST_TEST(steps(paths) == "");
    for (const char* other : {"--paths", "--step", "--from", "--to", "--var", "--rows"})
        check_refused(with(neuron, {"--why", "w", other, "1"}), std::string("--why: expected no ") + other + " with it, got both");
    for (const char* other : {"--step", "--from", "--to", "--var", "--rows"})
        check_refused(with(neuron, {"--paths", "w", other, "1"}), std::string("--paths: expected no ") + other + " with it, got both");
    check_refused(with(neuron, {"--why", "v"}), "--why: expected the name of a value, got 'v'; did you mean 'a', 'b' or 'w'?");
    check_refused(with(neuron, {"--why", "w", "--format", "md"}), "--why: expected --format text, got md");
    check_refused(with(neuron, {"--paths", "w", "--format", "dot"}), "--paths: expected --format text, got dot");
}

BOOST_AUTO_TEST_CASE(of_a_long_program_as_many_rows_are_shown_as_are_asked_for) {
    std::string formula = "x";
    for (int k = 0; k < 250; ++k) formula += " + x";
    const Arguments ask{"explain", formula, "--at", "x=1"};
    const Ended whole = run_well(ask), few = run_well(with(ask, {"--rows", "2"})), all = run_well(with(ask, {"--rows", "251"}));
    BOOST_TEST(whole.says("\n... 51 more rows are not shown\n"));
    BOOST_TEST(whole.output.ends_with("\n--rows 251 shows all of them\n"));
    BOOST_TEST(steps(few) == "F1 F2 R1 R2");
    BOOST_TEST(!all.says("shown"));
    BOOST_TEST(all.says("\nR251 "));
    BOOST_TEST(run_well(with(ask, {"--rows", "250"})).says("\n... 1 more row is not shown\n"));
    BOOST_TEST(run_well(with(ask, {"--rows", "2", "--format", "md"})).says("\n249 more rows are not shown.\n"));
    BOOST_TEST(steps(run_well(with(ask, {"--step", "F250"}))) == "F250");
    BOOST_TEST(steps(run_well(with(ask, {"--from", "R250"}))) == "R250 R251");
    check_refused(with(ask, {"--rows", "0"}), "--rows: expected a whole number from 1 to 1000000, got '0'");
    check_refused(with(ask, {"--rows", "3", "--var", "x"}), "--rows: expected no --var with it, got both");
}

BOOST_AUTO_TEST_CASE(one_row_is_no_rows) {
    const Arguments ask{"explain", "x", "--at", "x=1"};
    BOOST_TEST(run_well(ask).after("x = ").starts_with("1   1 row, 1 variable   seed"));
    BOOST_TEST(run_well(with(ask, {"--format", "md"})).says(" 1 step forward, 1 step back, 1 variable\n"));
}

BOOST_AUTO_TEST_CASE(options_that_would_change_nothing_are_refused) {
    for (const char* option : {"--input", "--target", "--loss", "--weights", "--seed"})
        check_refused(with(neuron, {option, "1"}), std::string(option) + ": expected --net with it, got a formula");
    const Arguments net{"explain", "--net", "2-2", "--input", "1,2", "--target", "1,2"};
    check_refused(with(net, {"--at", "x=1"}), "--at: expected a formula with it, got --net");
    check_refused(with(net, {"--weights", "w.npz", "--seed", "1"}), "--weights: expected no --seed with it, got both");
    check_refused(with(neuron, {"--quiz"}), "--quiz: expected --format html, got text");
    check_refused(with(neuron, {"--quiz", "-o", "a.md"}), "--quiz: expected --format html, got md");
    for (const char* name : {"x.pdf", "x.text", "x.html.gz"})
        check_refused(with(neuron, {"-o", name}),
                      std::string("--output: expected a file called .txt, .md, .html, .dot, .gv or .mmd, or --format with it, got '") +
                          name + "'");
}

BOOST_AUTO_TEST_CASE(digits_are_significant_digits) {
    BOOST_TEST(run_well({"explain", "x/3", "--at", "x=1", "--digits", "3"}).after("L = ").starts_with("0.333 "));
    BOOST_TEST(run_well({"explain", "x/3", "--at", "x=1", "--digits", "17"}).after("L = ").starts_with("0.33333333333333331 "));
    for (const char* bad : {"0", "18", "x", "-1", "1.5"})
        check_refused({"explain", "x", "--at", "x=1", "--digits", bad},
                      std::string("--digits: expected a whole number from 1 to 17, got '") + bad + "'");
}

BOOST_AUTO_TEST_CASE(the_output_has_the_format_that_was_asked_for_or_that_its_name_says) {
    const Folder folder;
    const auto written = [&](const std::string& name, const Arguments& more) {
        const Ended ended = run_well(with(with(neuron, {"-o", folder / name}), more));
        BOOST_TEST(ended.output == "");
        return folder.read(name);
    };
    BOOST_TEST(written("a.dot", {}).find("digraph") != std::string::npos);
    BOOST_TEST(written("a.mmd", {}).find("flowchart") != std::string::npos);
    BOOST_TEST(written("a.md", {}).find("```math") != std::string::npos);
    BOOST_TEST(written("a.txt", {}) == run_well(neuron).output);
    BOOST_TEST(written("a", {}) == run_well(neuron).output);
    BOOST_TEST(written("a.pdf", {"--format", "text"}) == run_well(neuron).output);
    BOOST_TEST(written("a.dot", {"--format", "text"}) == run_well(neuron).output);
    BOOST_TEST(run_well(with(neuron, {"--format", "dot"})).output == written("b.dot", {}));
    const std::string page = written("page.html", {});
    BOOST_TEST(page.find("Content-Security-Policy") != std::string::npos);
    BOOST_TEST(page == run_well(with(neuron, {"--format", "html"})).output);
    BOOST_TEST(written("quiz.html", {"--quiz"}) != page);
    check_refused(with(neuron, {"--format", "txt"}), "--format: expected text, md, html, dot, mermaid, got 'txt'; did you mean 'text'?");
    check_refused(with(neuron, {"-o", "/nowhere/a.txt"}), "expected a file that can be written, got '/nowhere/a.txt'");
    if (std::filesystem::exists("/dev/full")) {
        const Ended full = run(neuron, "/dev/full");
        BOOST_TEST(full.status == 2);
        BOOST_TEST(full.complaint == "wengert: expected an output that can be written, got an error\n");
    }
}

BOOST_AUTO_TEST_CASE(the_command_line_is_explained_and_checked) {
    const Ended help = run_well({"--help"});
    for (const char* command : {"explain", "check", "template"}) BOOST_TEST(help.says(command), command);
    const Ended of_explain = run_well({"explain", "--help"}), of_template = run_well({"template", "--help"});
    for (const char* option :
         {"--at", "--net", "--weights", "--seed", "--rows", "--step", "--from", "--to", "--var", "--why", "--paths", "--quiz"})
        BOOST_TEST(of_explain.says(option), option);
    BOOST_TEST(!of_explain.says("TEXT ..."));
    for (const Ended& ended : {of_explain, of_template})
        for (const char* fact : {"Activations: linear, neg, ", "sum (a - t)^2 / 2", "mse = mean of (a - t)^2", "-ln softmax(a)",
                                 "Without any, all layers are linear"})
            BOOST_TEST(ended.says(fact), fact);
    check_refused({}, "A subcommand is required");
    check_refused({"explain"}, "explain: expected a formula or --net, got neither");
    check_refused({"explain", "x", "--net", "2-2"}, "explain: expected a formula or --net, got both");
    BOOST_TEST(run({"explian"}).status == 2);
}

BOOST_AUTO_TEST_SUITE_END()
