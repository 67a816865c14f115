// Runs a check over its stored inputs, so that faults found by a fuzzer do not return.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "test/check.h"

namespace ropewalk {

// Uses C functions: some platforms' C++ libraries lack file streams and filesystem.
inline std::vector<uint8_t> contentsOf(const std::string& path) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  CHECK(file != nullptr);
  std::vector<uint8_t> bytes;
  uint8_t memory[4096];
  while (const size_t count = std::fread(memory, 1, sizeof memory, file.get())) {
    bytes.insert(bytes.end(), memory, memory + count);
  }
  return bytes;
}

// Calls check(std::span<const uint8_t>) for each file of corpus/NAME. The folder is found through
// the path of this header, which CMake passes as an absolute path.
template <typename Check>
void replayCorpus(const std::string& name, Check check) {
  const std::string header = __FILE__;
  const std::string folder = header.substr(0, header.rfind('/') + 1) + "corpus/" + name + "/";
  const std::vector<std::string> inputs = namesIn(folder);
  CHECK(!inputs.empty());
  for (const std::string& input : inputs) {
    const std::vector<uint8_t> bytes = contentsOf(folder + input);
    check(std::span<const uint8_t>(bytes));
  }
}

}  // namespace ropewalk
