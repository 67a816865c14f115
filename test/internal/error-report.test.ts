import { describe, expect, it } from 'vitest';
import { InvalidArgumentTypeError } from '../../src/core/errors/arguments.js';
import { messageOf, textOf, toError } from '../../src/core/text-of.js';
import { inspected } from '../../src/internal/inspected.js';
import { runProgram } from '../support/child.js';
import { hostileErrors } from './hostile-errors.js';

describe('reportError', () => {
  it('publishes the error, and prints it unless a subscriber silenced it', async () => {
    const program = new URL('./programs/report.ts', import.meta.url);
    const { stdout, stderr } = await runProgram(program);
    expect(stdout.trim().split('\n')).toEqual(['somebody listens: second', 'silenced: third']);
    expect(stderr.match(/^ropewalk: .*/gm)).toEqual([
      'ropewalk: nobody listens: Error: first',
      'ropewalk: somebody listens: Error: second',
    ]);
  });

  it('prints errors that throw when they are read', async () => {
    const program = new URL('./programs/hostile-errors.ts', import.meta.url);
    const { code, stdout, stderr } = await runProgram(program);
    expect([code, stdout]).toEqual([0, 'it goes on\n']);
    for (const name of Object.keys(hostileErrors())) expect(stderr).toContain(`ropewalk: ${name}:`);
  });
});

describe.each(Object.entries(hostileErrors()))('a value with %s', (_name, value) => {
  it('has a text, a message, a form as an Error and one for inspection', () => {
    expect(textOf(value)).toBeTypeOf('string');
    expect(messageOf(value)).toBeTypeOf('string');
    expect(toError(value)).toBeDefined();
    expect(inspected(value)).toBeTypeOf('string');
  });

  it('can be the wrong argument', () => {
    expect(new InvalidArgumentTypeError('it', 'a number', value).message).toMatch(/^it must be/);
  });
});

describe('inspected', () => {
  it('shows class and message of what cannot be inspected', () => {
    const { 'an inspect method': error } = hostileErrors();
    expect(inspected(error)).toBe(
      'an object (Error) that cannot be inspected: told (inspecting it threw: Error: refused)',
    );
  });
});
