/** `ropewalk dashboard` as it is run. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Child, type ChildResult, runProgram } from '../support/child.js';
import { closedPort } from '../support/raw-peer.js';

const MAIN = new URL('../../dist/cli/main.js', import.meta.url);

const run = (...args: string[]): Promise<ChildResult> => runProgram(MAIN, ['dashboard', ...args]);

/** A server that answers everything with the same text. */
async function answering(text: string, status = 200): Promise<{ port: string } & AsyncDisposable> {
  const server = createServer((_request, response) => {
    response.writeHead(status).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: String((server.address() as AddressInfo).port),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('ropewalk dashboard', () => {
  it('prints the figures of a running program', async () => {
    await using demo = new Child(MAIN, ['demo', '--port', '0', '--reactor', 'node']);
    const [, url = ''] = await demo.printed(/dashboard: (\S+)\n[\s\S]*seconds=1 /);
    const text = await run(url);
    expect(text).toMatchObject({ code: 0, stderr: '' });
    const [first, second] = text.stdout.split('\n');
    expect(first).toBe(`Ropewalk demo (node, libuv), process ${demo.process.pid}: ${url}`);
    expect(second).toMatch(/^\d+ connections, messages in \d+\/s, messages out \d+\/s, received /);
    const json = await run(new URL(url).host, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      program: 'ropewalk dashboard',
      pid: demo.process.pid,
    });
  });

  it('says how to enable one if there is none', async () => {
    const port = String(await closedPort());
    const { code, stdout, stderr } = await run(port);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /^ropewalk: no dashboard at \S+: nothing listens there\. Start [^\n]+--help`\n$/,
    );
  });

  it.each([
    ['hello', 200, 'another program answers'],
    ['{"program":"other"}', 200, 'another program answers'],
    ['null', 200, 'another program answers'],
    ['', 404, 'it answers with status 404'],
  ])('reports a server that answers %j with %i', async (text, status, expected) => {
    await using server = await answering(text, status);
    const { code, stderr } = await run(server.port);
    expect([code, stderr.includes(`: ${expected}. `)]).toEqual([1, true]);
  });

  it('prints no control characters of the program', async () => {
    const status = {
      program: 'ropewalk dashboard',
      title: 'a\u001b[2Jb',
      reactor: { kind: 'node', poller: 'libuv' },
      pid: 1,
      meters: [],
      sample: null,
    };
    await using server = await answering(JSON.stringify(status));
    const { stdout } = await run(server.port);
    expect(stdout).toMatch(/^a\\x1b\[2Jb \(node, libuv\), process 1: /);
  });

  it('says why a port cannot be asked', async () => {
    const { code, stderr } = await run('1');
    expect([code, stderr.includes('http://127.0.0.1:1/: bad port. ')]).toEqual([1, true]);
  });

  it.each([['nonsense'], ['ftp://localhost/'], ['host:99999'], ['1', '2']])(
    'refuses %s',
    async (...args) => {
      const { code, stderr } = await run(...args);
      expect([code, stderr.split('\n').length]).toEqual([2, 2]);
    },
  );
});
