/** The program of docs/howto/watching-files.md. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { needs } from '../support/platform.js';
import { exampleUrl, KINDS, on } from './programs.js';

describe.each(KINDS)('the program that runs a command when files change (%s)', (kind) => {
  it('runs it after each change, until the directory is removed', async () => {
    needs('descriptors');
    const root = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    const folder = join(root, 'd');
    mkdirSync(folder);
    try {
      const args = [folder, 'echo ran; exit 3'];
      await using program = new Child(exampleUrl('run-on-change'), args, on(kind));
      await program.printed(/watching 1 directories/);
      writeFileSync(join(folder, 'ignored~'), '');
      writeFileSync(join(folder, 'a'), 'text');
      await program.printed(/\/d\/a\nran\n/);
      rmSync(folder, { recursive: true });
      const { code, stdout, stderr } = await program.result();
      expect(stdout).not.toContain('ignored');
      expect(stderr).toContain('exit code 3');
      expect(stderr).toMatch(/is no longer watched: it was removed/);
      expect(code).toBe(1);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
