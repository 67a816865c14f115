/** The adoption contract over reactors that are broken on purpose, and over one that adopts nothing. */
import { closeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type AdoptConnectionOptions,
  type AdoptPortOptions,
  createReactor,
  DescriptorError,
  type FactoryLike,
} from '../../src/index.js';
import { adoptionContract } from '../../src/testing/contracts/adoption/adoption-contract.js';
import type { ContractCase } from '../../src/testing/contracts/contract-case.js';
import { inRealTime } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { DEADLINE_MS } from '../support/deadline.js';
import { LACKS } from '../support/platform.js';
import {
  type BrokenReactor,
  brokenBy,
  describeBroken,
  type Mutation,
  SOUND,
} from './broken-reactor.js';
import { simulatedReactor } from './simulated-stage.js';

const native = () => createReactor({ kind: 'native' });

const contractOver = (mutation: Mutation): ContractCase[] => {
  const deadlineMs = mutation === SOUND ? DEADLINE_MS : 300;
  return adoptionContract(brokenBy(mutation, inRealTime(native, { deadlineMs })), native);
};

const BROKEN: readonly BrokenReactor[] = [
  [
    'closes connections that it adopts',
    (reactor) => ({
      adoptStreamConnection(fd: number, factory: FactoryLike, options: AdoptConnectionOptions) {
        const transport = reactor.adoptStreamConnection(fd, factory, options);
        transport?.loseConnection();
        return transport;
      },
    }),
    'continues with a connection (tcp)',
  ],
  [
    'adopts a duplicate in any case',
    (reactor) => ({
      adoptStreamConnection: (fd: number, factory: FactoryLike) =>
        reactor.adoptStreamConnection(fd, factory),
    }),
    'continues with a connection (unix)',
  ],
  [
    'loses bytes received earlier',
    (reactor) => ({
      adoptStreamConnection: (fd: number, factory: FactoryLike, options: AdoptConnectionOptions) =>
        reactor.adoptStreamConnection(fd, factory, { takeOver: options.takeOver === true }),
    }),
    'delivers bytes received earlier first, in a later turn',
  ],
  [
    'leaves open what the factory does not want',
    () => ({ adoptStreamConnection: () => null }),
    'closes a connection for which the factory has no protocol',
  ],
  [
    'takes over descriptors untold',
    (reactor) => ({
      adoptStreamConnection(fd: number, factory: FactoryLike, options: AdoptConnectionOptions) {
        const transport = reactor.adoptStreamConnection(fd, factory, options);
        if (options === undefined) closeSync(fd);
        return transport;
      },
    }),
    'duplicates the descriptor unless takeOver is set',
  ],
  [
    "removes the file of another's socket",
    (reactor) => ({
      adoptStreamPort: (fd: number, factory: FactoryLike, options: AdoptPortOptions) =>
        reactor.adoptStreamPort(fd, factory, { ...options, ownsFile: true }),
    }),
    "leaves a UNIX socket's file where it is",
  ],
  [
    'closes descriptors that it refuses',
    (reactor) => ({
      adoptStreamPort(fd: number, factory: FactoryLike, options: AdoptPortOptions) {
        try {
          return reactor.adoptStreamPort(fd, factory, options);
        } catch (error) {
          closeSync(fd);
          throw error;
        }
      },
    }),
    'adoptStreamPort refuses a file, and leaves it open',
  ],
  [
    'names another descriptor',
    () => ({
      adoptDatagramPort(fd: number) {
        throw new DescriptorError('a socket', fd + 1);
      },
    }),
    'adoptDatagramPort refuses a descriptor that is not open',
  ],
];

describe.skipIf(LACKS.descriptors !== undefined)('adoption', () => {
  describeBroken('the adoption contract', contractOver, BROKEN);

  it('has no two cases of one name', () => {
    const names = contractOver(SOUND).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the adoption contract over a reactor that adopts nothing', () => {
  const makeStage = () => simulatedReactor();

  for (const { name, run } of adoptionContract(makeStage, native, { supported: false }))
    it(name, run);

  it('fails unless it is told', async () => {
    const refused = adoptionContract(makeStage, native).find(({ name }) =>
      name.endsWith('not open'),
    );
    await expect(refused?.run()).rejects.toThrow();
  });
});
