/** The loops of the addon are freed when they are closed and JavaScript has let go of them, not at the end of the process. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { type Addon, loadAddon, type NativeLoop } from '../../src/native.js';
import { REACTORS } from '../support/reactors.js';

const DEADLINE_MS = 10_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function makeLoop(addon: Addon): NativeLoop {
  return addon.createLoop('auto', 0, false, () => {});
}

/** Settles when no more than so many are left. */
async function untilFreed(addon: Addon, left: number): Promise<void> {
  const latest = performance.now() + DEADLINE_MS;
  while (addon.loopCount() > left && performance.now() < latest) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(addon.loopCount()).toBe(left);
}

const native = REACTORS.some(({ native }) => native);

it.runIf(native)('loops that are disposed of and forgotten are freed', async () => {
  const addon = loadAddon();
  const before = addon.loopCount();
  for (let i = 0; i < 50; i++) makeLoop(addon).dispose();
  expect(addon.loopCount()).toBe(before + 50);
  await untilFreed(addon, before);
});

it.runIf(native)('one function of a loop is enough to keep it', async () => {
  const addon = loadAddon();
  const before = addon.loopCount();
  const kept = ((): { statistics?: NativeLoop['statistics'] } => {
    const loop = makeLoop(addon);
    loop.dispose();
    return { statistics: loop.statistics };
  })();
  for (let i = 0; i < 10; i++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(addon.loopCount()).toBe(before + 1);
  expect(kept.statistics?.()).toEqual([0, 0, 0, 0, 0, 0]);
  delete kept.statistics;
  await untilFreed(addon, before);
});

it.runIf(native)('a loop that is forgotten and not disposed of continues', async () => {
  const addon = loadAddon();
  const before = addon.loopCount();
  let loop: NativeLoop | undefined = makeLoop(addon);
  loop.dispose();
  loop = undefined;
  makeLoop(addon);
  await untilFreed(addon, before + 1);
});
