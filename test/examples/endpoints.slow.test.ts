/** The programs of docs/howto/endpoints.md. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Child, runProgram } from '../support/child.js';
import { needs } from '../support/platform.js';
import { exampleUrl, KINDS, on } from './programs.js';

const PAGE = readFileSync(new URL('../../docs/howto/endpoints.md', import.meta.url), 'utf8');

describe.each(KINDS)('the endpoint programs (%s)', (kind) => {
  it('talk by the strings that they are given', async () => {
    needs('socketFiles');
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    const unix = `unix:${join(folder, 'echo.sock')}`;
    const texts = ['tcp:0:interface=127.0.0.1', unix];
    await using server = new Child(exampleUrl('endpoint-server'), texts, on(kind));
    const [, port] = await server.printed(/listening on 127\.0\.0\.1:(\d+)\n/);
    await server.printed(/^unix:.*listening/m);
    for (const [text, line] of [
      [`tcp:localhost:${port}`, 'by name'],
      [unix, 'by path'],
    ] as const) {
      const result = await runProgram(exampleUrl('endpoint-client'), [text, line], on(kind));
      expect(result).toMatchObject({ code: 0, stdout: `${line}\n`, stderr: '' });
      expect(PAGE).toContain(`'${line}'\n${line}\n`);
    }
    server.process.kill('SIGTERM');
    await server.result();
    rmSync(folder, { recursive: true });
  });

  it('report wrong strings', async () => {
    for (const name of ['endpoint-server', 'endpoint-client']) {
      const { code, stderr } = await runProgram(exampleUrl(name), ['tpc:80'], on(kind));
      expect(code).toBe(1);
      expect(stderr).toContain("Did you mean 'tcp'?");
    }
  });

  it('have a type of their own, as the page says', async () => {
    const { code, stdout, stderr } = await runProgram(exampleUrl('endpoint-type'), [], on(kind));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(PAGE).toContain(`endpoint-type.ts\n${stdout}\`\`\``);
  });
});
