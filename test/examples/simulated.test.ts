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

describe('simulated-counter', () => {
  it('is shown in docs/howto/simulation.md as it is', () => {
    expect(blocks('ts')).toEqual([readFileSync(exampleUrl('simulated-counter'), 'utf8')]);
  });

  it('finds its bug, and prints what docs/howto/simulation.md says', async () => {
    const { code, stdout, stderr } = await runProgram(exampleUrl('simulated-counter'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect([stdout]).toEqual(blocks('text'));
  });

  it('runs the one seed that it is told to run', async () => {
    const env = { ROPEWALK_SIMULATION_SEED: '3' };
    const { stdout } = await runProgram(exampleUrl('simulated-counter'), [], { env });
    expect(stdout).toContain('HastyCounter: seed 3 fails (run 1 of 1): the counts are "2');
  });
});
