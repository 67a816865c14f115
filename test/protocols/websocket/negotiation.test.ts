/** Handshakes beside npm's `ws`, and with arbitrary fields. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClientHandshake } from '../../../src/protocols/websocket/client-handshake.js';
import {
  WebSocketRequestError,
  WebSocketResponseError,
} from '../../../src/protocols/websocket/errors.js';
import { acceptRequest } from '../../../src/protocols/websocket/server-handshake.js';
import { ACCEPT, KEY, request, response, sent } from './heads.js';
import { answerOfWs, wsAccepts } from './ws.js';

const NONCE = Buffer.from(KEY, 'base64');

const bits = fc.integer({ min: 9, max: 15 });
const options = fc.record({
  serverNoContextTakeover: fc.boolean(),
  clientNoContextTakeover: fc.boolean(),
  serverMaxWindowBits: bits,
  clientMaxWindowBits: bits,
});

describe('permessage-deflate', () => {
  it('is agreed between a client and a server with ws', () => {
    let answers = 0;
    fc.assert(
      fc.property(options, options, (ours, theirs) => {
        const handshake = new ClientHandshake({ nonce: NONCE, deflate: ours });
        const offer = sent(handshake.fields)['sec-websocket-extensions'] as string;
        const answer = answerOfWs(offer, theirs);
        // ws declines an offer of a smaller window than it wants.
        if (answer === undefined) return;
        answers += 1;
        const agreed = handshake.check(response({ 'sec-websocket-extensions': answer })).deflate;
        expect(agreed?.serverMaxWindowBits).toBeLessThanOrEqual(ours.serverMaxWindowBits);
        expect(agreed?.clientMaxWindowBits).toBeLessThanOrEqual(ours.clientMaxWindowBits);
        if (ours.serverNoContextTakeover) expect(agreed?.serverNoContextTakeover).toBe(true);
        if (theirs.clientNoContextTakeover) expect(agreed?.clientNoContextTakeover).toBe(true);
      }),
    );
    expect(answers).toBeGreaterThan(5);
  });

  it('is agreed between a server and a client with ws', () => {
    fc.assert(
      fc.property(options, options, (ours, theirs) => {
        const answerTo = (offer: string): string | undefined => {
          const of = request({ 'sec-websocket-extensions': offer });
          return sent(acceptRequest(of, { deflate: ours }).fields)['sec-websocket-extensions'];
        };
        // With false, ws refuses servers that demand it, which RFC 7692 section 7.1.1.2 allows them.
        const clientNoContextTakeover = theirs.clientNoContextTakeover || undefined;
        expect(wsAccepts({ ...theirs, clientNoContextTakeover }, answerTo)).toBe(true);
      }),
    );
  });
});

describe('handshakes with arbitrary fields', () => {
  const piece = fc.oneof(
    fc.constantFrom('websocket', 'Upgrade', ',', ';', '=', '"', '\\', ' ', '\t', '13', KEY, ACCEPT),
    fc.constantFrom('permessage-deflate', 'server_max_window_bits', 'client_max_window_bits', '10'),
    fc.constantFrom('http://', 'server.example.com', 'constructor', '__proto__'),
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  const value = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  const changes = fc.dictionary(
    fc.constantFrom(
      'host',
      'upgrade',
      'connection',
      'origin',
      'sec-websocket-key',
      'sec-websocket-version',
      'sec-websocket-protocol',
      'sec-websocket-extensions',
      'sec-websocket-accept',
    ),
    value,
    { maxKeys: 3 },
  );

  it('are accepted, or refused with an error of their own', () => {
    let accepted = 0;
    const attempt = (run: () => unknown, Refusal: new (...args: never[]) => Error): void => {
      try {
        run();
        accepted += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(Refusal);
      }
    };
    fc.assert(
      fc.property(changes, (fields) => {
        const deflate = {};
        attempt(() => acceptRequest(request(fields), { deflate }), WebSocketRequestError);
        const client = new ClientHandshake({ nonce: NONCE, deflate });
        attempt(() => client.check(response(fields)), WebSocketResponseError);
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});
