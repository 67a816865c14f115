/** The transport contract over transports that write, give or lend bytes in wrong ways. */
import { describe } from 'vitest';
import type { StreamProtocol } from '../../src/index.js';
import {
  type BrokenTransport,
  describeBrokenTransports,
  type TransportMutation,
} from './broken-transport.js';

/** Delivers views of one slab. */
function fromSlab(protocol: StreamProtocol): Partial<StreamProtocol> {
  const bytes = 262_144;
  let slab = Buffer.alloc(0);
  let used = bytes;
  return {
    dataReceived(data) {
      if (used + data.length > bytes) {
        slab = Buffer.from(new ArrayBuffer(bytes));
        used = 0;
      }
      data.copy(slab, used);
      used += data.length;
      protocol.dataReceived(slab.subarray(used - data.length, used));
    },
  };
}

/** Keeps lent bytes while it is paused, and delivers them when it is resumed. */
function holdingLentBytes(): TransportMutation {
  let paused = false;
  let kept: Buffer[] = [];
  return {
    transport: (_transport, protocol) => ({
      pauseProducing() {
        paused = true;
      },
      resumeProducing() {
        paused = false;
        const parts = kept;
        kept = [];
        queueMicrotask(() => {
          for (const part of parts) protocol.dataReceived(part);
        });
      },
    }),
    protocol: (protocol) => ({
      dataReceived(data) {
        if (paused) kept.push(data);
        else protocol.dataReceived(data);
      },
    }),
  };
}

const BROKEN: readonly BrokenTransport[] = [
  [
    'sends synchronously',
    {
      transport: (_transport, _protocol, peer) => ({
        write: (data: Uint8Array) => peer.dataReceived(Buffer.from(data)),
        bufferedBytes: 3,
      }),
    },
    'sends nothing before the end of the turn',
  ],
  [
    'does not tell what it buffers',
    { transport: () => ({ bufferedBytes: 0 }) },
    'sends nothing before the end of the turn',
  ],
  [
    'loses a byte',
    {
      transport: (transport) => ({
        write: (data: Uint8Array) => transport.write(data.subarray(0, 4095)),
      }),
    },
    'delivers 4096 bytes written at once, and the end after them',
  ],
  [
    'sends large writes ahead of small ones',
    {
      transport(transport) {
        const small: (Uint8Array | string)[] = [];
        const write = (data: Uint8Array | string): void => {
          if (data.length < 1000) {
            small.push(data);
            if (small.length === 1) queueMicrotask(() => transport.writeSequence(small.splice(0)));
          } else transport.write(data);
        };
        return { write };
      },
    },
    'keeps the order of writes of all kinds',
  ],
  [
    'keeps small buffers by reference',
    {
      transport: (transport) => ({
        write: (data: Uint8Array) => queueMicrotask(() => transport.write(data)),
      }),
    },
    'copies a small buffer when it is written',
  ],
  [
    'writes the parts before it has checked them all',
    {
      transport: (transport) => ({
        writeSequence(parts: Iterable<string>) {
          for (const part of parts) transport.write(part);
        },
      }),
    },
    'checks all parts of writeSequence before writing any',
  ],
  [
    'drops what is written after loseConnection',
    {
      transport: (transport) => ({
        write: (data: string) => void (transport.disconnecting || transport.write(data)),
      }),
    },
    'sends bytes written after loseConnection while it is still open',
  ],
  [
    'uses the memory of what it gave again',
    {
      protocol(protocol) {
        const memory = Buffer.alloc(65_536);
        return {
          dataReceived(data) {
            data.copy(memory);
            protocol.dataReceived(memory.subarray(0, data.length));
          },
        };
      },
    },
    'never overwrites received bytes',
  ],
  ['gives views of a slab', { protocol: fromSlab }, 'gives bytes whose memory holds little else'],
  ['gives views of one slab', { protocol: fromSlab }, 'gives separate memory each time'],
  [
    'gives views of a slab that can be detached',
    { protocol: fromSlab },
    'gives bytes that may be transferred, at both ends',
  ],
  [
    'gives views of a slab that a stream detaches',
    { protocol: fromSlab },
    'gives bytes that a byte stream accepts',
  ],
  [
    'gives what was written, not a copy',
    {
      transport: (_transport, _protocol, peer) => ({
        write(data: Buffer) {
          for (let at = 0; at < data.length; at += 65_536) {
            const piece = data.subarray(at, at + 65_536);
            queueMicrotask(() => peer.dataReceived(piece));
          }
        },
      }),
    },
    'gives bytes that may be changed',
  ],
  [
    'lends what is overwritten too early',
    {
      protocol: (protocol) => ({
        dataReceived(data) {
          if (data.length > 1000) data.fill(0xdb, 1000);
          protocol.dataReceived(data);
        },
      }),
    },
    'lends bytes that are valid until dataReceived returns',
  ],
  [
    'lends to everybody',
    { protocol: () => ({ acceptsLentBytes: true }) },
    'asks at each delivery whether it may lend',
  ],
  [
    'asks once whether it may lend',
    {
      protocol(protocol) {
        let lends: boolean | undefined;
        return {
          get acceptsLentBytes() {
            lends ??= protocol.acceptsLentBytes === true;
            return lends;
          },
        };
      },
    },
    'asks at each delivery whether it may lend',
  ],
  [
    'holds lent bytes for a protocol that has paused',
    holdingLentBytes(),
    'lends bytes that arrived while it was paused',
  ],
  [
    'keeps what is written by reference though it is lent',
    {
      transport: (transport) => ({
        write: (data: Uint8Array) => queueMicrotask(() => transport.write(data)),
      }),
    },
    'sends bytes written from lent bytes, of any size',
  ],
  [
    'sends the parts of writeSequence later',
    {
      transport: (transport) => ({
        writeSequence: (parts: Uint8Array[]) =>
          queueMicrotask(() => transport.writeSequence(parts)),
      }),
    },
    'sends bytes written from lent bytes in many pieces',
  ],
  [
    'queues large writes by reference though they are lent',
    {
      transport(transport) {
        const write = (data: Uint8Array): void => {
          if (data.length < 10_000) transport.write(data);
          else setImmediate(() => transport.write(data));
        };
        return { write, writeSequence: (parts: Uint8Array[]) => parts.forEach(write) };
      },
    },
    'keeps bytes written from lent bytes for a peer that does not read',
  ],
  [
    'does not notice that lent bytes were transferred',
    {
      protocol: (protocol) => ({
        dataReceived: (data) => protocol.dataReceived(Buffer.from(data)),
      }),
    },
    'ends with an error if lent bytes are transferred, or prevents it',
  ],
  [
    'promises to overwrite what was lent, and does not',
    {
      protocol: (protocol) => ({
        dataReceived: (data) => protocol.dataReceived(Buffer.from(data)),
      }),
    },
    'overwrites lent bytes when dataReceived has returned',
  ],
];

describe('the rules of bytes in the transport contract', () => {
  describeBrokenTransports(BROKEN);
});
