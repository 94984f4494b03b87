// SPDX-License-Identifier: MIT
// What the command line of `digits` refuses, with the whole sentence.
#include "tests/examples/run_digits.hpp"

using namespace digits_test;

BOOST_AUTO_TEST_SUITE(digits_options)

BOOST_AUTO_TEST_CASE(help_lists_every_option) {
    const Ended ended = run_digits("--help");
    BOOST_TEST(ended.status == 0);
    for (const char* option : {"--model", "--layers", "--epochs", "--batch", "--lr", "--data", "--seed", "--threads", "--summary"})
        BOOST_TEST(ended.output.find(option) != std::string::npos, option);
}

BOOST_AUTO_TEST_CASE(unknown_options_and_words_are_refused) {
    check_refused("--epoch 3", "The following arguments were not expected: 3 --epoch");
    check_refused("train", "The following argument was not expected: train");
    check_refused("--epochs", "--epochs: 1 required TEXT missing");
}

BOOST_AUTO_TEST_CASE(numbers_outside_their_range_are_refused) {
    const std::string epochs = "--epochs: expected a whole number from 1 to 100000, got ";
    for (const char* bad : {"-3", "0", "2.5", "many", "99999999999999999999", "3x"})
        check_refused("--epochs " + std::string(bad), epochs + "'" + bad + "'");
    check_refused("--epochs ''", epochs + "''");
    check_refused("--batch 0", "--batch: expected a whole number from 1 to 1048576, got '0'");
    check_refused("--seed -1", "--seed: expected a whole number from 0 to 18446744073709551615, got '-1'");
    check_refused("--threads -1", "--threads: expected a whole number from 0 to 1024, got '-1'");
    for (const char* bad : {"nan", "inf", "0", "-0.1", "1e999", "fast"})
        check_refused("--lr " + std::string(bad), "--lr: expected a positive number, got '" + std::string(bad) + "'");
}

BOOST_AUTO_TEST_CASE(layers_and_models_that_do_not_exist_are_refused) {
    const std::string sizes = "--layers: expected up to 16 sizes from 1 to 8192 such as 128,64, got ";
    for (const char* bad : {"0", "64,0", "64,", ",64", "-64", "64,,32", "1e3", "8193", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1"})
        check_refused("--layers " + std::string(bad), sizes + "'" + bad + "'");
    check_refused("--model rnn", "--model: expected mlp or cnn, got 'rnn'");
    check_refused("--model cnn --layers 64", "--layers: expected the channels of 2 convolutions such as 16,32 for --model cnn, got '64'");
}

BOOST_AUTO_TEST_CASE(a_summary_that_cannot_be_written_is_refused_before_training) {
    check_refused("--summary /nowhere/summary.json", "--summary: expected a file that can be written, got '/nowhere/summary.json'");
    const Folder folder;
    check_refused("--summary " + folder.path(), "--summary: expected a file that can be written, got '" + folder.path() + "'");
}

BOOST_AUTO_TEST_CASE(no_summary_is_left_behind_when_the_data_is_refused) {
    const Folder folder;
    check_refused("--summary " + folder / "summary.json" + " --data " + folder / "none", folder / "none" + ": no such file or folder");
    BOOST_TEST(!std::filesystem::exists(folder / "summary.json"));
}

BOOST_AUTO_TEST_SUITE_END()
