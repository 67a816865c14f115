/** The program of docs/howto/databases.md. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ExampleServer, KINDS } from './programs.js';

describe.each(KINDS)('guest-book on the %s reactor', (kind) => {
  it('keeps its entries', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const args = ['--file', join(folder, 'guests.db'), '--reactor', kind];
    const ada = { name: 'Ada', text: 'Hello!' };
    {
      await using server = await ExampleServer.start('guest-book', args);
      const url = `http://127.0.0.1:${server.port}/entries`;
      const post = (body: object): Promise<Response> =>
        fetch(url, { method: 'POST', body: JSON.stringify(body) });
      const added = await post(ada);
      expect([added.status, await added.json()]).toEqual([201, { id: 1, ...ada }]);
      expect((await post({ name: 'Ada', text: '' })).status).toBe(422);
      expect((await post({ name: 'Eve' })).status).toBe(422);
      const both = await Promise.all([1, 2].map((n) => post({ name: 'Bob', text: `${n}` })));
      expect(both.map(({ status }) => status)).toEqual([201, 201]);
      expect((await fetch(`${url}/more`)).status).toBe(404);
      expect((await fetch(url, { method: 'PUT' })).status).toBe(405);
    }
    await using server = await ExampleServer.start('guest-book', args);
    const list = await fetch(`http://127.0.0.1:${server.port}/entries`);
    const entries = (await list.json()) as { name: string }[];
    expect(entries.map(({ name }) => name)).toEqual(['Bob', 'Bob', 'Ada']);
  });
});
