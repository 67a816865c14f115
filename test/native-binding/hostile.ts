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

/** @param scenes Each has a title and the name of a scene of the program. */
export function checkHostile(scenes: readonly (readonly [title: string, scene: string])[]): void {
  describe.runIf(POLLERS.length > 0).concurrent.each(POLLERS)(
    'the addon survives (%s)',
    (poller) => {
      it.each(scenes)('%s', { timeout: 40_000 * PATIENCE }, async (_what, scene) => {
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
    },
  );
}
