// SPDX-License-Identifier: MIT
/// Runs the tool as its users do, and keeps what it prints and how it ends. WENGERT_TOOL is where it was built.
#pragma once

#include <boost/test/unit_test.hpp>
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

namespace wengert_test {

/// A folder of its own for one test, removed at its end.
class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "wengert-XXXXXX").string();
        BOOST_REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    /// Writes a file and returns its path.
    std::string write(const std::string& name, std::string_view bytes) const {
        std::ofstream(path_ / name, std::ios::binary) << bytes;
        return (path_ / name).string();
    }
    [[nodiscard]] std::string read(const std::string& name) const {
        std::ifstream in(path_ / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    [[nodiscard]] std::string operator/(const std::string& name) const { return (path_ / name).string(); }
    [[nodiscard]] std::string path() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

struct Ended {
    int status = -1;
    std::string output, complaint;
    /// The rest of the first line that begins so; empty if there is none.
    [[nodiscard]] std::string after(const std::string& beginning) const {
        std::istringstream in(output);
        for (std::string line; std::getline(in, line);)
            if (line.starts_with(beginning)) return line.substr(beginning.size());
        return {};
    }
    [[nodiscard]] bool says(std::string_view text) const { return output.find(text) != std::string::npos; }
};

using Arguments = std::vector<std::string>;

inline std::string quoted(const std::string& word) {
    std::string text = "'";
    for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

inline Ended run(const Arguments& arguments, const std::string& output = {}) {
    const Folder folder;
    std::string command = quoted(WENGERT_TOOL);
    for (const std::string& argument : arguments) command += " " + quoted(argument);
    command += " > " + quoted(output.empty() ? folder / "output" : output) + " 2> " + quoted(folder / "complaint");
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, folder.read("output"), folder.read("complaint")};
}

/// The claim for everything that works.
inline Ended run_well(const Arguments& arguments) {
    const Ended ended = run(arguments);
    BOOST_TEST(ended.status == 0);
    BOOST_TEST(ended.complaint == "");
    return ended;
}

/// The claim for every kind of bad input: this text, exit status 2, and no output.
inline void check_refused(const Arguments& arguments, const std::string& text) {
    const Ended ended = run(arguments);
    BOOST_TEST(ended.status == 2);
    BOOST_TEST(ended.complaint == "wengert: " + text + "\n");
    BOOST_TEST(ended.output == "");
}

}  // namespace wengert_test
