// Runs a check over the inputs kept for it, so that what a fuzzer once found stays found.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "test/check.h"

namespace ropewalk {

// Calls check(std::span<const uint8_t>) for each file of corpus/NAME. The folder is found by this
// header's own path, which CMake gives in full.
template <typename Check>
void replayCorpus(const std::string& name, Check check) {
  const auto folder = std::filesystem::path(__FILE__).parent_path() / "corpus" / name;
  std::error_code error;
  size_t inputs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    check(std::span<const uint8_t>(bytes));
    inputs += 1;
  }
  CHECK(!error);
  CHECK(inputs > 0);
}

}  // namespace ropewalk
