// Step 4: tests of step 3, without a socket: `node --import tsx --test examples/finger-test.ts`.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { captureLogs, MemoryReactor } from 'ropewalk/testing';
import makeService, { UserFile } from './finger-file.js';

async function withFile(text: string, body: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'finger-'));
  const path = join(folder, 'users.txt');
  await writeFile(path, text);
  try {
    await body(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('a query is answered from the file, however it is spelled', async () => {
  await withFile('Ada: writes programs\n', async (path) => {
    const reactor = new MemoryReactor();
    const service = makeService(reactor, ['--listen', 'tcp:79', '--users', path]);
    await service.startService();
    for (const [query, answer] of [
      ['ada', 'writes programs\r\n'],
      ['ADA', 'writes programs\r\n'],
      ['bob', 'finger: bob: no such user\r\n'],
    ] as const) {
      const client = reactor.tcpServers.at(-1)?.connect();
      client?.receive(`${query}\r\n`);
      client?.settle();
      assert.equal(client?.text, answer);
      assert.equal(client?.peerSees, 'end');
    }
    const stopped = service.stopService();
    reactor.advance(0); // a MemoryReactor does nothing by itself
    await stopped;
  });
});

test('a reload reads the file again, and logs the number of users', async () => {
  await withFile('ada: x\n', async (path) => {
    using logs = captureLogs({ namespace: 'finger' });
    const users = new UserFile(path);
    await users.startService();
    await writeFile(path, 'ada: y\ngrace: z\n');
    await users.reloadService();
    assert.equal(users.find('ada'), 'y');
    assert.match(logs.messages.join('\n'), /^1 users in .*\n2 users in /);
    await users.stopService();
  });
});

test('the service does not start without its file', async () => {
  const service = makeService(new MemoryReactor(), ['--listen', 'tcp:79', '--users', '/nowhere']);
  await assert.rejects(async () => await service.startService(), /ENOENT/);
});
