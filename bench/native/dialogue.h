// What a client says on a connection and which answers it expects, without the connection itself.
#ifndef BENCH_NATIVE_DIALOGUE_H_
#define BENCH_NATIVE_DIALOGUE_H_

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "flat_json.h"
#include "payload.h"
#include "tally.h"

namespace bench {

class Dialogue {
 public:
  virtual ~Dialogue() = default;

  // Whether message 1 of a connection differs from the others, and each connection begins with it.
  virtual bool greets() const { return false; }

  // Message number `sequence` of `connection`, from 1; the memory is valid until the next call.
  virtual std::string_view Message(uint32_t connection, uint32_t sequence) = 0;

  // Checks the next bytes of the answer to that message, and removes those that belong to it.
  // Returns whether the answer is complete.
  virtual bool Check(uint32_t connection, uint32_t sequence, std::string_view* bytes,
                     Faults* faults) = 0;

  // The answer will not be completed. Returns how many of its bytes are missing, at least 1.
  virtual size_t Abandon(uint32_t connection) = 0;
};

// Each message comes back.
class EchoDialogue : public Dialogue {
 public:
  EchoDialogue(Payload payload, uint32_t connections)
      : payload_(std::move(payload)), received_(connections) {}

  std::string_view Message(uint32_t connection, uint32_t sequence) override;
  bool Check(uint32_t connection, uint32_t sequence, std::string_view* bytes,
             Faults* faults) override;
  size_t Abandon(uint32_t connection) override;

 private:
  Payload payload_;
  std::vector<size_t> received_;  // of the answer in progress, for each connection
};

}  // namespace bench

#endif  // BENCH_NATIVE_DIALOGUE_H_
