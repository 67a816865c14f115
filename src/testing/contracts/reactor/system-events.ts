/** Cases of the life contract: system events and their three phases. */
import assert from 'node:assert/strict';

import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../../core/errors/arguments.js';
import type { ReactorCases } from './reactor-scene.js';

/** A promise, and a function that fulfils it. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

export function addSystemEventCases(contract: ReactorCases): void {
  addPhaseCases(contract);
  addTriggerCases(contract);
}

function addPhaseCases(contract: ReactorCases): void {
  contract.add('runs the phases of startup in order, awaiting the before phase', async (scene) => {
    const { reactor } = scene;
    const order: string[] = [];
    const { opened, open } = gate();
    const note = (what: string) => (): void => void order.push(what);
    reactor.addSystemEventTrigger('after', 'startup', note('after'));
    reactor.addSystemEventTrigger('during', 'startup', note('during'));
    reactor.addSystemEventTrigger('before', 'startup', () => opened.then(note('before')));
    const finished = reactor.run({ installSignalHandlers: false });
    await scene.turns(3);
    assert.deepEqual(order, []);
    open();
    await scene.until(() => order.length === 3, 'startup');
    assert.deepEqual(order, ['before', 'during', 'after']);
    await scene.stop(finished);
  });

  contract.add('runs the phases of shutdown in order, awaiting all before them', async (scene) => {
    const { reactor } = scene;
    const { finished } = await scene.start();
    const order: string[] = [];
    const gates = [gate(), gate()];
    reactor.addSystemEventTrigger('after', 'shutdown', () => void order.push('after'));
    reactor.addSystemEventTrigger('during', 'shutdown', () => void order.push('during'));
    for (const [i, { opened }] of gates.entries()) {
      reactor.addSystemEventTrigger('before', 'shutdown', () => {
        order.push(`before ${i}`);
        return opened;
      });
    }
    reactor.stop();
    assert.deepEqual(order, []);
    await scene.turns(3);
    assert.deepEqual(order, ['before 0', 'before 1']);
    gates[1]?.open();
    await scene.turns(3);
    assert.deepEqual(order, ['before 0', 'before 1']);
    gates[0]?.open();
    await scene.answerOf(finished, 'run to settle');
    assert.deepEqual(order, ['before 0', 'before 1', 'during', 'after']);
  });

  contract.add('does not wait for promises of the during and after phases', async (scene) => {
    const { finished } = await scene.start();
    const never = new Promise(() => {});
    scene.reactor.addSystemEventTrigger('during', 'shutdown', () => never);
    scene.reactor.addSystemEventTrigger('after', 'shutdown', () => never);
    await scene.stop(finished);
  });

  contract.add('fireSystemEvent settles for an event without triggers', async (scene) => {
    await scene.answerOf(scene.reactor.fireSystemEvent('nothing of the kind'), 'the event');
  });
}

function addTriggerCases(contract: ReactorCases): void {
  contract.add('passes the arguments that a trigger was added with, once', async (scene) => {
    const { reactor } = scene;
    const seen: unknown[] = [];
    const note = (...args: unknown[]): void => void seen.push(args);
    reactor.addSystemEventTrigger('during', 'harvest', note, 1, 'b');
    await scene.answerOf(reactor.fireSystemEvent('harvest'), 'the event');
    await scene.answerOf(reactor.fireSystemEvent('harvest'), 'the event');
    assert.deepEqual(seen, [[1, 'b']]);
  });

  contract.add('reports triggers that throw or reject, and runs the others', async (scene) => {
    const { reactor } = scene;
    const order: string[] = [];
    const errors = ['thrown before', 'rejected before', 'thrown during'].map((it) => new Error(it));
    const [before, rejected, during] = errors;
    reactor.addSystemEventTrigger('before', 'harvest', () => {
      throw before;
    });
    reactor.addSystemEventTrigger('before', 'harvest', () => Promise.reject(rejected));
    reactor.addSystemEventTrigger('before', 'harvest', () => void order.push('before'));
    reactor.addSystemEventTrigger('during', 'harvest', () => {
      throw during;
    });
    reactor.addSystemEventTrigger('during', 'harvest', () => void order.push('during'));
    reactor.addSystemEventTrigger('after', 'harvest', () => void order.push('after'));
    await scene.answerOf(reactor.fireSystemEvent('harvest'), 'the event');
    assert.deepEqual(order, ['before', 'during', 'after']);
    assert.deepEqual(scene.takeErrors(), errors);
  });

  contract.add('does not run a trigger that was removed, and removes it once', async (scene) => {
    const { reactor } = scene;
    let called = false;
    const trigger = reactor.addSystemEventTrigger('before', 'harvest', () => {
      called = true;
    });
    reactor.removeSystemEventTrigger(trigger);
    assert.throws(() => reactor.removeSystemEventTrigger(trigger), InvalidArgumentValueError);
    await scene.answerOf(reactor.fireSystemEvent('harvest'), 'the event');
    assert.equal(called, false);
  });

  contract.add('refuses invalid phases and callbacks', ({ reactor }) => {
    const add = (phase: unknown, callback: unknown) => (): void =>
      void reactor.addSystemEventTrigger(phase as never, 'e', callback as never);
    assert.throws(
      add('later', () => {}),
      InvalidArgumentValueError,
    );
    assert.throws(add('after', 5), InvalidArgumentTypeError);
  });
}
