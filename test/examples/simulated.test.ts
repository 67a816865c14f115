import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import { exampleUrl } from './programs.js';

const PAGE = readFileSync(new URL('../../docs/howto/simulation.md', import.meta.url), 'utf8');

/** The blocks of the page in a language. */
function blocks(language: string): string[] {
  const found = PAGE.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'));
  return [...found].map(([, text = '']) => text);
}

describe.each([
  ['simulated-counter', 0],
  ['simulated-resolver', 1],
])('%s', (name, place) => {
  it('is shown in docs/howto/simulation.md as it is', () => {
    expect(blocks('ts')[place]).toBe(readFileSync(exampleUrl(name), 'utf8'));
  });

  it('finds its bugs, and prints the output that docs/howto/simulation.md shows', async () => {
    const { code, stdout, stderr } = await runProgram(exampleUrl(name));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(blocks('text')[place]);
  });
});

describe('simulated-counter', () => {
  it('runs the one seed that it is told to run', async () => {
    const env = { ROPEWALK_SIMULATION_SEED: '3' };
    const { stdout } = await runProgram(exampleUrl('simulated-counter'), [], { env });
    expect(stdout).toContain('HastyCounter: seed 3 fails (run 1 of 1): the counts are "2');
  });
});
