// SPDX-License-Identifier: MIT
/// Runs the program `digits` as its users do, and keeps what it prints and how it ends. WENGERT_DIGITS is where it was built.
#pragma once

#include <array>
#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace digits_test {

/// A folder of its own for one test, removed at its end.
class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "wengert-digits-XXXXXX").string();
        BOOST_REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    /// Writes a file and returns its path.
    std::string write(const std::string& name, std::string_view bytes) const {
        std::ofstream(path_ / name, std::ios::binary) << bytes;
        return (path_ / name).string();
    }
    [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }
    [[nodiscard]] std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

inline std::string read(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

struct Ended {
    int status = -1;
    std::string output, complaint;
    [[nodiscard]] std::vector<std::string> lines() const {
        std::vector<std::string> found;
        std::istringstream in(output);
        for (std::string line; std::getline(in, line);) found.push_back(line);
        return found;
    }
};

/// Arguments are words of a shell; none of the tests needs quotes inside.
inline Ended run_digits(const std::string& arguments) {
    const Folder folder;
    const std::string command = "'" WENGERT_DIGITS "' " + arguments + " > '" + folder / "output" + "' 2> '" + folder / "complaint" + "'";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read(folder / "output"), read(folder / "complaint")};
}

/// The claim for every kind of bad input: one sentence, exit status 2, and nothing is trained.
inline void check_refused(const std::string& arguments, const std::string& sentence) {
    const Ended ended = run_digits(arguments);
    BOOST_TEST_CONTEXT("digits " << arguments) {
        BOOST_TEST(ended.status == 2);
        BOOST_TEST(ended.complaint == "digits: " + sentence + "\n");
        BOOST_TEST(ended.output == "");
    }
}

}  // namespace digits_test
