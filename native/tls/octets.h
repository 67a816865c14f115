#pragma once

#include <cstdint>
#include <vector>

namespace ropewalk {

using Octets = std::vector<uint8_t>;

}  // namespace ropewalk
