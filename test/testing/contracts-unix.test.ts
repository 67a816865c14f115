/** The UNIX contract over reactors that are broken on purpose. That it holds for sound ones is in test/contract. */
import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type ConnectUNIXOptions,
  createReactor,
  type FactoryLike,
  type ListeningPort,
  type ListenUNIXOptions,
  type UNIXAddress,
} from '../../src/index.js';
import type { ContractCase } from '../../src/testing/contracts/contract-case.js';
import { inRealTime } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { unixContract } from '../../src/testing/contracts/unix/unix-contract.js';
import { LACKS } from '../support/platform.js';
import {
  type BrokenReactor,
  brokenBy,
  describeBroken,
  type Mutation,
  SOUND,
} from './broken-reactor.js';
import { simulatedReactor } from './simulated-stage.js';

const contractOver = (mutation: Mutation): ContractCase[] =>
  unixContract(
    brokenBy(mutation, () => simulatedReactor()),
    { files: false },
  );

/** Over files: a reactor in real time. */
const filesOver = (mutation: Mutation): ContractCase[] =>
  unixContract(
    brokenBy(
      mutation,
      inRealTime(() => createReactor({ kind: 'node' })),
    ),
    { files: true },
  );

const BROKEN: readonly BrokenReactor[] = [
  [
    'listens somewhere else',
    (reactor) => ({
      listenUNIX: (path: string, factory: FactoryLike) => reactor.listenUNIX(`${path}2`, factory),
    }),
    'listens at once, at the requested path',
  ],
  [
    'lets paths be shared',
    (reactor) => {
      let count = 0;
      return {
        listenUNIX: (path: string, factory: FactoryLike) =>
          reactor.listenUNIX(count++ === 0 ? path : `${path}${count}`, factory),
      };
    },
    'throws at once for a path in use, and does not call the factory',
  ],
  [
    'cuts paths at a NUL',
    (reactor) => ({
      listenUNIX: (path: string, factory: FactoryLike) =>
        reactor.listenUNIX(path.split('\0')[0] ?? '', factory),
    }),
    'refuses a path with a NUL inside',
  ],
  [
    'never stops listening',
    (reactor) => ({
      listenUNIX(path: string, factory: FactoryLike) {
        const port = reactor.listenUNIX(path, factory);
        return { getHost: () => port.getHost(), listening: false, stopListening: async () => {} };
      },
    }),
    'accepts no more after stopListening; connections stay open',
  ],
  [
    'keeps its path when it stops',
    (reactor) => ({
      listenUNIX(path: string, factory: FactoryLike) {
        const port = reactor.listenUNIX(path, factory);
        const stop = port.stopListening.bind(port);
        return Object.assign(port, { stopListening: () => stop({ keepFile: true }) });
      },
    }),
    'frees its path when it stops, and can listen there again',
  ],
  [
    'does not tell of the attempt',
    (reactor) => ({
      connectUNIX: (path: string, factory: object) =>
        reactor.connectUNIX(
          path,
          Object.assign(factory, { startedConnecting: undefined }) as never,
        ),
    }),
    'calls startedConnecting before connectUNIX returns, and the rest after',
  ],
  [
    'gives no path to its connector',
    (reactor) => ({
      connectUNIX: (path: string, factory: FactoryLike) =>
        Object.assign(reactor.connectUNIX(path, factory), { getDestination: () => undefined }),
    }),
    'a connector returns its path, and cancels its attempt',
  ],
  [
    'ignores the signal of connectUNIX',
    (reactor) => ({
      connectUNIX: (path: string, factory: FactoryLike) => reactor.connectUNIX(path, factory),
    }),
    'ends a connection by its signal',
  ],
  [
    'counts no connections',
    (reactor) => ({ statistics: () => ({ ...reactor.statistics(), connectionsMade: 0 }) }),
    'counts its connections and bytes in the statistics',
  ],
];

const BROKEN_FILES: readonly BrokenReactor[] = [
  [
    'leaves the file behind',
    (reactor) => ({
      listenUNIX(path: string, factory: FactoryLike): ListeningPort<UNIXAddress> {
        const port = reactor.listenUNIX(path, factory);
        const stop = port.stopListening.bind(port);
        const stopListening: typeof stop = () => {
          const stopped = stop();
          writeFileSync(path, '');
          return stopped;
        };
        return Object.assign(port, { stopListening });
      },
    }),
    'has a file while it listens, which it removes at once when it stops',
  ],
  [
    'ignores the mode',
    (reactor) => ({
      listenUNIX: (path: string, factory: FactoryLike) => reactor.listenUNIX(path, factory),
    }),
    'gives the file its mode: 0o666 unless told otherwise',
  ],
  [
    'takes no lock',
    (reactor) => ({
      listenUNIX: (path: string, factory: FactoryLike, options: ListenUNIXOptions) =>
        reactor.listenUNIX(path, factory, { ...options, wantPID: false }),
    }),
    'holds its lock while it listens',
  ],
  [
    'does not look for a lock',
    (reactor) => ({
      connectUNIX: (path: string, factory: FactoryLike, options: ConnectUNIXOptions) =>
        reactor.connectUNIX(path, factory, { ...options, checkPID: false }),
    }),
    'checkPID reaches only ports that hold a lock',
  ],
];

describe('the UNIX contract', () => {
  it('has no two cases of one name', () => {
    const names = filesOver(SOUND).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describeBroken('the UNIX contract', contractOver, BROKEN);

describe.skipIf(LACKS.socketFiles !== undefined)('with files', () => {
  describeBroken('the UNIX contract', filesOver, BROKEN_FILES);
});
