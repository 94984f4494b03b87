// SPDX-License-Identifier: MIT
// Archives of tensors: what NumPy wrote is read, what we wrote comes back, and an archive that lies is refused before it is believed.
#include "autodiff/io/npz.hpp"
#include "autodiff/ops/layout.hpp"
#include "tests/io/files.hpp"

#include <boost/test/data/test_case.hpp>
#include <cmath>
#include <cstdlib>

using namespace autodiff;
using namespace files;

namespace {

/// numpy.savez_compressed(a=, b=, c=) of a = [[0.5, -1, 2], [3, 4, 5.25]], the same as float32 in Fortran order, and [1, -2, 3] as int64.
/// NumPy writes every member with a zip64 field.
const std::string_view from_numpy =
    "504b03042d000000080000002100f0ef55e3ffffffffffffffff05001400612e6e707901001000b0000000000000005b000000000000009bec17ea1b"
    "10c9c850c650ad9e925a9c5ca46ea5a06e9366a1aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a402f91a463a0ac69a3a0ab5"
    "0a64032e063078600fa13fec87d00c0e108a034a0b4069510700504b03042d000000080000002100cb3b6a2bffffffffffffffff05001400622e6e70"
    "7901001000980000000000000059000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9366a2aea3a09e965f54529498179f5f94"
    "920a120f292a4d050a17672416a402b91a463a0ac69a3a0ab50ae4032e0606067b06060707068686fd400ca4198078850300504b03042d0000000800"
    "0000210074a8f330ffffffffffffffff05001400632e6e70790100100098000000000000004e000000000000009bec17ea1b10c9c850c650ad9e925a"
    "9c5ca46ea5a06e9369a1aea3a09e965f54529498179f5f94920a12774bcc294e058a17672416a402f91ac63a9a3a0ab50a14002e460608f8f71f0298"
    "a17c00504b01022d032d000000080000002100f0ef55e35b000000b0000000050000000000000000000000800100000000612e6e7079504b01022d03"
    "2d000000080000002100cb3b6a2b5900000098000000050000000000000000000000800192000000622e6e7079504b01022d032d0000000800000021"
    "0074a8f3304e00000098000000050000000000000000000000800122010000632e6e7079504b0506000000000300030099000000a70100000000";

io::NamedTensors read(const std::string& bytes, const io::LoadLimits& limits = {}) {
    const TemporaryFile file(".npz");
    file.write(bytes);
    return io::read_npz(file.path, limits);
}

template <class T>
void check_tensor(const std::pair<std::string, AnyTensor>& got, const char* name, const Shape& shape, const std::vector<T>& values) {
    BOOST_TEST(got.first == name);
    const auto& x = std::get<Tensor<T>>(got.second);
    BOOST_TEST((x.shape() == shape));
    BOOST_TEST(std::vector<T>(x.data().begin(), x.data().end()) == values, boost::test_tools::per_element());
}

struct Damage {
    const char* why;
    std::string bytes;
    std::string text;
};
std::ostream& operator<<(std::ostream& stream, const Damage& d) { return stream << d.why; }

const std::string prefix = "read_npz: expected ";
const std::string one = npy_of("<f8", "(1,)", bytes_of(1.5));  // 76 bytes; as the member "a.npy" they begin at byte 35

template <class Change>
std::string changed(const std::string& name, const Change& change, Member member = {}) {
    if (member.name.empty()) member = stored(name, one);
    change(member);
    return zip({member});
}
template <class Change>
std::string changed(const Change& change) {
    return changed("a.npy", change);
}
std::string named(const std::string& name) { return zip({stored(name, one)}); }
const std::string zip64_of_two = bytes_of(std::uint16_t{1}) + bytes_of(std::uint16_t{16});
std::string zip64(std::uint64_t size, std::uint64_t packed) { return zip64_of_two + bytes_of(size) + bytes_of(packed); }
std::string refused_name(const std::string& rest) { return prefix + "a relative name in UTF-8, got " + rest; }

/// `n` zeros behind the header of as many bytes, packed as tightly as deflate can.
Member zeros(std::size_t n) { return deflated("a.npy", npy_of("|u1", "(" + std::to_string(n) + ",)", std::string(n, '\0'))); }

const Damage damages[] = {
    {"three bytes", "PK\5", prefix + "a zip file of at least 22 bytes, got 3 at byte 0"},
    {"no end record", std::string(30, 'x'), prefix + "the end record of a zip file without a comment, got something else at byte 8"},
    {"a comment", zip({stored("a.npy", one)}, {.comment = "PK\5\6"}),
     prefix + "the end record of a zip file without a comment, got something else at byte 166"},
    {"a second part", zip({stored("a.npy", one)}, {.disk = 1}), prefix + "a zip file in one part, got a part of one at byte 162"},
    {"a directory that ends early", zip({stored("a.npy", one)}, {.size = 50}),
     prefix + "a directory that ends where its end record begins, got 50 bytes from 111 on at byte 162"},
    {"a directory beyond the file", zip({stored("a.npy", one)}, {.begin = 4000000000u}),
     prefix + "a directory that ends where its end record begins, got 51 bytes from 4000000000 on at byte 162"},
    {"more members than there is room for", zip({stored("a.npy", one)}, {.count = 9}),
     prefix + "a directory with room for its members, got 9 members at byte 162"},
    {"fewer members than there are", zip({stored("a.npy", one), stored("b.npy", one)}, {.count = 1}),
     prefix + "the end of a directory of 1 members, got 51 more bytes at byte 273"},
    {"a saturated count without zip64", zip({stored("a.npy", one)}, {.count = 0xffff}),
     prefix + "a zip64 end record, got none at byte 162"},
    {"encrypted", changed([](Member& m) { m.flags = 1; }), prefix + "no encryption, got \"a.npy\" encrypted at byte 119"},
    {"strongly encrypted", changed([](Member& m) { m.flags = 0x40; }),
     prefix + "flags of a plain member, got 0x0040 for \"a.npy\" at byte 119"},
    {"bzip2", changed([](Member& m) { m.method = 12; }), prefix + "a member stored or deflated, got method 12 for \"a.npy\" at byte 121"},
    {"a name twice", zip({stored("a.npy", one), stored("a.npy", one)}), prefix + "every name once, got \"a.npy\" again at byte 273"},
    {"another file inside", named("a.txt"), prefix + "members called .npy, got \"a.txt\" at byte 35"},
    {"an absolute name", named("/a.npy"), refused_name("\"/a.npy\", which is absolute at byte 158")},
    {"a drive", named("C:a.npy"), refused_name("\"C:a.npy\", which is absolute at byte 159")},
    {"a way out", named("../a.npy"), refused_name("\"../a.npy\", which leaves its folder or names one at byte 160")},
    {"a way out further in", named("b/../../a.npy"), refused_name("\"b/../../a.npy\", which leaves its folder or names one at byte 165")},
    {"a folder", named("b/"), refused_name("\"b/\", which leaves its folder or names one at byte 154")},
    {"a backslash", named("..\\a.npy"), refused_name("\"..\\a.npy\", with a backslash or a zero at byte 160")},
    {"a zero in the name", named(std::string("a\0.npy", 6)), refused_name("\"a\\x00.npy\", with a backslash or a zero at byte 158")},
    {"no name", named(""), refused_name("\"\", which is empty at byte 152")},
    {"a name in another encoding", named("\xe9.npy"), refused_name("\"\\xe9.npy\", which is not UTF-8 at byte 157")},
    {"two names for one member", changed([](Member& m) { m.local_name = "b.npy"; }),
     prefix + "the header of \"a.npy\" as in the directory, got something else at byte 0"},
    {"two sizes for one member", changed([](Member& m) { m.local_size = 77; }),
     prefix + "sizes and checksum of \"a.npy\" as in the directory, got others at byte 14"},
    {"two checksums for one member", changed([](Member& m) { m.local_checksum = 1; }),
     prefix + "sizes and checksum of \"a.npy\" as in the directory, got others at byte 14"},
    {"stored with two sizes", changed([](Member& m) { m.entry_size = m.local_size = 79; }),
     prefix + "79 bytes for \"a.npy\", as stored, got 76 at byte 131"},
    {"longer than the file", changed([](Member& m) { m.entry_size = m.local_size = m.entry_packed = m.local_packed = 1000; }),
     prefix + "1000 bytes of \"a.npy\", got 76 up to the directory at byte 0"},
    {"a gap", changed([](Member& m) { m.after = "gap"; }),
     prefix + "the directory directly after the last member, got it from 114 on at byte 111"},
    {"overlapping members",
     zip({stored("a.npy", one),
          [] {
              Member m = stored("b.npy", one);
              m.entry_offset = 0;
              return m;
          }()}),
     prefix + "members without gaps or overlaps, the next from 111 on, got \"b.npy\" from 0 on at byte 315"},
    {"a full size without zip64", changed([](Member& m) { m.entry_size = 0xffffffff; }),
     prefix + "a zip64 field for a number that is full, got none at byte 162"},
    {"a zip64 field that says more", changed([](Member& m) { m.local_extra = zip64(79, 76), m.local_size = m.local_packed = 0xffffffff; }),
     prefix + "sizes and checksum of \"a.npy\" as in the directory, got others at byte 14"},
    {"a zip64 field without need", changed([](Member& m) { m.entry_extra = zip64(76, 76); }),
     prefix + "a zip64 field with a number for every full one, got more numbers at byte 162"},
    {"two zip64 fields",
     changed([](Member& m) { m.entry_extra = zip64(76, 76) + zip64(1, 1), m.entry_size = m.entry_packed = 0xffffffff; }),
     prefix + "one zip64 field, got two at byte 182"},
    {"a zip64 field that is too short", changed([](Member& m) {
         m.entry_extra = bytes_of(std::uint16_t{1}) + bytes_of(std::uint16_t{4}) + "1234", m.entry_size = 0xffffffff;
     }),
     prefix + "a zip64 field with a number for every full one, got the end at byte 166"},
    {"a zip64 size of 2^63", changed([](Member& m) {
         m.entry_extra = zip64(std::uint64_t{1} << 63, std::uint64_t{1} << 63), m.entry_size = m.entry_packed = 0xffffffff;
     }),
     prefix + "at most 8589934592 bytes unpacked, got more at byte 111"},
    {"an extra field that goes on", changed([](Member& m) { m.entry_extra = bytes_of(std::uint16_t{7}) + bytes_of(std::uint16_t{9}); }),
     prefix + "an extra field that ends in its header, got the end at byte 166"},
    {"a wrong checksum", changed([](Member& m) { m.checksum = 1; }),
     prefix + "the bytes that the checksum was made of in \"a.npy\", got others at byte 35"},
    {"no array inside", zip({stored("a.npy", "hello")}),
     prefix + "the magic number of an npy file in \"a.npy\", got other bytes at byte 35"},
    {"values missing", zip({stored("a.npy", one.substr(0, 72))}),
     prefix + "1 values of 8 bytes for shape [1] in \"a.npy\", got 4 bytes at byte 103"},
    {"values missing, packed", zip({deflated("a.npy", one.substr(0, 72))}),
     prefix + "1 values of 8 bytes for shape [1] in \"a.npy\", unpacked, got 4 bytes at byte 68"},
    {"a bomb that says so",
     [] {
         Member m = zeros(1 << 20);
         m.entry_size = m.local_size = 0xfffffff0;
         return zip({m});
     }(),
     prefix + "\"a.npy\" to unpack to at most 1000 times its size, got 4294967280 bytes from 1115 at byte 1174; numpy.savez stores without "
              "packing"},
    {"a packed member that announces less",
     [] {
         Member m = zeros(1 << 20);
         m.size = 100;
         return zip({m});
     }(),
     prefix + "1048576 values of 1 bytes for shape [1048576] in \"a.npy\", unpacked, got 26 bytes at byte 74"},
    {"a packed member that goes on",
     [] {
         Member m = deflated("a.npy", one + "more");
         m.size -= 4;
         return zip({m});
     }(),
     prefix + "\"a.npy\" to unpack from 74 to 76 bytes, got others at byte 106"},
    {"a packed member that ends early",
     [] {
         Member m = deflated("a.npy", one);
         m.size += 8;
         return zip({m});
     }(),
     prefix + "84 bytes of \"a.npy\" packed by deflate, got 76 at byte 105"},
    {"packed bytes left over",
     [] {
         Member m = deflated("a.npy", one);
         m.data += "more";
         return zip({m});
     }(),
     prefix + "\"a.npy\" to unpack from 74 to 76 bytes, got others at byte 105"},
    {"packed bytes that are none",
     [] {
         Member m = deflated("a.npy", one);
         m.data.assign(m.data.size(), '\xff');
         return zip({m});
     }(),
     prefix + "76 bytes of \"a.npy\" packed by deflate, got other bytes at byte 36"},
    {"a wrong checksum, packed",
     [] {
         Member m = deflated("a.npy", one);
         m.checksum ^= 1;
         return zip({m});
     }(),
     prefix + "the bytes of \"a.npy\" that its checksum was made of, got others at byte 35"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(npz_files)

BOOST_AUTO_TEST_CASE(what_numpy_wrote_and_packed_is_read) {
    const io::NamedTensors tensors = read(from_hex(from_numpy));
    BOOST_REQUIRE(tensors.size() == 3u);
    check_tensor<double>(tensors[0], "a", {2, 3}, {0.5, -1, 2, 3, 4, 5.25});
    check_tensor<float>(tensors[1], "b", {2, 3}, {0.5f, -1, 2, 3, 4, 5.25f});
    check_tensor<double>(tensors[2], "c", {3}, {1, -2, 3});
}

BOOST_AUTO_TEST_CASE(stored_and_packed_members_with_and_without_zip64_and_descriptors_are_read) {
    Member wide = stored("wide.npy", one);
    wide.local_extra = wide.entry_extra = zip64(76, 76);
    wide.local_size = wide.local_packed = wide.entry_size = wide.entry_packed = 0xffffffff;
    Member other_extra = stored("folder/x.npy", one);
    other_extra.entry_extra = bytes_of(std::uint16_t{0x5455}) + bytes_of(std::uint16_t{2}) + "ab";
    Member later = stored("later.npy", one), later64 = deflated("later64.npy", one);
    for (Member* m : {&later, &later64}) m->flags = 8, m->local_size = m->local_packed = m->local_checksum = 0;
    later.after = bytes_of(later.checksum) + bytes_of(later.size) + bytes_of(later.size);
    later64.after =
        "PK\7\10" + bytes_of(later64.checksum) + bytes_of(std::uint64_t{later64.data.size()}) + bytes_of(std::uint64_t{later64.size});
    Member accents = stored("\xc3\xa9.npy", one);
    accents.flags = 0x800;
    const io::NamedTensors tensors = read(zip({stored("a.npy", one), deflated("b.npy", one), wide, other_extra, later, later64, accents}));
    BOOST_REQUIRE(tensors.size() == 7u);
    const char* names[] = {"a", "b", "wide", "folder/x", "later", "later64", "\xc3\xa9"};
    for (std::size_t k = 0; k < 7; ++k) check_tensor<double>(tensors[k], names[k], {1}, {1.5});
    BOOST_TEST(read(zip({})).empty());
}

BOOST_AUTO_TEST_CASE(a_zip64_end_record_is_read_if_it_agrees) {
    const std::string plain = zip({stored("a.npy", one)});  // the directory: 51 bytes from 111 on, its end 164
    const auto with_end64 = [&](std::uint64_t count, std::uint64_t size, std::uint64_t begin, std::uint64_t where, const End& end = {}) {
        End changed_end = end;
        const std::string zeros4(4, '\0');
        changed_end.before = "PK\6\6" + bytes_of(std::uint64_t{44}) + bytes_of(std::uint32_t{0x2d002d}) + zeros4 + zeros4 +
                             bytes_of(count) + bytes_of(count) + bytes_of(size) + bytes_of(begin) + "PK\6\7" + zeros4 + bytes_of(where) +
                             bytes_of(std::uint32_t{1});
        return zip({stored("a.npy", one)}, changed_end);
    };
    const End full{.count = 0xffff, .size = 0xffffffff, .begin = 0xffffffff};
    BOOST_TEST(read(with_end64(1, 51, 111, 162, full)).size() == 1u);
    BOOST_TEST(read(with_end64(1, 51, 111, 162, {.count = 0xffff})).size() == 1u);
    check_refused([&] { return read(with_end64(1, 51, 111, 162)); },
                  prefix + "a directory that ends where its end record begins, got 51 bytes from 111 on at byte 238");
    check_refused([&] { return read(with_end64(1, 52, 111, 162, {.count = 0xffff})); },
                  prefix + "a zip64 end record that agrees with the plain one, got a contradiction at byte 162");
    check_refused([&] { return read(with_end64(1, 51, 111, 0, full)); },
                  prefix + "a zip64 end record directly before its locator, got something else at byte 218");
    check_refused([&] { return read(with_end64(std::uint64_t{1} << 40, 51, 111, 162, full)); },
                  prefix + "at most 65535 tensors, got 1099511627776 at byte 238");
    check_refused([&] { return read(with_end64(1, 51, ~std::uint64_t{0}, 162, full)); },
                  prefix + "a directory that ends where its end record begins, got 51 bytes from 18446744073709551615 on at byte 238");
}

BOOST_DATA_TEST_CASE(a_damaged_archive_is_refused_with_its_reason, boost::unit_test::data::make(damages), damage) {
    check_refused([&] { return read(damage.bytes); }, damage.text);
}

BOOST_AUTO_TEST_CASE(limits_are_kept) {
    const std::string two = zip({stored("a.npy", one), stored("b.npy", one)});
    BOOST_TEST(read(two, {.tensors = 2}).size() == 2u);
    check_refused([&] { return read(two, {.tensors = 1}); }, prefix + "at most 1 tensors, got 2 at byte 324");
    const Member packed = zeros(1 << 20);
    BOOST_TEST(packed.data.size() < 2000u);
    BOOST_TEST(std::get<Tensor<double>>(read(zip({packed}))[0].second).size() == 1 << 20);  // tightly packed, but not much
    // Bytes become doubles: what fits unpacked may be too much as numbers.
    check_refused([&] { return read(zip({packed}), {.bytes = 2 << 20}); },
                  prefix + "at most 2097152 bytes of numbers in \"a.npy\", unpacked, got more at byte 74");
    check_refused([&] { return read(zip({packed}), {.bytes = 1 << 20}); },
                  prefix + "at most 1048576 bytes unpacked, got more at byte 1150");
}

BOOST_AUTO_TEST_CASE(what_was_written_comes_back_in_equal_bytes) {
    const TemporaryFile file(".npz");
    const auto a = Tensor<double>::from_rows({{0.1, -0.0}, {1e-310, std::nan("")}});
    const io::NamedTensors tensors{{"W1", transpose(a)},
                                   {"folder/empty", Tensor<float>::zeros({0, 3})},
                                   {"\xc3\xa9", Tensor<float>(1.5f)},
                                   {"s", Tensor<double>(2.5)}};
    io::write_npz(file.path, tensors);
    const std::string bytes = file.read();
    io::write_npz(file.path, tensors);
    BOOST_TEST(file.read() == bytes);
    const io::NamedTensors back = io::read_npz(file.path);
    BOOST_REQUIRE(back.size() == 4u);
    BOOST_TEST(back[0].first == "W1");
    const auto& x = std::get<Tensor<double>>(back[0].second);
    BOOST_TEST(std::memcmp(x.data().data(), transpose(a).contiguous().data().data(), 4 * sizeof(double)) == 0);
    check_tensor<float>(back[1], "folder/empty", {0, 3}, {});
    check_tensor<float>(back[2], "\xc3\xa9", {}, {1.5f});
    check_tensor<double>(back[3], "s", {}, {2.5});
}

BOOST_AUTO_TEST_CASE(names_that_cannot_be_read_back_are_not_written) {
    const TemporaryFile file(".npz");
    const Tensor<double> x(1.0);
    for (const char* name : {"/a", "../a", "b//a", "a\\b", "\xff"}) BOOST_CHECK_THROW(io::write_npz(file.path, {{name, x}}), ValueError);
    BOOST_CHECK_THROW(io::write_npz(file.path, {{"a", x}, {"a", x}}), ValueError);
    BOOST_CHECK_THROW(io::write_npz(file.path, {{"a", AnyTensor{}}}), ValueError);
    BOOST_TEST(!std::filesystem::exists(file.path));
}

/// With the NumPy that is here; WENGERT_PYTHON may name another Python than python3.
BOOST_AUTO_TEST_CASE(numpy_reads_ours_and_we_read_numpys) {
    const char* named_python = std::getenv("WENGERT_PYTHON");
    const std::string python = named_python != nullptr ? named_python : "python3";
    if (std::system((python + " -c 'import numpy' >/dev/null 2>&1").c_str()) != 0) {
        BOOST_TEST_MESSAGE("there is no NumPy here");
        BOOST_TEST(true);
        return;
    }
    const TemporaryFile ours("_ours.npz"), packed("_packed.npz"), plain("_plain.npz"), script(".py");
    io::write_npz(ours.path, {{"a", Tensor<double>::from_rows({{1, 2.5}, {-3, 4}})}, {"b", Tensor<float>(0.5f)}});
    script.write(
        "import numpy as np, sys\n"
        "z = np.load(sys.argv[1])\n"
        "assert z['a'].dtype == np.float64 and z['a'].tolist() == [[1, 2.5], [-3, 4]]\n"
        "assert z['b'].dtype == np.float32 and z['b'].shape == () and z['b'] == 0.5\n"
        "arrays = dict(f=np.asfortranarray(z['a']), i=np.arange(5, dtype=np.int32), t=np.array([True, False]),\n"
        "              u=np.arange(3, dtype=np.uint8), zeros=np.zeros((300, 400)), view=np.arange(12.0).reshape(3, 4)[::2, 1::2])\n"
        "np.savez_compressed(sys.argv[2], **arrays)\n"
        "np.savez(open(sys.argv[3], 'wb'), **arrays)\n");
    BOOST_REQUIRE(std::system((python + " '" + script.path.string() + "' '" + ours.path.string() + "' '" + packed.path.string() + "' '" +
                               plain.path.string() + "'")
                                  .c_str()) == 0);
    for (const TemporaryFile* file : {&packed, &plain}) {
        const io::NamedTensors tensors = io::read_npz(file->path);
        BOOST_REQUIRE(tensors.size() == 6u);
        check_tensor<double>(tensors[0], "f", {2, 2}, {1, 2.5, -3, 4});
        check_tensor<double>(tensors[1], "i", {5}, {0, 1, 2, 3, 4});
        check_tensor<double>(tensors[2], "t", {2}, {1, 0});
        check_tensor<double>(tensors[3], "u", {3}, {0, 1, 2});
        check_tensor<double>(tensors[4], "zeros", {300, 400}, std::vector<double>(120000));
        check_tensor<double>(tensors[5], "view", {2, 2}, {1, 3, 9, 11});
    }
}

BOOST_AUTO_TEST_SUITE_END()
