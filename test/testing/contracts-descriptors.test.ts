/** The descriptors contract over reactors that are broken on purpose. */
import { describe, expect, it } from 'vitest';
import { createReactor, type ReadDescriptor, type WriteDescriptor } from '../../src/index.js';
import type { ContractCase } from '../../src/testing/contracts/contract-case.js';
import { descriptorsContract } from '../../src/testing/contracts/descriptors/descriptors-contract.js';
import {
  inRealTime,
  type ReactorStage,
} from '../../src/testing/contracts/reactor/reactor-stage.js';
import { DEADLINE_MS } from '../support/deadline.js';
import { LACKS } from '../support/platform.js';
import {
  type BrokenReactor,
  brokenBy,
  describeBroken,
  type Mutation,
  SOUND,
} from './broken-reactor.js';

const native = (deadlineMs: number): (() => ReactorStage) =>
  inRealTime(() => createReactor({ kind: 'native' }), { deadlineMs });

const contractOver = (mutation: Mutation): ContractCase[] =>
  descriptorsContract(brokenBy(mutation, native(mutation === SOUND ? DEADLINE_MS : 300)));

const readerOver = (
  reader: ReadDescriptor,
  changed: Partial<ReadDescriptor>,
): ReadDescriptor & { fileno(): number } => ({
  fileno: () => reader.fileno(),
  doRead: () => reader.doRead(),
  connectionLost: (reason) => reader.connectionLost(reason),
  ...changed,
});

const BROKEN: readonly BrokenReactor[] = [
  [
    'never calls a reader',
    () => ({ addReader: () => {} }),
    'calls doRead when there is something to read',
  ],
  [
    'calls a reader when it is added',
    (reactor) => ({
      addReader(reader: ReadDescriptor) {
        reader.doRead();
        reactor.addReader(reader);
      },
    }),
    'calls doRead when there is something to read',
  ],
  [
    'calls a reader once',
    (reactor) => ({
      addReader(reader: ReadDescriptor) {
        const once = readerOver(reader, {
          doRead() {
            reactor.removeReader(once);
            reader.doRead();
          },
        });
        reactor.addReader(once);
      },
    }),
    'calls doRead each turn while something is left',
  ],
  [
    'calls a writer at once',
    (reactor) => ({
      addWriter(writer: WriteDescriptor) {
        reactor.addWriter(writer);
        writer.doWrite();
      },
    }),
    'does not call doWrite while there is no room',
  ],
  [
    'never removes a writer',
    () => ({ removeWriter: () => {} }),
    'calls doWrite each turn while there is room, until removed',
  ],
  [
    'keeps readers that throw',
    (reactor) => ({
      addReader: (reader: ReadDescriptor) =>
        reactor.addReader(
          readerOver(reader, {
            doRead() {
              try {
                reader.doRead();
              } catch (error) {
                reader.connectionLost(error as Error);
              }
            },
          }),
        ),
    }),
    'removes a reader that throws, and tells it; the others continue',
  ],
  ['watches every file', () => ({ addReader: () => {} }), 'refuses a regular file'],
  [
    'takes any number for a descriptor',
    () => ({ addReader: () => {} }),
    'refuses a fileno of number -1',
  ],
  [
    'forgets its readers at a stop',
    (reactor) => ({
      stop() {
        reactor.removeAll();
        reactor.stop();
      },
    }),
    'tells readers of a stop before run settles, and adds none then',
  ],
  [
    'returns a descriptor twice',
    (reactor) => ({ removeAll: () => [...reactor.getReaders(), ...reactor.removeAll()] }),
    'removeAll removes all, and returns each once',
  ],
];

describe.skipIf(LACKS.fifos !== undefined)('descriptors', () => {
  describeBroken('the descriptors contract', contractOver, BROKEN);

  it('has no two cases of one name', () => {
    const names = contractOver(SOUND).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('fails over a reactor without support, unless the contract is told', async () => {
    const node = inRealTime(() => createReactor({ kind: 'node' }));
    const [told] = descriptorsContract(node, { supported: false });
    await expect(told?.run()).resolves.toBeUndefined();
    const [untold] = descriptorsContract(node);
    await expect(untold?.run()).rejects.toThrow('addReader is not supported');
    const [supported] = descriptorsContract(native(DEADLINE_MS), { supported: false });
    await expect(supported?.run()).rejects.toThrow('addReader');
  });
});
