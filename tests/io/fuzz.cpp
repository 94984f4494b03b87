// SPDX-License-Identifier: MIT
// Files with random damage: a reader returns tensors or throws a LoadError, whatever the bytes. Under the sanitizers this is also the claim
// that nothing outside the file is read.
#include "autodiff/io/json.hpp"
#include "autodiff/io/npy.hpp"
#include "autodiff/io/npz.hpp"
#include "autodiff/io/safetensors.hpp"
#include "tests/io/files.hpp"

#include <functional>
#include <random>

using namespace autodiff;
using namespace files;

namespace {

constexpr unsigned seed = 20240611;
constexpr int rounds = 4000;
/// Small, so that a file which asks for much is refused instead of making the test slow.
const io::LoadLimits limits{.bytes = 1 << 20, .tensors = 100};

/// One to four changes: a byte, a number that means "full", a cut, a piece twice, a piece away.
std::string damaged(std::string bytes, std::mt19937& random) {
    const auto below = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    for (std::size_t changes = 1 + below(4); changes > 0 && !bytes.empty(); --changes) {
        const std::size_t at = below(bytes.size()), length = std::min(1 + below(8), bytes.size() - at);
        switch (below(6)) {
        case 0:
        case 1:
            bytes[at] = static_cast<char>(random());
            break;
        case 2:
            bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
            break;
        case 3:
            bytes.replace(at, length, length, below(2) == 0 ? '\xff' : '\0');
            break;
        case 4:
            bytes.insert(at, bytes.substr(below(bytes.size()), length));
            break;
        default:
            below(4) == 0 ? bytes.resize(at) : static_cast<void>(bytes.erase(at, length));
        }
    }
    return bytes;
}

/// Reads the whole file `rounds` times with other damage; returns how many were read in spite of it.
int survivors(const std::string& whole, const std::function<void(const std::string&)>& read) {
    std::mt19937 random(seed);
    BOOST_TEST_MESSAGE("seed " << seed);
    BOOST_REQUIRE_NO_THROW(read(whole));
    int good = 0;
    for (int round = 0; round < rounds; ++round) {
        const std::string bytes = damaged(whole, random);
        try {
            read(bytes);
            ++good;
        } catch (const LoadError& e) {
            if (e.offset() > bytes.size() + (1u << 20)) BOOST_ERROR("an offset outside the file: " << e.what());
        } catch (const std::exception& e) {
            BOOST_ERROR("round " << round << ": " << e.what());
        }
    }
    return good;
}

void check_survivors(int good) {
    BOOST_TEST(good < rounds / 2);  // damage is noticed ...
    BOOST_TEST(good > 0);           // ... but not everything is damage: the mutations reach the inside
}

template <class Reader>
std::function<void(const std::string&)> through_a_file(const TemporaryFile& file, const Reader& reader) {
    return [&file, reader](const std::string& bytes) {
        file.write(bytes);
        static_cast<void>(reader(file.path, limits));
    };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(damaged_files)

BOOST_AUTO_TEST_CASE(npy_files_load_or_throw_a_load_error) {
    const TemporaryFile file(".npy");
    std::string values;
    for (int k = 0; k < 12; ++k) values += bytes_of(0.5 * k);
    check_survivors(survivors(npy_of("<f8", "(3, 4)", values, "True"), through_a_file(file, io::read_npy)));
}

BOOST_AUTO_TEST_CASE(npz_files_load_or_throw_a_load_error) {
    const TemporaryFile file(".npz");
    const std::string one = npy_of("<f4", "(2, 2)", bytes_of_all<float>({1, 2, 3, 4}));
    Member later = deflated("c.npy", one), wide = stored("d.npy", one);
    later.flags = 8, later.local_size = later.local_packed = later.local_checksum = 0;
    later.after = "PK\7\10" + bytes_of(later.checksum) + bytes_of(static_cast<std::uint32_t>(later.data.size())) + bytes_of(later.size);
    wide.local_extra =
        bytes_of(std::uint16_t{1}) + bytes_of(std::uint16_t{16}) + bytes_of(std::uint64_t{wide.size}) + bytes_of(std::uint64_t{wide.size});
    wide.local_size = wide.local_packed = 0xffffffff;
    check_survivors(survivors(zip({stored("a.npy", one), deflated("b.npy", one), later, wide}), through_a_file(file, io::read_npz)));
}

BOOST_AUTO_TEST_CASE(safetensors_files_load_or_throw_a_load_error) {
    const TemporaryFile file(".safetensors");
    io::write_safetensors(file.path, {{"a", Tensor<double>({2, 2}, {1, 2, 3, 4})}, {"b", Tensor<float>({3}, {5, 6, 7})}});
    check_survivors(survivors(file.read(), through_a_file(file, io::read_safetensors)));
}

BOOST_AUTO_TEST_CASE(json_texts_load_or_throw_a_load_error) {
    check_survivors(survivors(R"({"W1": [[0.5, -1e3], [2, 3]], "b1": [], "loss": 0.25})",
                              [](const std::string& text) { static_cast<void>(io::parse_json_tensors(text, limits)); }));
}

BOOST_AUTO_TEST_SUITE_END()
