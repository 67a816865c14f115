/** The reactor contract over reactors that are broken on purpose. That it holds for real ones is in test/contract. */
import { describe, expect, it } from 'vitest';
import type { Address, FactoryLike, ListenTCPOptions, StreamProtocol } from '../../src/index.js';
import type { ContractCase } from '../../src/testing/contracts/contract-case.js';
import { reactorContract } from '../../src/testing/contracts/reactor/reactor-contract.js';
import {
  type BrokenReactor,
  brokenBy,
  describeBroken,
  type Mutation,
  SOUND,
} from './broken-reactor.js';
import { simulatedReactor } from './simulated-stage.js';

const contractOver = (mutation: Mutation): ContractCase[] =>
  reactorContract(brokenBy(mutation, () => simulatedReactor()));

const NOTHING = (): void => {};

/** Gives all connections of a port views of one slab, or hands it to `deliver`. */
function sharingMemory(
  deliver: (protocol: StreamProtocol, data: Buffer, slab: Buffer) => void,
): Mutation {
  const slab = Buffer.from(new ArrayBuffer(65_536));
  return (reactor) => ({
    listenTCP(
      port: number,
      factory: { buildProtocol(address: Address): StreamProtocol },
      options: ListenTCPOptions,
    ) {
      const build = (address: Address): StreamProtocol => {
        const protocol = factory.buildProtocol(address);
        return {
          get acceptsLentBytes() {
            return protocol.acceptsLentBytes === true;
          },
          makeConnection: (transport) => protocol.makeConnection(transport),
          dataReceived: (data) => deliver(protocol, data, slab),
          connectionLost: (reason) => protocol.connectionLost(reason),
        };
      };
      return reactor.listenTCP(port, build, options);
    },
  });
}

const BROKEN: readonly BrokenReactor[] = [
  [
    'gives all connections one memory',
    sharingMemory((protocol, data, slab) => {
      slab.set(data);
      protocol.dataReceived(slab.subarray(0, data.length));
    }),
    'loses nothing of other connections if some transfer the bytes they are given',
  ],
  [
    'lends all connections one memory and does not notice when it is gone',
    sharingMemory((protocol, data, slab) => {
      if (protocol.acceptsLentBytes) slab.set(data);
      protocol.dataReceived(protocol.acceptsLentBytes ? slab.subarray(0, data.length) : data);
    }),
    'loses nothing of other connections if some transfer the bytes they are lent, which ends them',
  ],
  [
    'sends by reference what is lent out of memory that is used again',
    sharingMemory((protocol, data, slab) => {
      slab.set(data);
      protocol.dataReceived(slab.subarray(0, data.length));
    }),
    'sends lent bytes to another connection unchanged, whatever is received next',
  ],
  [
    'never says that it runs',
    (reactor) => ({ running: false, run: () => reactor.run({ installSignalHandlers: false }) }),
    'runs until stop has been carried out',
  ],
  [
    'keeps its own resolver',
    (reactor) => ({ installNameResolver: () => reactor.nameResolver }),
    'installs a resolver and returns the previous one',
  ],
  [
    'takes anything for a resolver',
    (reactor) => ({ installNameResolver: () => reactor.nameResolver }),
    'refuses object null as a resolver',
  ],
  [
    'does not count lost connections',
    (reactor) => ({ statistics: () => ({ ...reactor.statistics(), connectionsLost: 0 }) }),
    'counts connections made, accepted, open and lost',
  ],
  [
    'does not count sent bytes',
    (reactor) => ({ statistics: () => ({ ...reactor.statistics(), bytesSent: 0 }) }),
    'counts bytes in both directions, and turns',
  ],
  [
    'does not count delayed calls',
    (reactor) => ({ statistics: () => ({ ...reactor.statistics(), delayedCalls: 0 }) }),
    'counts pending delayed calls',
  ],
  [
    'stops although it does not run',
    (reactor) => ({ stop: () => void (reactor.running && reactor.stop()) }),
    'refuses stop while it does not run',
  ],
  [
    'crashes by stopping',
    (reactor) => ({ crash: () => reactor.stop() }),
    'crash ends run without shutdown, and leaves sockets and calls',
  ],
  [
    'does not wait until it runs',
    () => ({ callWhenRunning: (callback: () => void) => callback() }),
    'callWhenRunning calls after startup, in order',
  ],
  [
    'calls from threads at once',
    () => ({
      callFromThread: (callback: (...args: unknown[]) => void, ...args: unknown[]) =>
        callback(...args),
    }),
    'keeps a callFromThread made inside another for the next turn',
  ],
  [
    'takes calls from threads for delayed calls',
    (reactor) => ({ callFromThread: (callback: () => void) => reactor.callLater(0, callback) }),
    'runs callFromThread ahead of delayed calls of the same turn',
  ],
  [
    'takes every trigger for one of during',
    (reactor) => ({
      addSystemEventTrigger: (_phase: string, event: string, callback: () => void) =>
        reactor.addSystemEventTrigger('during', event, callback),
    }),
    'runs the phases of shutdown in order, awaiting all before them',
  ],
  [
    'forgets no trigger',
    () => ({ removeSystemEventTrigger: NOTHING }),
    'does not run a trigger that was removed, and removes it once',
  ],
  [
    'lets ports be shared',
    (reactor) => ({
      listenTCP: (_port: number, factory: FactoryLike, options: ListenTCPOptions) =>
        reactor.listenTCP(0, factory, options),
    }),
    'throws at once for a port in use, and does not call the factory',
  ],
  [
    'starts a factory twice',
    (reactor) => ({
      listenTCP(port: number, factory: { doStart?(): void }, options: ListenTCPOptions) {
        factory.doStart?.();
        return reactor.listenTCP(port, factory as FactoryLike, options);
      },
    }),
    'stopListening settles in a later turn, after doStop',
  ],
  [
    'connects without telling of the attempt',
    (reactor) => ({
      connectTCP: (host: string, port: number, factory: object) =>
        reactor.connectTCP(
          host,
          port,
          Object.assign(factory, { startedConnecting: undefined }) as never,
        ),
    }),
    'calls startedConnecting before connectTCP returns, and the rest after',
  ],
  [
    'has delayed calls left after shutdown',
    (reactor) => ({ getDelayedCalls: () => [reactor.callLater(60_000, NOTHING)] }),
    'drops delayed calls at shutdown',
  ],
  [
    'is not disposed of',
    () => ({ [Symbol.asyncDispose]: () => Promise.resolve() }),
    'closes ports and loses connections on disposal',
  ],
];

describe('the reactor contract', () => {
  it('has no two cases of one name', () => {
    const names = contractOver(SOUND).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describeBroken('the reactor contract', contractOver, BROKEN);
