/** The programs of docs/howto/rpc.md and docs/howto/cgi.md, and a stream in the manner of gRPC. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { ExampleServer, exampleUrl, KINDS, on } from './programs.js';

describe.each(KINDS)('rpc-server and rpc-client on the %s reactor', (kind) => {
  it('call and are called by both protocols', async () => {
    await using server = await ExampleServer.start('rpc-server', [], on(kind));
    const args = ['--port', String(server.port)];
    await using client = new Child(exampleUrl('rpc-client'), args, on(kind));
    const { stdout, code } = await client.result();
    expect([code, stdout.split('\n').slice(-6)]).toEqual([
      0,
      [']', 'rope: 12', 'sum: 3', 'fault 1: there is no twine', 'over WebSocket: 7', ''],
    ]);
    expect(stdout).toContain("'stock.amount'");
    expect(stdout).not.toContain('clear');
  });
});

describe.each(KINDS)('grpc-like-stream on the %s reactor', (kind) => {
  it('has answers while the client sends, and a status in trailers', async () => {
    await using program = new Child(exampleUrl('grpc-like-stream'), ['--port', '0'], on(kind));
    const { stdout, code } = await program.result();
    const sums = ['sum 1', 'sum 3', 'sum 6', 'sum 10', 'HTTP/2.0, status 0', ''];
    expect([code, stdout.split('\n')]).toEqual([0, sums]);
  });
});

describe.each(KINDS)('cgi-server on the %s reactor', (kind) => {
  it('runs scripts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-cgi-'));
    try {
      writeFileSync(join(folder, 'hello.sh'), `printf 'Content-Type: text/plain\\n\\nHello'`);
      await using server = await ExampleServer.start('cgi-server', ['--folder', folder], on(kind));
      const url = `http://127.0.0.1:${server.port}/cgi-bin`;
      expect(await (await fetch(`${url}/hello.sh`)).text()).toBe('Hello');
      expect((await fetch(`${url}/other.sh`)).status).toBe(404);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
