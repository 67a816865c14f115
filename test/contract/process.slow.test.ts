import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import { OTHER_POLLERS, REACTORS } from '../support/reactors.js';
import { checkProcess, PROGRAM } from './process-life.js';

checkProcess(OTHER_POLLERS);

describe.concurrent.each(REACTORS.map(({ name }) => name))('a process (%s)', (name) => {
  it('ends by itself though the peer of a closed connection never does', async () => {
    const { code, stdout } = await runProgram(PROGRAM, [name, 'lingers']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'lost\nexit\n' });
  });
});
