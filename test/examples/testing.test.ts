/** The examples of testing, and the page that shows them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import { exampleUrl } from './programs.js';

const ROOT = new URL('../../', import.meta.url);

describe.each([
  ['testing-a-protocol', 5],
  ['testing-contracts', 9],
])('%s', (name, tests) => {
  it('passes', async () => {
    const { code, stdout, stderr } = await runProgram(exampleUrl(name), [], {
      nodeFlags: ['--test-reporter=tap'],
    });
    expect(stdout + stderr).toContain(`# pass ${tests}\n`);
    expect(stdout).toContain('# fail 0\n');
    expect(code).toBe(0);
  });
});

describe('docs/howto/testing.md', () => {
  const page = readFileSync(new URL('docs/howto/testing.md', ROOT), 'utf8');
  const shown = [
    ...page.matchAll(
      /\]\(\.\.\/\.\.\/(examples\/testing-[\w-]+\.\w+)\)[^`]*\n(`{3,})\w+\n([\s\S]*?)\n\2\n/g,
    ),
  ].map(([, name = '', , text = '']) => ({ name, text: `${text}\n` }));

  it('shows the four examples', () => {
    expect(shown.map(({ name }) => name).sort()).toEqual([
      'examples/testing-a-protocol.ts',
      'examples/testing-contracts.ts',
      'examples/testing-greeter.md',
      'examples/testing-greeter.ts',
    ]);
  });

  it.each(shown)('shows $name as it is', ({ name, text }) => {
    expect(text).toBe(readFileSync(new URL(name, ROOT), 'utf8'));
  });
});
