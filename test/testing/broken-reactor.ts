/** Reactors that are broken on purpose: which case of a contract fails over them? */
import { describe, expect, it } from 'vitest';
import type { Reactor } from '../../src/index.js';
import type { ContractCase } from '../../src/testing/contracts/contract-case.js';
import type { MakeReactorStage } from '../../src/testing/contracts/reactor/reactor-stage.js';
import { outcome } from './contract-outcome.js';

/** Makes the members that replace those of a reactor. */
export type Mutation = (original: Reactor) => object;

/** Replaces nothing. */
export const SOUND: Mutation = () => ({});

export type BrokenReactor = readonly [what: string, mutation: Mutation, noticedBy: string];

/** Stages whose reactors have some of their members replaced. */
export function brokenBy(mutation: Mutation, makeStage: MakeReactorStage): MakeReactorStage {
  return async () => {
    const stage = await makeStage();
    const { reactor } = stage;
    const replaced = mutation(reactor);
    const broken = new Proxy(reactor, {
      get(target, key) {
        const owner = key in replaced ? replaced : target;
        const value: unknown = Reflect.get(owner, key, owner);
        return typeof value === 'function' ? value.bind(owner) : value;
      },
    });
    return { ...stage, reactor: broken };
  };
}

/** Each case named by `broken` passes over a sound reactor, and fails over the broken one. */
export function describeBroken(
  contract: string,
  contractOver: (mutation: Mutation) => readonly ContractCase[],
  broken: readonly BrokenReactor[],
): void {
  describe(`${contract} over a reactor that`, () => {
    it.each(broken)('%s', async (_what, mutation, noticedBy) => {
      expect(await outcome(contractOver(SOUND), noticedBy)).toBe('passed');
      expect(await outcome(contractOver(mutation), noticedBy)).not.toBe('passed');
    });
  });
}
