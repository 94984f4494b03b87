// SPDX-License-Identifier: MIT
#include "autodiff/io/read_tensors.hpp"

#include "autodiff/explain/words.hpp"
#include "autodiff/io/json.hpp"
#include "autodiff/io/npy.hpp"
#include "autodiff/io/npz.hpp"
#include "autodiff/io/safetensors.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace io {

NamedTensors read_tensors(const std::filesystem::path& path, const LoadLimits& limits) {
    const std::string extension = path.extension().string();
    if (extension == ".npz") return read_npz(path, limits);
    if (extension == ".safetensors") return read_safetensors(path, limits);
    if (extension == ".json") return read_json(path, limits);
    if (extension == ".npy") return {{path.stem().string(), read_npy(path, limits)}};
    throw ValueError("read_tensors", "a file called .npz, .npy, .json or .safetensors",
                     fmt::format("\"{}\"", printable(path.filename().string())));
}

}  // namespace io
}  // namespace v1
}  // namespace autodiff
