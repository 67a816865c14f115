/** The programs of docs/tutorial-finger.md. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTLS } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from '@photostructure/sqlite';
import { transformSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAIN } from '../cli/run-program.js';
import { Child, runProgram } from '../support/child.js';
import { within } from '../support/deadline.js';
import { closedPort, RawPeer } from '../support/raw-peer.js';
import { exampleUrl, KINDS, on } from './programs.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const POSIX = process.platform !== 'win32';
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropewalk-finger-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function ask(port: number, user: string): Promise<string> {
  await using peer = await RawPeer.connect(port);
  peer.write(`${user}\r\n`);
  await peer.untilEnded();
  return peer.text;
}

async function askOverTLS(port: number, user: string): Promise<string> {
  const socket = connectTLS({ port, host: '127.0.0.1', rejectUnauthorized: false });
  const answer = new Promise<string>((resolve, reject) => {
    let text = '';
    socket.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    socket.on('error', reject).on('end', () => resolve(text));
  });
  socket.write(`${user}\r\n`);
  try {
    return await within(answer, 'an answer over TLS');
  } finally {
    socket.destroy();
  }
}

interface Running {
  readonly child: Child;
  port(name: string): number;
  get(path: string): Promise<Response>;
}

/** The finger service with ports of its own, as a program or by the name of a plug-in. */
async function serve(
  kind: 'native' | 'node',
  args: readonly string[] = [],
  program: readonly string[] = [fileURLToPath(exampleUrl('finger-service'))],
  options: { before?: string } = {},
): Promise<Running> {
  const any = 'tcp:0:interface=127.0.0.1';
  const endpoints = ['--finger', any, '--finger-tls', any, '--web', any];
  const all = ['run', '--drain', '5', '--reactor', kind, ...program, ...endpoints, ...args];
  const child = new Child(MAIN, all, options);
  await child.printed(/started, process/);
  const port = (name: string): number =>
    Number(new RegExp(`${name} on [^\\n]*:(\\d+)$`, 'm').exec(child.stdout)?.[1]);
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port('web')}${path}`);
  return { child, port, get };
}

describe.each(KINDS)('the finger tutorial on the %s reactor', (kind) => {
  it.each([
    ['finger-nobody', 'finger: ada: no such user\r\n'],
    ['finger-users', 'Ada writes programs for engines that do not exist yet.\r\n'],
  ])('%s answers', async (name, answer) => {
    await using server = new Child(exampleUrl(name), ['0'], on(kind));
    const [, port] = await server.printed(/port (\d+)/);
    expect(await ask(Number(port), 'ada')).toBe(answer);
  });

  it('finger-file reads its users, and does not start without them', async () => {
    const users = join(folder, `users-${kind}.txt`);
    const port = await closedPort();
    const file = fileURLToPath(exampleUrl('finger-file'));
    const listen = ['--listen', `tcp:${port}:interface=127.0.0.1`, '--users', users];
    const args = ['run', '--reactor', kind, file, ...listen];
    const missing = await runProgram(MAIN, args);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('ENOENT');
    writeFileSync(users, 'Ada: from the file\n');
    await using server = new Child(MAIN, args);
    await server.printed(/started, process/);
    expect(await ask(port, 'ada')).toBe('from the file\r\n');
    if (!POSIX) return;
    writeFileSync(users, 'Ada: again\nGrace: new\n');
    server.process.kill('SIGHUP');
    await server.printed(/2 users in/);
    expect(await ask(port, 'ada')).toBe('again\r\n');
  });

  it('finger-service answers in clear, over TLS and over HTTP, and drains', async () => {
    const { child, port, get } = await serve(kind);
    await using server = child;
    expect(await ask(port('finger'), 'Ada')).toMatch(/^Ada writes/);
    expect(await askOverTLS(port('finger-tls'), 'ropewalk')).toMatch(/^Ropewalk is/);
    expect(await ask(port('finger'), 'nobody')).toBe('finger: nobody: no such user\r\n');
    const status = await (await get('/')).json();
    const queries = { found: 2, unknown: 1, failed: 0 };
    expect(status).toMatchObject({ users: 'memory', queries });
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(200);
    expect((await get('/none')).status).toBe(404);
    const metrics = await (await get('/metrics')).text();
    expect(metrics).toContain('finger_queries_total{result="found"} 2\n');
    expect(metrics).toMatch(/listener_connections_total\{listener="finger-tls",.*accepted"\} 1\n/);
    await using slow = await RawPeer.connect(port('finger'));
    slow.write('a');
    await within((async () => await get('/'))(), 'a turn of the server');
    server.process.kill('SIGTERM');
    await server.printed(/draining/);
    slow.write('da\r\n');
    await slow.untilEnded();
    expect(slow.text).toMatch(/^Ada writes/);
    if (POSIX) expect(await server.result()).toMatchObject({ signal: 'SIGTERM', stderr: '' });
  });
});

it('finger-test passes', async () => {
  const { code, stdout } = await runProgram(exampleUrl('finger-test'));
  expect(stdout).toMatch(/pass 3\b/);
  expect(code).toBe(0);
});

it.runIf(POSIX)('finger-service reads users of a file, again at SIGHUP', async () => {
  const users = join(folder, 'service.txt');
  writeFileSync(users, 'ada: one\n');
  const { child, port, get } = await serve('node', ['--users', users]);
  await using server = child;
  expect(await ask(port('finger'), 'ada')).toBe('one\r\n');
  writeFileSync(users, 'ada: two\ngrace: x\n');
  server.process.kill('SIGHUP');
  await server.printed(/2 users in/);
  expect(await ask(port('finger'), 'ada')).toBe('two\r\n');
  expect(await (await get('/')).json()).toMatchObject({ users: 'file' });
});

it('finger-service reads users of a database, and is not ready without it', async () => {
  const path = join(folder, 'users.db');
  const { child, port, get } = await serve('node', ['--database', path]);
  await using _server = child;
  const database = new DatabaseSync(path);
  database.exec("INSERT INTO users VALUES ('ada', 'from the database')");
  expect(await ask(port('finger'), 'Ada')).toBe('from the database\r\n');
  expect((await get('/readyz')).status).toBe(200);
  database.exec('DROP TABLE users');
  database.close();
  expect(await ask(port('finger'), 'ada')).toBe('The finger server failed to answer.\r\n');
  expect((await get('/readyz')).status).toBe(503);
});

it.runIf(POSIX)('the plug-in of the tutorial adds the service to the command', async () => {
  const page = readFileSync(join(ROOT, 'docs/tutorial-finger.md'), 'utf8');
  const manifest = /```json\n([\s\S]*?)```/.exec(page)?.[1] as string;
  const project = join(folder, 'plugin');
  mkdirSync(join(project, 'node_modules'), { recursive: true });
  symlinkSync(ROOT, join(project, 'node_modules/ropewalk'));
  writeFileSync(join(project, 'package.json'), manifest.replace('service.ts', 'service.js'));
  const source = readFileSync(exampleUrl('finger-service'), 'utf8');
  const { code } = transformSync(source, { loader: 'ts', target: 'es2022' });
  writeFileSync(join(project, 'finger-service.js'), code);
  const before = `cd '${project}'`;
  const help = await runProgram(MAIN, ['help'], { before });
  expect(help.stdout).toContain('answers finger, in clear and over TLS');
  const { child, port } = await serve('node', [], ['finger'], { before });
  await using _server = child;
  expect(await ask(port('finger'), 'ada')).toMatch(/^Ada writes/);
});
