/** Look-ups that hang hold up nobody: no file, no other name, no end of a thread or of the process. */
import { afterAll, describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import { REACTORS } from '../support/reactors.js';
import { stuckLookups } from '../support/stuck-lookups.js';

const PROGRAM = new URL('./programs/stuck-lookups.ts', import.meta.url);

const stuck = stuckLookups();
afterAll(() => stuck?.[Symbol.dispose]());

const run = async (name: string, scene: string): Promise<void> => {
  const { code, signal, stdout, stderr } = await runProgram(PROGRAM, [name, scene], {
    env: stuck?.env() ?? {},
  });
  expect({ code, signal, stdout, stderr }).toEqual({
    code: 7,
    signal: null,
    stdout: 'ok\n',
    stderr: '',
  });
};

const names = (kind: boolean): string[] =>
  REACTORS.filter(({ native }) => native === kind).map(({ name }) => name);

describe.runIf(stuck).concurrent.each(names(true))('look-ups that hang (%s)', (name) => {
  it.each([
    ['files', 'files-are-read'],
    ['another name', 'other-names'],
    ['process.exit', 'exit'],
    ['the end of a program that has cancelled them', 'end-when-cancelled'],
    ['worker.terminate, and may return after it', 'terminated-worker'],
    ['the end of a reactor, and may return after it', 'disposed-reactor'],
  ])('do not hold up %s', (_what, scene) => run(name, scene));
});

// Node itself waits for the threads of its pool when the process ends.
describe.runIf(stuck).concurrent.each(names(false))('look-ups that hang (%s)', (name) => {
  it.each([
    ['files', 'files-are-read'],
    ['another name', 'other-names'],
  ])('do not hold up %s', (_what, scene) => run(name, scene));
});
