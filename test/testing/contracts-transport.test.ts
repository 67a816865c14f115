/** The transport contract over transports that are broken on purpose. That it holds for real ones is in test/contract. */
import { describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { ConnectionAborted, ConnectionDone } from '../../src/core/errors/connection.js';
import type { StreamProtocol, Transport } from '../../src/index.js';
import type { ContractCase } from '../../src/testing/contracts/contract-case.js';
import type { MakePair } from '../../src/testing/contracts/transport/scene.js';
import { transportContract } from '../../src/testing/contracts/transport/transport-contract.js';
import { outcome } from './contract-outcome.js';
import { simulatedPairs } from './simulated-stage.js';

/** What a mutant does otherwise. */
interface Mutation {
  /** Methods of the transport to replace. */
  transport?(original: Transport, protocol: StreamProtocol, peer: StreamProtocol): object;
  /** Callbacks of the protocol to replace. */
  protocol?(original: StreamProtocol): Partial<StreamProtocol>;
}

/** Stands between a protocol and its transport, and changes what passes. */
function mutated(
  protocol: StreamProtocol,
  peer: StreamProtocol,
  mutation: Mutation,
): StreamProtocol {
  const shim: StreamProtocol = {
    get acceptsLentBytes() {
      return protocol.acceptsLentBytes === true;
    },
    makeConnection(transport) {
      const replaced = mutation.transport?.(transport, protocol, peer) ?? {};
      const broken = new Proxy(transport, {
        get(target, key) {
          if (key in replaced) return Reflect.get(replaced, key, replaced);
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      protocol.makeConnection(broken);
    },
    dataReceived: (data) => protocol.dataReceived(data),
    connectionLost: (reason) => protocol.connectionLost(reason),
  };
  for (const side of ['readConnectionLost', 'writeConnectionLost'] as const) {
    const callback = protocol[side];
    if (callback !== undefined) shim[side] = () => callback.call(protocol);
  }
  return Object.defineProperties(
    shim,
    Object.getOwnPropertyDescriptors(mutation.protocol?.(protocol) ?? {}),
  );
}

const makePair = simulatedPairs({});
const OPTIONS = { overflowBytes: 1_000_000, poisonsLentBytes: true };
const healthy = transportContract(makePair, OPTIONS);

/** The contract over pairs whose client's end is broken. */
function contractOver(mutation: Mutation): ContractCase[] {
  const makeBroken: MakePair = (client, server) =>
    makePair(mutated(client, server, mutation), mutated(server, client, {}));
  return transportContract(makeBroken, OPTIONS);
}

const NOTHING = (): void => {};

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
function holdingLentBytes(): Mutation {
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

const BROKEN: readonly [what: string, mutation: Mutation, noticedBy: string][] = [
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
    'stops where its buffer was detached',
    {
      protocol(protocol) {
        let detached = false;
        return {
          dataReceived(data) {
            if (!detached) protocol.dataReceived(data);
            detached ||= data.buffer.byteLength === 0;
          },
        };
      },
    },
    'receives the rest if lent bytes are transferred, which is not allowed',
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
  [
    'tells connectionLost twice',
    {
      protocol: (protocol) => ({
        connectionLost(reason) {
          protocol.connectionLost(reason);
          protocol.connectionLost(reason);
        },
      }),
    },
    'loseConnection ends both ends with ConnectionDone once, in a later turn',
  ],
  [
    'tells connectionLost from inside abortConnection',
    {
      transport: (transport, protocol) => ({
        abortConnection() {
          transport.abortConnection();
          protocol.connectionLost(new ConnectionAborted());
        },
      }),
    },
    'abortConnection is ConnectionAborted, once, in a later turn',
  ],
  [
    'tells an abort as a clean close',
    {
      protocol: (protocol) => ({
        connectionLost: () => protocol.connectionLost(new ConnectionDone()),
      }),
    },
    'abortConnection is ConnectionAborted, once, in a later turn',
  ],
  [
    'does not say that it is closing',
    { transport: () => ({ disconnecting: false }) },
    'loseConnection sends all written bytes, then closes',
  ],
  [
    'takes stopProducing for nothing',
    { transport: () => ({ stopProducing: NOTHING }) },
    'stopProducing is loseConnection',
  ],
  [
    'gives data after the end',
    {
      protocol: (protocol) => ({
        connectionLost(reason) {
          protocol.connectionLost(reason);
          protocol.dataReceived(Buffer.from('late'));
        },
      }),
    },
    "delivers all bytes sent before the peer's end, then ConnectionDone",
  ],
  [
    'closes where it should half-close',
    {
      transport: (transport) => ({ loseWriteConnection: () => transport.loseConnection() }),
    },
    'loseWriteConnection ends the sending side after all written bytes; receiving continues',
  ],
  [
    'does not tell that its sending side has ended',
    { protocol: () => ({ writeConnectionLost: NOTHING }) },
    'loseConnection after loseWriteConnection was done ends the connection in a later turn',
  ],
  [
    "does not tell the peer's half-close",
    { protocol: () => ({ readConnectionLost: NOTHING }) },
    "reports the peer's half-close once, after the data; writing continues",
  ],
  [
    'never pauses a producer',
    {
      transport: (transport) => ({
        registerProducer: (producer: { resumeProducing(): void; stopProducing(): void }) =>
          transport.registerProducer(
            {
              pauseProducing: NOTHING,
              resumeProducing: () => producer.resumeProducing(),
              stopProducing: () => producer.stopProducing(),
            },
            true,
          ),
      }),
    },
    'pauses a push producer above the high-water mark, not at it, from within write',
  ],
  [
    'takes a second producer',
    {
      transport: (transport) => ({
        registerProducer(producer: never) {
          transport.unregisterProducer();
          transport.registerProducer(producer, true);
        },
      }),
    },
    'refuses a second producer, and keeps the first',
  ],
  [
    'forgets to stop its producer',
    { transport: () => ({ registerProducer: NOTHING }) },
    'stops its producer at the end of the connection, before connectionLost',
  ],
  [
    'takes pull producers for push producers',
    {
      transport: (transport) => ({
        registerProducer: (producer: never) => transport.registerProducer(producer, true),
      }),
    },
    'calls a pull producer at once, and again each time that no bytes wait',
  ],
  [
    'receives while it is paused',
    { transport: () => ({ pauseProducing: NOTHING }) },
    'stops receiving at pauseProducing and continues at resumeProducing',
  ],
  [
    'counts how often it was paused',
    {
      transport(transport) {
        let paused = 0;
        return {
          pauseProducing() {
            paused += 1;
            transport.pauseProducing();
          },
          resumeProducing() {
            paused -= 1;
            if (paused === 0) transport.resumeProducing();
          },
        };
      },
    },
    'does not count pauses and resumes',
  ],
  [
    'swallows what application code throws',
    {
      protocol: (protocol) => ({
        dataReceived(data) {
          try {
            protocol.dataReceived(data);
          } catch {
            // Neither reported nor the end of the connection.
          }
        },
      }),
    },
    'reports errors of dataReceived and ends the connection with it',
  ],
  [
    'calls back from inside resumeProducing',
    {
      transport: (transport, protocol) => ({
        resumeProducing() {
          transport.resumeProducing();
          protocol.dataReceived(Buffer.from('now'));
        },
      }),
    },
    'allows resumeProducing in connectionMade',
  ],
];

describe('the transport contract', () => {
  it.each([65_536, 2 ** 30 + 1, 1e5 + 0.5])('refuses %s for overflowBytes', (overflowBytes) => {
    expect(() => transportContract(makePair, { overflowBytes })).toThrow(InvalidArgumentValueError);
  });

  it('refuses what makes no pairs', () => {
    expect(() => transportContract({} as never)).toThrow(InvalidArgumentTypeError);
  });

  it('has no two cases of one name', () => {
    const names = healthy.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each([...new Set(BROKEN.map(([, , noticedBy]) => noticedBy))])('passes: %s', async (name) => {
    expect(await outcome(healthy, name)).toBe('passed');
  });

  it('says what it waited for in vain', async () => {
    const deaf = contractOver({ protocol: () => ({ dataReceived: NOTHING }) });
    expect(await outcome(deaf, 'carries 2,000 answers, one after the other')).toMatch(
      /^1000 bytes at the server did not come: .*\(client: connectionMade, 0 bytes; server: connectionMade,dataReceived, 1 bytes\)$/s,
    );
  });
});

describe('the transport contract over a transport that', () => {
  it.each(BROKEN)('%s', async (_what, mutation, noticedBy) => {
    expect(await outcome(contractOver(mutation), noticedBy)).not.toBe('passed');
  });
});
