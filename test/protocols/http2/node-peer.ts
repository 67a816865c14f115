/** Node's own HTTP/2, which is nghttp2, as the oracle: fed with bytes, without a network. */
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { Duplex } from 'node:stream';

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const GOAWAY = 7;
const PING = 6;
const COMPRESSION_ERROR = 9;

/** A frame of its parts. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

/** Splits bytes into whole frames. */
export function* framesIn(
  bytes: Buffer,
): Generator<{ type: number; flags: number; streamId: number; payload: Buffer }> {
  for (let at = 0; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) return;
    const [type = 0, flags = 0] = bytes.subarray(at + 3, at + 5);
    yield {
      type,
      flags,
      streamId: bytes.readUInt32BE(at + 5),
      payload: bytes.subarray(at + 9, end),
    };
    at = end;
  }
}

export interface Verdict {
  /** Names and values in turn, by block: only those of valid requests. */
  readonly requests: string[][];
  /** Whether a block could not be decoded. */
  readonly isUndecodable: boolean;
}

/**
 * Sends header blocks to a server of Node's, each as a request, and waits until all are read.
 * @param settings The payload of the client's SETTINGS frame.
 */
export async function nodeDecodes(
  blocks: readonly Uint8Array[],
  settings: Uint8Array = Buffer.alloc(0),
): Promise<Verdict> {
  const requests: string[][] = [];
  const server = createServer({ maxSessionInvalidFrames: 100_000 });
  let session: ServerHttp2Session | undefined;
  server.on('session', (made) => {
    session = made;
    made.on('error', () => {});
  });
  server.on(
    'stream',
    (stream: ServerHttp2Stream, _headers: unknown, _flags: unknown, raw: unknown) => {
      requests.push(raw as string[]);
      stream.on('error', () => {});
      stream.respond({ ':status': 204 }, { endStream: true });
    },
  );
  const isUndecodable = await new Promise<boolean>((resolve) => {
    let received = Buffer.alloc(0);
    const socket = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        received = Buffer.concat([received, chunk]);
        for (const { type, flags, payload } of framesIn(received)) {
          if (type === GOAWAY) resolve(payload.readUInt32BE(4) === COMPRESSION_ERROR);
          if (type === PING && flags === 1) resolve(false);
        }
        done();
      },
    });
    socket.on('error', () => {});
    server.emit('connection', socket);
    socket.push(
      Buffer.concat([
        PREFACE,
        frame(4, 0, 0, settings),
        ...blocks.map((block, i) => frame(1, 5, 2 * i + 1, block)),
        frame(PING, 0, 0, Buffer.alloc(8)),
      ]),
    );
  });
  session?.destroy();
  server.close();
  return { requests, isUndecodable };
}
