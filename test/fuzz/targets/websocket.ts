/** Fuzz targets of WebSocket. */
import { ok } from 'node:assert/strict';
import { RequestParser } from '../../../src/protocols/http/request-parser.js';
import { ResponseParser } from '../../../src/protocols/http/response-parser.js';
import { ClientHandshake } from '../../../src/protocols/websocket/client-handshake.js';
import { MessageInflater } from '../../../src/protocols/websocket/deflate.js';
import {
  WebSocketRequestError,
  WebSocketResponseError,
} from '../../../src/protocols/websocket/errors.js';
import { acceptRequest } from '../../../src/protocols/websocket/server-handshake.js';
import { closing, masked, readAll } from '../../protocols/websocket/frames.js';
import { buffers, sameWhenCut, type Target } from '../target.js';
import { HTTP_WORDS, headsOf } from './http.js';

const LIMITS = { maxMessageBytes: 300, maxFragments: 5, maxControlFrames: 20 };

/** Of the example in RFC 6455 section 1.3, to which ACCEPTED is the answer. */
const HANDSHAKE = new ClientHandshake({
  nonce: Buffer.from('the sample nonce'),
  subprotocols: ['x'],
  deflate: {},
});

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';

const ASKED = `GET /c HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n`;

const ACCEPTED =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n';

export const TARGETS: Readonly<Record<string, Target>> = {
  'websocket-frames': {
    seeds: [
      masked({ opcode: 1, payload: 'text ü' }),
      masked({ opcode: 2, payload: Buffer.alloc(130) }),
      Buffer.concat([
        masked({ opcode: 1, fin: false, payload: 'a' }),
        masked({ opcode: 9, payload: 'p' }),
        masked({ opcode: 0, payload: 'b' }),
      ]),
      masked({ opcode: 8, payload: closing(1000, 'bye') }),
      masked({ opcode: 1, rsv: 4, payload: Buffer.from('4a4c04000', 'hex') }),
    ],
    words: [
      '\x81\x80\0\0\0\0',
      '\x01\x81\0\0\0\0a',
      '\x80\x80\0\0\0\0',
      '\x88\x80\0\0\0\0',
      '\xc1',
      '\x7e\0',
      '\xff',
    ],
    check(bytes, random) {
      sameWhenCut(bytes, random, (chunks) => readAll(chunks, LIMITS));
      const inflating = (chunks: Buffer[]): string[] =>
        readAll(chunks, { ...LIMITS, decompressor: new MessageInflater(true) });
      if (random(4) === 0) sameWhenCut(bytes, random, inflating);
    },
  },
  'websocket-handshakes': {
    seeds: buffers(
      `${ASKED}\r\n`,
      `${ASKED}Origin: http://a\r\nSec-WebSocket-Protocol: x, y\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n`,
      `${ACCEPTED}\r\n`,
      `${ACCEPTED}Sec-WebSocket-Protocol: x\r\nSec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n\r\n`,
    ),
    words: [
      ...HTTP_WORDS,
      ...[
        'permessage-deflate',
        '; ',
        'client_max_window_bits',
        'server_no_context_takeover',
        '=8',
        '="15"',
      ],
    ],
    check(bytes) {
      for (const head of headsOf<RequestParser['head']>(bytes, new RequestParser())) {
        try {
          const { fields } = acceptRequest(head, { subprotocols: ['y'], deflate: {} });
          for (const [, value] of fields) ok(!/[\r\n\0]/.test(value));
        } catch (error) {
          if (!(error instanceof WebSocketRequestError)) throw error;
        }
      }
      const parser = new ResponseParser();
      parser.requestSent('GET', true);
      for (const head of headsOf<ResponseParser['head']>(bytes, parser)) {
        try {
          HANDSHAKE.check(head);
        } catch (error) {
          if (!(error instanceof WebSocketResponseError)) throw error;
        }
      }
    },
  },
};
