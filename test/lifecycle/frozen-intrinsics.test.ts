/** `node --frozen-intrinsics`: nothing of this package assigns to what Node or JavaScript brings along. */
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import { REACTORS } from '../support/reactors.js';

const PROGRAM = new URL('./programs/frozen-intrinsics.ts', import.meta.url);

describe.each(REACTORS.map(({ name }) => name))('frozen built-ins (%s)', (name) => {
  it('are left alone by the import, Deferreds, errors and an echo', async () => {
    const nodeFlags = ['--frozen-intrinsics', '--no-warnings'];
    const { code, stdout, stderr } = await runProgram(PROGRAM, [name], { nodeFlags });
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: 'hello\nConnectionDone\n',
      stderr: '',
    });
  });
});
