#include "tls/record_layer.h"

#include <cstring>

#include "refusals.h"

namespace ropewalk {
namespace {

using Step = RecordLayer::Step;

constexpr uint16_t kSuites[] = {0x1301, 0x1302, 0x1303};

const CipherSuite& suiteOf(uint16_t id) {
  return *findCipherSuite(theOpenSsl(), id);
}

std::string hexOf(Bytes bytes) {
  std::string digits;
  for (const uint8_t byte : bytes) {
    digits += "0123456789abcdef"[byte >> 4];
    digits += "0123456789abcdef"[byte & 15];
  }
  return digits;
}

// The output of one end for its input.
struct Result {
  Step last = Step::kWantsInput;
  Octets plaintext;
  Octets output;
  int tickets = 0;
  int others = 0;

  void take(RecordLayer& layer, Bytes input, size_t room = 20'000) {
    Octets memory(room);
    do {
      size_t count = 0;
      last = layer.next(input, memory, count, output);
      plaintext.insert(plaintext.end(), memory.begin(),
                       memory.begin() + static_cast<ptrdiff_t>(count));
      tickets += last == Step::kTicket ? 1 : 0;
      others += last == Step::kOther ? 1 : 0;
    } while (last != Step::kWantsInput && last != Step::kClosed && last != Step::kFailed);
    CHECK(last != Step::kWantsInput || input.empty());
  }
};

Octets written(RecordLayer& layer, std::initializer_list<Bytes> parts) {
  Octets out;
  CHECK(layer.write({parts.begin(), parts.size()}, out));
  return out;
}

void derivesKeys() {
  const OpenSsl& ssl = theOpenSsl();
  const EVP_MD* hash = ssl.EVP_sha256();
  const Octets server = fromHex(rfc8448::kServerSecret);
  Octets key(16);
  CHECK(expandLabel(ssl, hash, server, "key", {}, key));
  CHECK(hexOf(key) == rfc8448::kServerKey);
  Octets iv(12);
  CHECK(expandLabel(ssl, hash, server, "iv", {}, iv));
  CHECK(hexOf(iv) == rfc8448::kServerIv);
  TlsSecret secret;
  CHECK(secret.set(server));
  CHECK(updateSecret(ssl, hash, secret));
  CHECK(hexOf(secret.bytes()) == rfc8448::kUpdatedServerSecret);
  // The limits of HKDF.
  Octets most(255 * 32);
  CHECK(expandLabel(ssl, hash, server, "x", {}, most));
  most.push_back(0);
  CHECK(!expandLabel(ssl, hash, server, "x", {}, most));
  CHECK(expandLabel(ssl, hash, server, std::string(249, 'x'), {}, key));
  CHECK(!expandLabel(ssl, hash, server, std::string(250, 'x'), {}, key));
  CHECK(!expandLabel(ssl, hash, server, "x", Octets(256), key));
  CHECK(!secret.set(Octets(49)));
  secret.wipe();
  CHECK(secret.empty());
}

void speaksAsInTheRfc() {
  const auto client = makeRecordLayer(false);
  const auto server = makeRecordLayer(true, rfc8448::kSuite, RecordLayer::kMaxRecordsPerKey, 1);
  Result atClient;
  atClient.take(*client, fromHex(rfc8448::kTicketRecord));
  CHECK_EQUAL(atClient.tickets, 1);
  Octets sent = written(*client, {fifty()});
  CHECK(hexOf(sent) == rfc8448::kClientData);
  Result atServer;
  atServer.take(*server, sent);
  CHECK(atServer.plaintext == fifty());
  sent = written(*server, {fifty()});
  CHECK(hexOf(sent) == rfc8448::kServerData);
  atClient.take(*client, sent);
  CHECK(atClient.plaintext == fifty());
  sent.clear();
  client->close(sent);
  CHECK(hexOf(sent) == rfc8448::kClientAlert);
  atServer.take(*server, sent);
  CHECK(atServer.last == Step::kClosed);
  sent.clear();
  server->close(sent);
  server->close(sent);
  CHECK(hexOf(sent) == rfc8448::kServerAlert);
  atClient.take(*client, sent);
  CHECK(atClient.last == Step::kClosed);
  atClient.take(*client, sent);
  CHECK(atClient.last == Step::kClosed);
  CHECK(atClient.output.empty() && atServer.output.empty());
}

// Any parts make the same records as their concatenation, and arrive in any pieces and rooms.
void joinsAndSplits() {
  for (const uint16_t suite : kSuites) {
    for (const size_t size : {0, 1, 2, 15, 16, 17, 1000, 16383, 16384, 16385, 50'000}) {
      Octets text(size);
      for (size_t i = 0; i < size; i++) text[i] = static_cast<uint8_t>(i * 7 + i / 251);
      const Octets whole = written(*makeRecordLayer(true, suite), {text});
      CHECK_EQUAL(whole.size(), size + (size + 16383) / 16384 * RecordCipher::kOverhead);
      for (const size_t piece : {1, 3, 16, 100, 16384, 16389}) {
        if (size / piece > 5000) continue;
        std::vector<Bytes> parts;
        for (size_t at = 0; at < size; at += piece) {
          parts.push_back(Bytes(text).subspan(at, std::min(piece, size - at)));
          parts.emplace_back();  // empty parts do no harm
        }
        Octets joined;
        CHECK(makeRecordLayer(true, suite)->write(parts, joined));
        CHECK(joined == whole);
        for (const size_t room : {size_t{1}, size_t{100}, size_t{16385}, size_t{60'000}}) {
          if (size / room > 5000) continue;
          const auto client = makeRecordLayer(false, suite);
          Result result;
          for (size_t at = 0; at < whole.size(); at += piece) {
            // The bytes are gone after the call.
            const Bytes from = Bytes(whole).subspan(at, std::min(piece, whole.size() - at));
            const Octets copy(from.begin(), from.end());
            result.take(*client, copy, room);
          }
          CHECK(result.plaintext == text);
        }
      }
    }
  }
}

void countsSequenceNumbers() {
  const auto client = makeRecordLayer(false);
  const auto server = makeRecordLayer(true);
  Result result;
  for (int i = 0; i < 70'000; i++) {
    const uint8_t byte = static_cast<uint8_t>(i);
    result.take(*client, written(*server, {{&byte, 1}}), 100);
  }
  CHECK_EQUAL(result.plaintext.size(), 70'000);
  // A record that is replayed, or of another number, is refused.
  const Octets once = written(*server, {fifty()});
  result.take(*client, once);
  CHECK(result.last == Step::kWantsInput);
  result.take(*client, once);
  CHECK(result.last == Step::kFailed);
  CHECK_EQUAL(client->failure().alertSent, 20);
}

void updatesKeys() {
  for (const uint16_t suite : kSuites) {
    const auto client = makeRecordLayer(false, suite, 3);
    const auto server = makeRecordLayer(true, suite, 5);
    Result atClient;
    Result atServer;
    Octets sent;
    for (int i = 0; i < 100; i++) {
      const Octets text(40'000, static_cast<uint8_t>(i));
      sent.insert(sent.end(), text.begin(), text.end());
      atServer.take(*server, written(*client, {text}));
      atClient.take(*client, written(*server, {text}));
    }
    CHECK(atServer.plaintext == sent);
    CHECK(atClient.plaintext == sent);
    CHECK(atServer.others > atClient.others && atClient.others > 50);
    CHECK(atServer.output.empty() && atClient.output.empty());  // none asked for a reply
  }
}

void answersKeyUpdates() {
  Sealer client(fromHex(rfc8448::kClientSecret), suiteOf(rfc8448::kSuite));
  const auto server = makeRecordLayer(true);
  const auto farClient = makeRecordLayer(false);
  Result atServer;
  Result atClient;
  Octets both;
  for (int i = 0; i < 2; i++) {
    const Octets record = client.seal(kHandshake, kUpdateRequest);
    client.update();
    both.insert(both.end(), record.begin(), record.end());
  }
  atServer.take(*server, both);
  CHECK_EQUAL(atServer.others, 2);
  // One reply, before anything that is written later.
  atClient.take(*farClient, atServer.output);
  CHECK_EQUAL(atClient.others, 1);
  atClient.take(*farClient, written(*server, {fifty()}));
  CHECK(atClient.plaintext == fifty());
  atServer.take(*server, client.seal(kData, fifty()));
  CHECK(atServer.plaintext == fifty());
  // After close_notify nothing is sent.
  Octets close;
  server->close(close);
  atServer.output.clear();
  atServer.take(*server, client.seal(kHandshake, kUpdateRequest));
  CHECK(atServer.output.empty());
  CHECK_EQUAL(atServer.others, 3);
}

// Each is refused with an alert, and nothing of it is reported.
void refuses() {
  for (const uint16_t suite : {uint16_t{0x1301}, uint16_t{0x1303}}) {
    for (const Refusal& refusal : refusals()) {
      storyContext = refusal.name;
      const bool atServer = refusal.server;
      for (const size_t room : {20'000, 8}) {
        Sealer by(fromHex(atServer ? rfc8448::kClientSecret : rfc8448::kServerSecret),
                  suiteOf(suite));
        const auto layer = makeRecordLayer(atServer, suite);
        Result result;
        result.take(*layer, by.seal(kData, {1, 2, 3}), room);
        result.take(*layer, refusal.make(by), room);
        CHECK(result.last == Step::kFailed);
        CHECK(layer->failed());
        CHECK_EQUAL(result.plaintext.size(), 3);
        CHECK_EQUAL(layer->failure().alertSent, refusal.alert);
        CHECK_EQUAL(layer->failure().alertReceived, -1);
        CHECK_EQUAL(layer->failure().reason, refusal.reason);
        // The peer gets the alert.
        const auto peer = makeRecordLayer(!atServer, suite);
        Result atPeer;
        atPeer.take(*peer, result.output);
        CHECK(atPeer.last == Step::kFailed);
        CHECK_EQUAL(peer->failure().alertReceived, refusal.alert);
        CHECK_EQUAL(peer->failure().alertSent, -1);
        CHECK(atPeer.output.empty());
        // Nothing follows.
        result.output.clear();
        result.take(*layer, by.seal(kData, fifty()), room);
        CHECK(result.last == Step::kFailed);
        CHECK(!layer->write({}, result.output));
        layer->close(result.output);
        CHECK(result.output.empty());
      }
    }
  }
  storyContext = "";
}

// The memory for the plaintext holds nothing of a record that fails.
void hidesForgedRecords() {
  for (const uint16_t suite : kSuites) {
    Octets record = written(*makeRecordLayer(true, suite), {Octets(1000, 'x')});
    record.back() ^= 0x80;
    const auto client = makeRecordLayer(false, suite);
    Octets room(2000, 'r');
    Octets out;
    size_t count = 0;
    Bytes input(record);
    CHECK(client->next(input, room, count, out) == Step::kFailed);
    CHECK_EQUAL(count, 0);
    CHECK(std::find(room.begin(), room.end(), 'x') == room.end());
  }
}

void allowsTheLimits() {
  using Make = std::function<Octets(Sealer&)>;
  const Make all[] = {
      [](Sealer& by) { return by.seal(kData, Octets(16'384, 1)); },
      [](Sealer& by) { return by.seal(kData, Octets(16'000, 1), 384); },
      [](Sealer& by) { return by.seal(kData, {1}, 16'383); },
      [](Sealer& by) { return by.seal(kData, {}, 16'384); },
      [](Sealer& by) {
        return by.seal(kAlert, {1, 90}, 100);
      },
      [](Sealer& by) {
        return by.seal(kAlert, {2, 90});
      },
      [](Sealer& by) {
        return repeated(RecordLayer::kMaxWithoutData, [&] { return by.seal(kData, {}); });
      },
      [](Sealer& by) {
        return repeated(100, [&] {
          return joined(
              {by.seal(kHandshake, kTicket), by.seal(kAlert, {1, 90}), by.seal(kData, {1})});
        });
      },
      // Tickets in pieces of one byte, and several in a record.
      [](Sealer& by) {
        Octets made;
        for (const uint8_t byte : kTicket) made = joined({made, by.seal(kHandshake, {byte})});
        return joined({made, by.seal(kHandshake, joined({kTicket, kTicket}))});
      },
      // A key update in pieces.
      [](Sealer& by) {
        const Octets made = joined({by.seal(kHandshake, {24, 0}), by.seal(kHandshake, {0, 1, 1})});
        by.update();
        return made;
      },
      // A key update behind a ticket.
      [](Sealer& by) {
        const Octets made = by.seal(kHandshake, joined({kTicket, Octets(kUpdate)}));
        by.update();
        return made;
      },
  };
  for (const Make& make : all) {
    Sealer by(fromHex(rfc8448::kServerSecret), suiteOf(rfc8448::kSuite));
    const auto client = makeRecordLayer(false);
    Result result;
    result.take(*client, make(by));
    CHECK(result.last == Step::kWantsInput);
    const size_t before = result.plaintext.size();
    result.take(*client, by.seal(kData, fifty()));
    CHECK_EQUAL(result.plaintext.size() - before, 50);
  }
}

// All but close_notify and user_canceled end the session, whatever their level.
void receivesAlerts() {
  for (const uint8_t level : {1, 2}) {
    for (const uint8_t alert : {10, 20, 40, 49, 80, 100, 116, 255}) {
      Sealer by(fromHex(rfc8448::kServerSecret), suiteOf(rfc8448::kSuite));
      const auto client = makeRecordLayer(false);
      Result result;
      result.take(*client, by.seal(kAlert, {level, alert}));
      CHECK(result.last == Step::kFailed);
      CHECK_EQUAL(client->failure().alertReceived, alert);
      CHECK_EQUAL(client->failure().reason, 1000 + alert);
      CHECK(result.output.empty());
    }
  }
}

// An alert after close_notify would be data after the end.
void saysNothingAfterTheEnd() {
  Sealer by(fromHex(rfc8448::kClientSecret), suiteOf(rfc8448::kSuite));
  const auto server = makeRecordLayer(true);
  Octets out;
  server->close(out);
  CHECK(!server->write({}, out));
  Result result;
  result.take(*server, by.seal(kData, fifty()));
  CHECK(result.plaintext == fifty());
  result.take(*server, by.seal(kHandshake, {}));
  CHECK(result.last == Step::kFailed);
  CHECK_EQUAL(server->failure().alertSent, -1);
  CHECK(result.output.empty());
}

void endsAtTheLastSequenceNumber() {
  const auto server = makeRecordLayer(true, rfc8448::kSuite, UINT64_MAX, UINT64_MAX - 1);
  Octets out;
  const Octets text = fifty();
  const Bytes part(text);
  CHECK(server->write({&part, 1}, out));
  const size_t before = out.size();
  CHECK(!server->write({&part, 1}, out));
  CHECK_EQUAL(out.size(), before);
  CHECK(server->failed());
}

}  // namespace
}  // namespace ropewalk

int main() {
  using namespace ropewalk;
  return tell({
      STORY(derivesKeys),
      STORY(speaksAsInTheRfc),
      STORY(joinsAndSplits),
      STORY(countsSequenceNumbers),
      STORY(updatesKeys),
      STORY(answersKeyUpdates),
      STORY(refuses),
      STORY(hidesForgedRecords),
      STORY(allowsTheLimits),
      STORY(receivesAlerts),
      STORY(saysNothingAfterTheEnd),
      STORY(endsAtTheLastSequenceNumber),
  });
}
