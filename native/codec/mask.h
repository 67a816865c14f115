// Masking of WebSocket payload (RFC 6455 section 5.3).
#pragma once

#include <cstdint>
#include <span>

namespace ropewalk {

// Masks or unmasks `bytes` in place. The first byte of the key is in its low 8 bits. Returns
// whether all bytes are then ASCII.
bool mask(std::span<uint8_t> bytes, uint32_t key);

}  // namespace ropewalk
