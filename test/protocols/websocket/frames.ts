/** Frames made byte by byte, and a reader of all that a parser returns: independent of the serializer under test. */
import { RemoteProtocolError } from '../../../src/core/errors/base.js';
import {
  MessageParser,
  type MessageParserOptions,
} from '../../../src/protocols/websocket/parser.js';

export interface FrameParts {
  readonly fin?: boolean;
  /** RSV1, RSV2 and RSV3 as 4, 2 and 1. */
  readonly rsv?: number;
  readonly opcode: number;
  readonly payload?: Uint8Array | string;
  /** The masking key. Default: one that changes every byte. undefined: not masked. */
  readonly key?: readonly number[] | undefined;
  /** The size of the extended length. Default: the smallest. */
  readonly lengthBytes?: 0 | 2 | 8;
  /** Announced in place of the payload's length. */
  readonly length?: number;
}

export const KEY: readonly number[] = [0x9a, 0xbc, 0x1e, 0xf7];

/** A frame of a client. */
export function masked(parts: FrameParts): Buffer {
  return frame({ key: KEY, ...parts });
}

export function frame(parts: FrameParts): Buffer {
  const { fin = true, rsv = 0, opcode, payload = '', key } = parts;
  const content = Buffer.from(payload as string);
  const length = parts.length ?? content.length;
  const lengthBytes = parts.lengthBytes ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8);
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  const mask = key === undefined ? 0 : 0x80;
  head.push(mask | (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127));
  for (let i = lengthBytes - 1; i >= 0; i--) head.push(Math.floor(length / 256 ** i) & 0xff);
  if (key !== undefined) {
    head.push(...key);
    for (let i = 0; i < content.length; i++) {
      content[i] = (content[i] as number) ^ (key[i % 4] as number);
    }
  }
  return Buffer.concat([Buffer.from(head), content]);
}

/** A close payload. */
export function closing(code: number, reason: Uint8Array | string = ''): Buffer {
  return Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason as string)]);
}

/** All events as text, such as `text "a"`, `binary 00ff`, `close 1000 "bye"`; the last one may be `error CODE 1002`. */
export function readAll(
  chunks: readonly Buffer[],
  options: Partial<MessageParserOptions> = {},
): string[] {
  const parser = new MessageParser({ role: 'server', ...options });
  const events: string[] = [];
  try {
    for (const chunk of chunks) {
      parser.receive(chunk);
      for (let event = parser.next(); event !== undefined; event = parser.next()) {
        events.push(shown(parser, event));
      }
      // The parser must not depend on lent bytes.
      chunk.fill(0xdb);
    }
  } catch (error) {
    events.push(shownError(parser, error));
  }
  return events;
}

export function shown(parser: MessageParser, event: string): string {
  if (event === 'text') return `text ${JSON.stringify(parser.text)}`;
  if (event === 'close') return `close ${parser.closeCode} ${JSON.stringify(parser.closeReason)}`;
  return `${event} ${parser.bytes.toString('hex')}`;
}

function shownError(parser: MessageParser, error: unknown): string {
  if (!(error instanceof RemoteProtocolError)) throw error;
  for (const again of [() => parser.next(), () => parser.receive(Buffer.of(0))]) {
    try {
      again();
    } catch (same) {
      if (same === error) continue;
    }
    throw new Error('the error is not thrown again');
  }
  const { code, closeCode } = error as RemoteProtocolError & { closeCode: number };
  return `error ${code} ${closeCode}`;
}
