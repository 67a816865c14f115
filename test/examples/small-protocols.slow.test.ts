/** The programs of docs/howto/small-protocols.md. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import { RawPeer } from '../support/raw-peer.js';
import { ExampleServer, exampleUrl, KINDS, on } from './programs.js';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe.each(KINDS)('the small protocols on the %s reactor', (kind) => {
  it('finger: finds the users of a file', async () => {
    const users = join(folder, 'users.txt');
    writeFileSync(users, 'alice: Alice works on the reactor.\n');
    await using server = await ExampleServer.start('small-finger', ['--users', users], on(kind));
    const ask = (who: string): Promise<object> => {
      const args = [`tcp:127.0.0.1:${server.port}`, who];
      return runProgram(exampleUrl('small-finger-client'), args, on(kind));
    };
    const found = { code: 0, stdout: 'Alice works on the reactor.\n', stderr: '' };
    expect(await ask('alice')).toMatchObject(found);
    expect(await ask('bob')).toMatchObject({ code: 0, stdout: 'finger: bob: no such user\n' });
  });

  it('forwarded ports: reach an echo server', async () => {
    await using echo = await ExampleServer.start('echo-server', [], on(kind));
    const args = ['--target', `tcp:127.0.0.1:${echo.port}`];
    await using server = await ExampleServer.start('small-forward', args, on(kind));
    await using peer = await RawPeer.connect(server.port);
    peer.write('hello');
    peer.end();
    await peer.untilEnded();
    expect(peer.text).toBe('hello');
    await server.printed(/^127\.0\.0\.1:\d+ is connected to 127\.0\.0\.1:\d+$/m);
  });

  it.runIf(process.platform === 'linux')('ident: finds the user of the program', async () => {
    const { stdout } = await runProgram(
      exampleUrl('small-ident'),
      ['--port', '0', '--ask'],
      on(kind),
    );
    expect(stdout).toContain(`this program runs as ${userInfo().username}\n`);
  });

  it('simple services: answer their clients', async () => {
    await using server = await ExampleServer.start('small-services', ['--ask'], on(kind));
    await server.printed(/day, .*-UTC\n.*T.*Z\nA rope is as strong as its yarns\.\n/);
  });

  it('tables: answer requests', async () => {
    await using server = await ExampleServer.start('small-table', [], on(kind));
    await using peer = await RawPeer.connect(server.port);
    peer.write('get postmaster\nget nobody\n');
    peer.end();
    await peer.untilEnded();
    expect(peer.text).toBe('200 alice@example.com\n500 not%20found\n');
  });
});
