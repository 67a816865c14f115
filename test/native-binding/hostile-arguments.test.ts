/** No call of the addon, whatever its arguments, may end the process: each in a process of its own, to be sure. */
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import { PATIENCE } from '../support/deadline.js';
import { REACTORS } from '../support/reactors.js';

const PROGRAM = new URL('./programs/hostile.ts', import.meta.url);
const POLLERS = REACTORS.filter(({ native }) => native).map(({ name }) =>
  name.replace('native+', ''),
);

/** Other numbers, other calls: to look further, and to repeat what was found. */
const SEED = process.env.ROPEWALK_HOSTILE_SEED ?? '20240607';

const SCENES = [
  ['every function of the addon with hostile arguments', 'addon-functions'],
  ['every function of TLS with objects of TLS', 'tls-functions'],
  ['every function of a loop with hostile arguments', 'loop-functions'],
  ['all functions of a loop in any order', 'loop-functions-mixed'],
  ['connections and their functions in any order', 'connected-streams'],
  ['every function of a loop that was disposed of', 'disposed'],
  ['anything at all in the shared memory', 'shared-memory'],
  ['a shared memory that was taken away', 'shared-memory-detached'],
  ['functions whose loop is garbage', 'garbage'],
  ['dispose inside dispatch', 'dispose-inside-dispatch'],
  ['look-ups of any name', 'look-ups'],
  ['a look-up whose answer throws', 'look-up-throws'],
  ['a dispatch that throws', 'dispatch-throws'],
] as const;

describe.runIf(POLLERS.length > 0).concurrent.each(POLLERS)('the addon survives (%s)', (poller) => {
  it.each(SCENES)('%s', { timeout: 40_000 * PATIENCE }, async (_what, scene) => {
    const { code, signal, stdout, stderr } = await runProgram(PROGRAM, [scene, poller, SEED], {
      nodeFlags: ['--expose-gc'],
      deadlineMs: 30_000,
    });
    expect({ code, signal, stdout, stderr }).toEqual({
      code: 0,
      signal: null,
      stdout: 'alive\n',
      stderr: '',
    });
  });
});
