/** The pipe contract over reactors that are broken on purpose, and over one that adopts nothing. */
import { closeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type AdoptPipeOptions, createReactor, type FactoryLike } from '../../src/index.js';
import type { ContractCase } from '../../src/testing/contracts/contract-case.js';
import { pipeContract } from '../../src/testing/contracts/pipes/pipe-contract.js';
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
  return pipeContract(brokenBy(mutation, inRealTime(native, { deadlineMs })));
};

const BROKEN: readonly BrokenReactor[] = [
  [
    'closes pipes that it adopts',
    (reactor) => ({
      adoptPipe(fd: number, factory: FactoryLike, options: AdoptPipeOptions) {
        const transport = reactor.adoptPipe(fd, factory, options);
        transport?.loseConnection();
        return transport;
      },
    }),
    'receives the bytes of a writer, and ends with it',
  ],
  [
    'never takes a descriptor over',
    (reactor) => ({
      adoptPipe: (fd: number, factory: FactoryLike, options: AdoptPipeOptions) =>
        reactor.adoptPipe(fd, factory, { ...options, takeOver: false }),
    }),
    'stops reading at loseConnection',
  ],
  [
    'leaves open what the factory does not want',
    () => ({ adoptPipe: () => null }),
    'closes a pipe for which the factory has no protocol',
  ],
  [
    'ignores the name',
    (reactor) => ({
      adoptPipe: (fd: number, factory: FactoryLike, { direction, takeOver }: AdoptPipeOptions) =>
        reactor.adoptPipe(fd, factory, { direction, takeOver: takeOver === true }),
    }),
    'has its name as both addresses',
  ],
  [
    'closes descriptors that it refuses',
    (reactor) => ({
      adoptPipe(fd: number, factory: FactoryLike, options: AdoptPipeOptions) {
        try {
          return reactor.adoptPipe(fd, factory, options);
        } catch (error) {
          closeSync(fd);
          throw error;
        }
      },
    }),
    'refuses a file in both directions, and leaves it open',
  ],
];

describe.skipIf(LACKS.descriptors !== undefined)('pipes', () => {
  describeBroken('the pipe contract', contractOver, BROKEN);

  it('has no two cases of one name', () => {
    const names = contractOver(SOUND).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the pipe contract over a reactor that adopts nothing', () => {
  const makeStage = () => simulatedReactor();

  for (const { name, run } of pipeContract(makeStage, { supported: false })) it(name, run);

  it('fails unless it is told', async () => {
    const refused = pipeContract(makeStage).find(({ name }) => name.endsWith('not open'));
    await expect(refused?.run()).rejects.toThrow();
  });
});
