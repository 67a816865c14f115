/** The program of docs/howto/names.md. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import { exampleUrl, KINDS } from './programs.js';

const PAGE = readFileSync(new URL('../../docs/howto/names.md', import.meta.url), 'utf8');

describe.each(KINDS)('name-resolver (%s)', (kind) => {
  it('prints what docs/howto/names.md says, and ends', async () => {
    const env = { ROPEWALK_REACTOR: kind };
    const { code, stdout, stderr } = await runProgram(exampleUrl('name-resolver'), [], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(PAGE).toContain(`name-resolver.ts\n${stdout}\`\`\``);
  });
});
