// Shared by tls_record_layer_check_test and tls_record_layer_fuzz.
#pragma once

#include <algorithm>

#include "test/tls/rfc8448.h"

namespace ropewalk {

// Drives a record layer with a byte string as the program: records of any content with the right
// keys, changed bytes, input in pieces, memory of any size, writes and closes. It reports nothing
// but the plaintext that was sealed, in order; and its peer can read all of its output: the
// plaintext written, then at most one alert, which is the last. Returns the plaintext that arrived
// at both ends, in bytes.
class RecordLayerCheck {
 public:
  explicit RecordLayerCheck(uint8_t kind)
      : server_((kind & 1) != 0),
        layer_(makeRecordLayer(server_, suiteOf(kind), kRecordsPerKey)),
        witness_(makeRecordLayer(!server_, suiteOf(kind))),
        sealer_(secretFor(kind), *findCipherSuite(theOpenSsl(), suiteOf(kind))) {}

  size_t run(Bytes program) {
    while (program.size() >= 2) {
      const uint8_t what = program[0];
      const uint8_t amount = program[1];
      program = program.subspan(2);
      switch (what & 7) {
        case 0:
        case 1: {
          const Bytes content = program.first(std::min<size_t>(amount >> 1, program.size()));
          program = program.subspan(content.size());
          seal(what >> 3, content, (amount & 1) != 0 ? amount : 0);
          break;
        }
        case 2:
          sealed(23, Octets(size_t{amount} * 70, what));
          break;
        case 3:
          if (!wire_.empty()) wire_[amount % wire_.size()] ^= 1 << (what >> 3 & 7);
          break;
        case 4:
          write(size_t{amount} * amount);
          break;
        case 5:
          layer_->close(output_);
          closed_ = true;
          break;
        default:
          deliver((what & 7) == 6 ? size_t{amount} : wire_.size(), 1 + size_t{what} * 100);
      }
      checkOutput();
    }
    return received_.size() + atWitness_.size();
  }

 private:
  static constexpr uint64_t kRecordsPerKey = 5;

  static uint16_t suiteOf(uint8_t kind) { return static_cast<uint16_t>(0x1301 + kind / 2 % 3); }
  Octets secretFor(uint8_t kind) const {
    Octets secret = fromHex(server_ ? rfc8448::kClientSecret : rfc8448::kServerSecret);
    if (suiteOf(kind) == 0x1302) secret.resize(TlsSecret::kMaxSize, 1);
    return secret;
  }

  void seal(uint8_t choice, Bytes content, size_t padding) {
    constexpr uint8_t kTypes[] = {23, 22, 21, 0, 20, 24};
    static const Octets kMessages[] = {
        {24, 0, 0, 1, 0}, {24, 0, 0, 1, 1}, kTicket, {1, 90}, {1, 0}};
    if (choice < 16) {
      sealed(kTypes[choice % std::size(kTypes)], content, padding);
      return;
    }
    const size_t message = choice % std::size(kMessages);
    sealed(message < 3 ? 22 : 21, kMessages[message], padding);
  }

  void sealed(uint8_t type, Bytes content, size_t padding = 0) {
    const Octets record = sealer_.seal(type, content, padding);
    wire_.insert(wire_.end(), record.begin(), record.end());
    if (type == 0) {  // the type is the last byte of `content` that is not padding
      while (!content.empty() && content.back() == 0) content = content.first(content.size() - 1);
      if (content.empty()) return;
      type = content.back();
      content = content.first(content.size() - 1);
    }
    if (type == 23) expected_.insert(expected_.end(), content.begin(), content.end());
    if (type == 22 && content.size() == 5 && content[0] == 24) sealer_.update();
  }

  void write(size_t size) {
    const Octets text(size, static_cast<uint8_t>(size));
    const Bytes parts[] = {Bytes(text).first(size / 3), Bytes(text).subspan(size / 3)};
    const bool written = layer_->write(parts, output_);
    CHECK_EQUAL(written, !ended_ && !closed_);
    if (written) written_.insert(written_.end(), text.begin(), text.end());
  }

  void deliver(size_t size, size_t room) {
    size = std::min(size, wire_.size());
    const Octets piece(wire_.begin(), wire_.begin() + static_cast<ptrdiff_t>(size));
    wire_.erase(wire_.begin(), wire_.begin() + static_cast<ptrdiff_t>(size));
    take(*layer_, piece, room, output_, received_);
    ended_ = layer_->failed();
    CHECK(received_.size() <= expected_.size() &&
          std::equal(received_.begin(), received_.end(), expected_.begin()));
  }

  void checkOutput() {
    Octets none;
    take(*witness_, std::exchange(output_, {}), 20'000, none, atWitness_);
    CHECK(none.empty());
    CHECK(atWitness_ == written_);
    const int alert = layer_->failed() ? layer_->failure().alertSent : -1;
    CHECK_EQUAL(witness_->failed(), alert >= 0);
    if (alert >= 0) CHECK_EQUAL(witness_->failure().alertReceived, alert);
    if (layer_->failed()) {
      CHECK(layer_->failure().reason != 0 || layer_->failure().text != nullptr);
    }
  }

  static void take(RecordLayer& layer, Bytes input, size_t room, Octets& output, Octets& to) {
    using Step = RecordLayer::Step;
    Octets memory(room);
    for (Step step = Step::kOther;
         step != Step::kWantsInput && step != Step::kClosed && step != Step::kFailed;) {
      size_t count = 0;
      step = layer.next(input, memory, count, output);
      CHECK(count == 0 || step == Step::kPlaintext);
      to.insert(to.end(), memory.begin(), memory.begin() + static_cast<ptrdiff_t>(count));
    }
  }

  const bool server_;
  const std::unique_ptr<RecordLayer> layer_;
  const std::unique_ptr<RecordLayer> witness_;
  Sealer sealer_;
  Octets wire_;       // to the layer
  Octets expected_;   // plaintext on its way there
  Octets received_;   // and that has arrived
  Octets output_;     // of the layer
  Octets written_;    // plaintext in it
  Octets atWitness_;  // and that has arrived
  bool closed_ = false;
  bool ended_ = false;
};

inline size_t checkRecordLayer(Bytes program) {
  if (program.empty()) return 0;
  return RecordLayerCheck(program[0]).run(program.subspan(1));
}

}  // namespace ropewalk
