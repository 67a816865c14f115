#include "fault.h"

namespace bench {

bool ParseFault(std::string_view text, Fault* fault) {
  if (text == "flip") *fault = Fault::kFlip;
  if (text == "drop") *fault = Fault::kDrop;
  if (text == "extra") *fault = Fault::kExtra;
  if (text == "stall") *fault = Fault::kStall;
  return *fault != Fault::kNone;
}

size_t Liar::Distort(char* bytes, size_t length) {
  if (++reads_ % 100 != 0) return length;
  switch (fault_) {
    case Fault::kFlip:
      bytes[length / 2] = static_cast<char>(bytes[length / 2] ^ 1);
      return length;
    case Fault::kDrop:
      return length - 1;
    case Fault::kExtra:
      bytes[length] = '?';
      return length + 1;
    case Fault::kStall:
      return 0;
    case Fault::kNone:
      break;
  }
  return length;
}

}  // namespace bench
