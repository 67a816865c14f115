/** The transport contract over transports that are broken on purpose. That it holds for sound ones is in test/contract. */
import { describe, expect, it } from 'vitest';
import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../src/core/errors/arguments.js';
import { ConnectionAborted, ConnectionDone } from '../../src/core/errors/connection.js';
import { transportContract } from '../../src/testing/contracts/transport/transport-contract.js';
import {
  type BrokenTransport,
  contractOver,
  describeBrokenTransports,
  healthy,
  makePair,
} from './broken-transport.js';
import { outcome } from './contract-outcome.js';

const NOTHING = (): void => {};

const BROKEN: readonly BrokenTransport[] = [
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

  it('refuses an argument that makes no pairs', () => {
    expect(() => transportContract({} as never)).toThrow(InvalidArgumentTypeError);
  });

  it('has no two cases of one name', () => {
    const names = healthy.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  describeBrokenTransports(BROKEN);

  it('names the event that did not come', async () => {
    const deaf = contractOver({ protocol: () => ({ dataReceived: NOTHING }) });
    expect(await outcome(deaf, 'carries 2,000 answers, one after the other')).toMatch(
      /^1000 bytes at the server did not come: .*\(client: connectionMade, 0 bytes; server: connectionMade,dataReceived, 1 bytes\)$/s,
    );
  });
});
