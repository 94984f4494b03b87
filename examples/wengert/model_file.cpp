// SPDX-License-Identifier: MIT
#include "examples/wengert/model_file.hpp"

#include "autodiff/explain/words.hpp"
#include "autodiff/io/json.hpp"
#include "autodiff/io/read_tensors.hpp"
#include "autodiff/ops/compare.hpp"
#include "examples/wengert/bad_input.hpp"
#include "examples/wengert/words.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>

namespace wengert {

using autodiff::printable;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::uintmax_t largest_file = std::uintmax_t{256} << 20;
constexpr int deepest = 8;
const std::vector<std::string> keys{"layers", "activations", "loss", "input", "target", "parameters"};

class ModelFile {
  public:
    explicit ModelFile(const std::filesystem::path& path) : path_(path), name_(printable(path.filename().string())) {}

    Problem read() {
        const Json model = parse(text());
        if (!model.is_object()) fail("an object", "something else");
        for (const auto& [key, unused] : model.items())
            if (std::find(keys.begin(), keys.end(), key) == keys.end())
                fail("the keys layers, activations, loss, input, target, parameters",
                     fmt::format("\"{}\"{}", printable(key), did_you_mean(key, keys)));
        for (const char* key : {"layers", "input", "target", "parameters"})
            if (!model.contains(key)) fail(fmt::format("a key \"{}\"", key), "none");
        Problem problem;
        const std::vector<Index> layers = sizes(model["layers"]);
        const auto activations = model.contains("activations") ? words(model["activations"]) : std::vector<std::string>{};
        const std::string loss = model.contains("loss") ? word(model["loss"], "loss") : loss_name(Loss{});
        try {
            problem.network = make_network(layers, activations, loss);
        } catch (const BadInput& e) {
            throw BadInput(fmt::format("{}: {}", name_, e.what()));
        }
        problem.input = tensor(model["input"], "input");
        problem.target = tensor(model["target"], "target");
        problem.parameters = model["parameters"].is_string() ? read_tensors_file(beside(model["parameters"], "parameters"))
                                                             : inline_tensors(model["parameters"].dump(), "parameters");
        return problem;
    }

  private:
    [[noreturn]] void fail(std::string_view expected, std::string_view got) const {
        throw BadInput(fmt::format("{}: expected {}, got {}", name_, expected, got));
    }
    std::string text() const {
        std::error_code error;
        const std::uintmax_t size = std::filesystem::file_size(path_, error);
        if (error) throw BadInput(fmt::format("cannot read {}: {}", printable(path_.string()), error.message()));
        if (size > largest_file)
            fail(fmt::format("at most {} bytes, with larger tensors in files beside it", largest_file), fmt::format("{}", size));
        std::ifstream in(path_, std::ios::binary);
        std::string bytes(static_cast<std::size_t>(size), '\0');
        if (!in.read(bytes.data(), static_cast<std::streamsize>(size)))
            throw BadInput(fmt::format("cannot read {}", printable(path_.string())));
        return bytes;
    }
    /// JSON without duplicate keys and not nested without end, so that it can be looked at recursively.
    Json parse(const std::string& text) const {
        std::vector<std::set<std::string>> seen;
        const Json::parser_callback_t watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
            using Event = Json::parse_event_t;
            if (depth > deepest) fail(fmt::format("at most {} levels of lists", deepest), "more");
            if (event == Event::object_start) seen.emplace_back();
            if (event == Event::object_end) seen.pop_back();
            if (event == Event::key && !seen.back().insert(parsed.get<std::string>()).second)
                fail("every key once", fmt::format("\"{}\" again", printable(parsed.get<std::string>())));
            return true;
        };
        try {
            return Json::parse(text, watch);
        } catch (const Json::exception& e) {
            const auto* const stuck = dynamic_cast<const Json::parse_error*>(&e);
            for (const std::string_view word : {"NaN", "Infinity"})
                if (stuck != nullptr && stuck->byte > 0 && std::string_view(text).substr(stuck->byte - 1).starts_with(word))
                    fail("finite numbers", fmt::format("{}; JSON has neither NaN nor infinities, .npy and .npz have", word));
            // "[json.exception.parse_error.101] parse error at line 1, column 2: ...": the part that says where
            const std::string what = e.what();
            const std::size_t at = what.find("at line"), end = what.find(':', at);
            fail("JSON", at == std::string::npos ? "something else" : fmt::format("something else {}", what.substr(at, end - at)));
        }
    }
    std::vector<Index> sizes(const Json& value) const {
        if (!value.is_array()) fail("\"layers\": a list of sizes such as [2, 3, 2]", "something else");
        std::vector<Index> sizes;
        for (const Json& size : value) {
            if (!size.is_number_integer()) fail("\"layers\": a list of sizes such as [2, 3, 2]", size.dump());
            sizes.push_back(size.get<Index>());
        }
        return sizes;
    }
    std::string word(const Json& value, std::string_view key) const {
        if (!value.is_string()) fail(fmt::format("\"{}\": a name", key), "something else");
        return value.get<std::string>();
    }
    std::vector<std::string> words(const Json& value) const {
        if (!value.is_array()) return {word(value, "activations")};
        std::vector<std::string> names;
        for (const Json& each : value) names.push_back(word(each, "activations"));
        return names;
    }
    /// A file that the model names: beside it or below, also after links are followed.
    std::filesystem::path beside(const Json& value, std::string_view key) const {
        const std::filesystem::path relative = value.get<std::string>();
        const auto refuse = [&] {
            fail(fmt::format("\"{}\": a file beside it", key), fmt::format("\"{}\"", printable(relative.string())));
        };
        if (relative.empty() || relative.is_absolute() || relative.has_root_name()) refuse();
        if (std::find(relative.begin(), relative.end(), "..") != relative.end()) refuse();
        const std::filesystem::path folder = std::filesystem::weakly_canonical(path_).parent_path();
        const std::filesystem::path target = std::filesystem::weakly_canonical(folder / relative);
        if (std::mismatch(folder.begin(), folder.end(), target.begin(), target.end()).first != folder.end()) refuse();
        return target;
    }
    autodiff::io::NamedTensors inline_tensors(const std::string& text, std::string_view key) const {
        try {
            return autodiff::io::parse_json_tensors(text);
        } catch (const autodiff::LoadError& e) {
            const std::string what = e.what();  // "read_json: expected ..., got ... at byte 5", of a text that the user has not seen
            const std::size_t begin = what.find("expected"), end = what.rfind(" at byte");
            throw BadInput(fmt::format("{}: \"{}\": {}", name_, key, what.substr(begin, end - begin)));
        }
    }
    static autodiff::AnyTensor one_tensor(const std::filesystem::path& path) {
        const autodiff::io::NamedTensors tensors = read_tensors_file(path);
        if (tensors.size() != 1)
            throw BadInput(fmt::format("{}: expected one tensor, got {}", printable(path.filename().string()), tensors.size()));
        return tensors.front().second;
    }
    Tensor<double> tensor(const Json& value, std::string_view key) const {
        const autodiff::AnyTensor any = value.is_string()
                                            ? one_tensor(beside(value, key))
                                            : inline_tensors(fmt::format("{{\"{}\":{}}}", key, value.dump()), key).front().second;
        const auto* single = std::get_if<Tensor<float>>(&any);
        return single != nullptr ? autodiff::cast<double>(*single) : std::get<Tensor<double>>(any);
    }

    std::filesystem::path path_;
    std::string name_;
};

/// Rows on lines of their own.
std::string tensor_text(const Tensor<double>& x) {
    const auto row = [&x](Index first, Index count) {
        std::string text = "[";
        for (Index k = first; k < first + count; ++k)
            text += fmt::format("{}{}", k > first ? ", " : "", x.data()[static_cast<std::size_t>(k)]);
        return text + "]";
    };
    if (x.rank() == 1) return row(0, x.size());
    std::string text = "[";
    for (Index i = 0; i < x.shape()[0]; ++i) text += (i > 0 ? ", " : "") + row(i * x.shape()[1], x.shape()[1]);
    return text + "]";
}

}  // namespace

autodiff::io::NamedTensors read_tensors_file(const std::filesystem::path& path) {
    try {
        return autodiff::io::read_tensors(path);
    } catch (const autodiff::Error& e) {
        throw BadInput(fmt::format("{}: {}", printable(path.filename().string()), e.what()));
    } catch (const std::system_error& e) {
        throw BadInput(fmt::format("cannot read {}: {}", printable(path.string()), e.code().message()));
    }
}

Problem read_model(const std::filesystem::path& path) { return ModelFile(path).read(); }

std::string model_text(const Problem& problem) {
    std::string activations;
    for (const auto& rule : problem.network.activations)
        activations += fmt::format("{}\"{}\"", activations.empty() ? "" : ", ", rule ? autodiff::name(*rule) : "linear");
    std::string sizes;
    for (const Index size : problem.network.sizes) sizes += fmt::format("{}{}", sizes.empty() ? "" : ", ", size);
    std::string parameters;
    for (const auto& [name, tensor] : problem.parameters)
        parameters += fmt::format("{}\n    \"{}\": {}", parameters.empty() ? "" : ",", name, tensor_text(std::get<Tensor<double>>(tensor)));
    return fmt::format("{{\n  \"layers\": [{}],\n  \"activations\": [{}],\n  \"loss\": \"{}\",\n  \"input\": {},\n  \"target\": {},\n"
                       "  \"parameters\": {{{}\n  }}\n}}\n",
                       sizes, activations, loss_name(problem.network.loss), tensor_text(problem.input), tensor_text(problem.target),
                       parameters);
}

}  // namespace wengert
