// SPDX-License-Identifier: MIT
// Damaged data: every kind ends in one sentence that names the file and what is wrong with it.
#include "tests/examples/run_digits.hpp"

#include <cstdint>

using namespace digits_test;

namespace {

/// Images of 2 x 2 pixels.
constexpr std::string_view good_csv = "0,1,2,3,4\n4,3,2,1,0\n16,16,0,0,9\n0,0,0,0,1\n1,1,1,1,2\n";

void check_csv_refused(const std::string& text, const std::string& sentence) {
    const Folder folder;
    const std::string file = folder.write("images.csv", text);
    check_refused("--data " + file, file + sentence);
}

std::string big_endian(std::initializer_list<std::uint32_t> numbers) {
    std::string bytes;
    for (const std::uint32_t n : numbers)
        for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(n >> shift & 0xff);
    return bytes;
}
std::string idx_images(std::uint32_t count, std::uint32_t rows, std::uint32_t columns, std::size_t bytes) {
    return big_endian({0x803, count, rows, columns}) + std::string(bytes, '\x40');
}
std::string idx_labels(std::uint32_t count, std::size_t bytes, char label = 7) {
    return big_endian({0x801, count}) + std::string(bytes, label);
}

/// A small set as MNIST lies in a folder; tests spoil one of its files.
struct Mnist : Folder {
    Mnist() {
        write("train-images-idx3-ubyte", idx_images(6, 4, 3, 72));
        write("train-labels-idx1-ubyte", idx_labels(6, 6));
        write("t10k-images-idx3-ubyte", idx_images(2, 4, 3, 24));
        write("t10k-labels-idx1-ubyte", idx_labels(2, 2));
    }
    void check_refused_with(const std::string& file, const std::string& bytes, const std::string& sentence) const {
        write(file, bytes);
        check_refused("--data " + path(), *this / file + ": " + sentence);
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(digits_data)

BOOST_AUTO_TEST_CASE(files_that_are_not_there) {
    const Folder folder;
    check_refused("--data " + folder / "none.csv", folder / "none.csv" + ": no such file or folder");
    check_refused("--data " + folder.path(), folder / "train-images-idx3-ubyte" + ": no such file");
    check_refused("--data ''", ": no such file or folder");
}

BOOST_AUTO_TEST_CASE(csv_that_is_damaged) {
    check_csv_refused("", ": expected images, got an empty file");
    check_csv_refused("0,1,2,3,4\n0,1,2", ", line 2: expected 5 numbers as in line 1, got 3");
    check_csv_refused("0,1,2,3,4\n0,1,2,3,4,5\n", ", line 2: expected 5 numbers as in line 1, got 6");
    check_csv_refused("0,1,2,3,4\n0,one,2,3,4\n", ", line 2: expected a whole number in column 2, got 'one'");
    check_csv_refused("0,1,2,3,4\n0,1.5,2,3,4\n", ", line 2: expected a whole number in column 2, got '1.5'");
    check_csv_refused("0,1,2,3,4\n\n0,1,2,3,4\n", ", line 2: expected a whole number in column 1, got ''");
    check_csv_refused("0,1,2,3,10\n", ", line 1: expected a class from 0 to 9 in the last column, got 10");
    check_csv_refused("0,1,2,3,-1\n", ", line 1: expected a class from 0 to 9 in the last column, got -1");
    check_csv_refused("0,1,2,17,1\n", ", line 1: expected a pixel from 0 to 16 in column 4, got 17");
    check_csv_refused("0,1,2,1\n", ", line 1: expected the pixels of a square image and a class, got 4 numbers");
    check_csv_refused("7\n", ", line 1: expected the pixels of a square image and a class, got 1 numbers");
    check_csv_refused("0,1,2,3,4\n0,1,2,3,4\n", ": expected at least 4 images to split, got 2");
}

BOOST_AUTO_TEST_CASE(csv_with_either_end_of_line_is_read) {
    const Folder folder;
    std::string crlf;
    for (const char c : good_csv) crlf += c == '\n' ? std::string("\r\n") : std::string(1, c);
    for (const std::string& text : {std::string(good_csv), std::string(good_csv.substr(0, good_csv.size() - 1)), crlf}) {
        const Ended ended = run_digits("--epochs 1 --layers 3 --data " + folder.write("images.csv", text));
        BOOST_TEST(ended.status == 0);
        BOOST_TEST(ended.output.starts_with("mlp with 55 parameters, 3 images for training, 2 for testing\n"));
    }
    folder.write("digits.csv", good_csv);
    BOOST_TEST(run_digits("--epochs 1 --layers 3 --data " + folder.path()).status == 0);
}

BOOST_AUTO_TEST_CASE(idx_is_read) {
    const Mnist mnist;
    for (const char* model : {"--layers 3", "--model cnn --layers 2,3"}) {
        const Ended ended = run_digits("--epochs 1 --data " + mnist.path() + " " + model);
        BOOST_TEST_CONTEXT(model << ended.complaint) {
            BOOST_TEST(ended.status == 0);
            BOOST_TEST(ended.output.find(" parameters, 6 images for training, 2 for testing\n") != std::string::npos);
        }
    }
}

BOOST_AUTO_TEST_CASE(idx_images_that_are_damaged) {
    const Mnist mnist;
    const std::string file = "train-images-idx3-ubyte";
    mnist.check_refused_with(file, "", "expected an IDX header of 16 bytes, got a file of 0 bytes");
    mnist.check_refused_with(file, big_endian({0x803, 6, 4}), "expected an IDX header of 16 bytes, got a file of 12 bytes");
    mnist.check_refused_with(file, idx_labels(6, 72), "expected the IDX magic number 0x00000803, got 0x00000801");
    mnist.check_refused_with(file, idx_images(60000, 4, 3, 72),
                             "expected 720000 bytes for the 60000 images of 4 x 3 pixels that its header says, got 72");
    mnist.check_refused_with(file, idx_images(6, 4, 3, 73),
                             "expected 72 bytes for the 6 images of 4 x 3 pixels that its header says, got 73");
    mnist.check_refused_with(
        file, idx_images(0xffffffff, 1024, 1024, 72),
        "expected 4503599626321920 bytes for the 4294967295 images of 1024 x 1024 pixels that its header says, got 72");
    mnist.check_refused_with(file, idx_images(6, 0, 3, 0), "expected images of 1 to 1024 pixels a side, got 0 x 3");
    mnist.check_refused_with(file, idx_images(1, 0xffffffff, 3, 72), "expected images of 1 to 1024 pixels a side, got 4294967295 x 3");
    mnist.check_refused_with(file, idx_images(0, 4, 3, 0), "expected images, got none");
}

BOOST_AUTO_TEST_CASE(idx_labels_that_are_damaged) {
    const Mnist mnist;
    const std::string file = "train-labels-idx1-ubyte";
    mnist.check_refused_with(file, idx_labels(5, 5), "expected 6 labels, one per image, got 5");
    mnist.check_refused_with(file, idx_labels(7, 6), "expected 7 bytes for the 7 labels that its header says, got 6");
    mnist.check_refused_with(file, idx_labels(6, 6, 10), "expected classes from 0 to 9, got 10 for image 0");
    mnist.check_refused_with(file, idx_images(6, 4, 3, 72), "expected the IDX magic number 0x00000801, got 0x00000803");
}

BOOST_AUTO_TEST_CASE(idx_files_that_do_not_fit_together) {
    const Mnist mnist;
    mnist.write("t10k-images-idx3-ubyte", idx_images(2, 3, 4, 24));
    check_refused("--data " + mnist.path(), mnist.path() + ": expected test images of 4 x 3 pixels as for training, got 3 x 4");
}

BOOST_AUTO_TEST_CASE(packed_files_are_named) {
    const Mnist mnist;
    const std::string file = mnist / "t10k-labels-idx1-ubyte";
    std::filesystem::rename(file, file + ".gz");
    check_refused("--data " + mnist.path(),
                  file + ": expected the unpacked file, got only t10k-labels-idx1-ubyte.gz; unpack it with gunzip");
}

BOOST_AUTO_TEST_SUITE_END()
