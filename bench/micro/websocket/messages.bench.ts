// Reads and writes WebSocket messages of 64 bytes of text and 16 KiB of binary data, against npm's `ws`, without sockets.
//
//     npx tsx bench/micro/websocket/messages.bench.ts [--rounds N] [--quick]

import { WebSocketCodecs } from '../../../src/protocols/websocket/codec.js';
import { WebSocketConnection } from '../../../src/protocols/websocket/connection.js';
import type { WebSocketRole } from '../../../src/protocols/websocket/events.js';
import { FrameSerializer, frameOfBytes } from '../../../src/protocols/websocket/serializer.js';
import type { Effort, Figures, MicroBench, MicroCase } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { expectSame, nsPerOperation } from '../../harness/micro/timing.js';

interface Message {
  readonly name: string;
  readonly content: string | Buffer;
}

const MESSAGES: readonly Message[] = [
  { name: '64 B text', content: 'a message of ASCII characters, '.padEnd(64, 'x') },
  { name: '64 B text, not ASCII', content: 'grüße '.repeat(8) },
  { name: '16 KiB binary', content: Buffer.alloc(16_384, 'binary ') },
];

const BATCH_BYTES = 65_536;
const key = (): number => 0x4d3c2b1a;

interface WsReceiver {
  on(event: string, listener: (data: Buffer, isBinary: boolean) => void): void;
  _write(chunk: Buffer, encoding: string, done: () => void): void;
}
interface WsSender {
  send(data: string | Buffer, options: object): void;
}
const { Receiver, Sender } = (await import('ws' as string)) as {
  Receiver: new (options: object) => WsReceiver;
  Sender: new (socket: object) => WsSender;
};

function connectionOf(
  role: WebSocketRole,
  write: (bytes: Uint8Array) => void,
  lendsBinary = false,
): WebSocketConnection {
  const codecs = new WebSocketCodecs({
    role,
    lendsBinary,
    ...(role === 'client' ? { maskingKey: key } : {}),
  });
  return new WebSocketConnection(codecs.codec(), { write });
}

function write(connection: WebSocketConnection, content: string | Buffer): void {
  if (typeof content === 'string') connection.sendText(content);
  else connection.sendBinary(content);
}

/** Frames of one chunk from the transport. */
function chunkOf(content: string | Buffer, role: WebSocketRole): { chunk: Buffer; count: number } {
  const written: Buffer[] = [];
  const sink = { write: (bytes: Uint8Array): unknown => written.push(Buffer.from(bytes)) };
  const serializer = new FrameSerializer(role === 'client' ? key : undefined);
  if (typeof content === 'string') serializer.writeText(sink, 0x81, content);
  else serializer.writeBytes(sink, 0x82, content);
  const frame = Buffer.concat(written);
  const count = Math.max(1, Math.floor(BATCH_BYTES / frame.length));
  return { chunk: Buffer.alloc(count * frame.length, frame), count };
}

type Decode = (role: WebSocketRole) => (chunk: Buffer) => number;

/** Returns the number of characters and bytes of all messages. */
const decoders: Record<string, Decode> = {
  ropewalk: (role) => {
    const connection = connectionOf(role, () => {});
    return (chunk) => {
      let size = 0;
      connection.receive(chunk);
      for (let event = connection.next(); event !== undefined; event = connection.next()) {
        size += event === 'text' ? connection.text.length : connection.bytes.length;
      }
      return size;
    };
  },
  'ropewalk, lent': (role) => {
    const connection = connectionOf(role, () => {}, true);
    return (chunk) => {
      let size = 0;
      connection.receive(chunk);
      for (let event = connection.next(); event !== undefined; event = connection.next()) {
        size += event === 'text' ? connection.text.length : connection.bytes.length;
      }
      return size;
    };
  },
  ws: (role) => {
    const receiver = new Receiver({ isServer: role === 'server', maxPayload: 1 << 20 });
    let size = 0;
    receiver.on('message', (data, isBinary) => {
      size += isBinary ? data.length : data.toString().length;
    });
    const done = (): void => {};
    return (chunk) => {
      size = 0;
      receiver._write(chunk, 'buffer', done);
      return size;
    };
  },
};

async function measureDecode(
  decode: Decode,
  role: WebSocketRole,
  effort: Effort,
): Promise<Figures> {
  const figures: Record<string, number> = {};
  for (const { name, content } of MESSAGES) {
    const { chunk, count } = chunkOf(content, role === 'server' ? 'client' : 'server');
    const received = Buffer.allocUnsafeSlow(chunk.length);
    const read = decode(role);
    const batch = (): number => {
      // ws unmasks in place, so each batch needs the frames anew.
      chunk.copy(received);
      return read(received);
    };
    const check = (size: number): void => expectSame(name, size, count * content.length);
    figures[name] = await nsPerOperation(effort, count, batch, check);
  }
  return figures;
}

type Encode = (
  role: WebSocketRole,
  sink: (bytes: Uint8Array) => void,
) => (content: string | Buffer) => void;

const encoders: Record<string, Encode> = {
  ropewalk: (role, sink) => {
    const connection = connectionOf(role, sink);
    return (content) => write(connection, content);
  },
  ws: (role, sink) => {
    const socket = {
      cork: () => {},
      uncork: () => {},
      write: (data: Buffer | string) => sink(typeof data === 'string' ? Buffer.from(data) : data),
    };
    const sender = new Sender(socket);
    return (content) => {
      const binary = typeof content !== 'string';
      sender.send(content, { binary, fin: true, compress: false, mask: role === 'client' });
    };
  },
};

async function measureEncode(
  encode: Encode,
  role: WebSocketRole,
  effort: Effort,
): Promise<Figures> {
  const figures: Record<string, number> = {};
  for (const { name, content } of MESSAGES) {
    let size = 0;
    const send = encode(role, (bytes) => {
      size += bytes.length;
    });
    const count = 500;
    const frame = frameOfBytes(0x81, Buffer.from(content as string)).length;
    const expected = count * (frame + (role === 'client' ? 4 : 0));
    const batch = (): number => {
      size = 0;
      for (let i = 0; i < count; i++) send(content);
      return size;
    };
    figures[name] = await nsPerOperation(effort, count, batch, (sent) => {
      expectSame(name, sent, expected);
    });
  }
  return figures;
}

function casesOf(role: WebSocketRole): MicroCase[] {
  return [
    {
      name: `read by a ${role}`,
      reference: 'ws',
      contenders: Object.fromEntries(
        Object.entries(decoders).map(([name, decode]) => [
          name,
          (effort: Effort) => measureDecode(decode, role, effort),
        ]),
      ),
    },
    {
      name: `written by a ${role}`,
      reference: 'ws',
      contenders: Object.fromEntries(
        Object.entries(encoders).map(([name, encode]) => [
          name,
          (effort: Effort) => measureEncode(encode, role, effort),
        ]),
      ),
    },
  ];
}

export const bench: MicroBench = {
  title: 'WebSocket messages',
  workload:
    'Frames in chunks of 64 KiB are read, text as a string and binary data as a Buffer; messages are written to a sink that ' +
    'counts bytes. `ws` is its receiver and sender without sockets; it unmasks in place. `ropewalk, lent` lends binary data ' +
    'instead of copying it. Clients use a constant masking key.',
  unit: 'ns per message, less is better',
  cases: [...casesOf('server'), ...casesOf('client')],
  bars: [],
};

await runAlone(import.meta.url, bench);
