// docs/http-compat.md: it lists every member, in its state, with a test that exists.
import { readdirSync, readFileSync } from 'node:fs';
import {
  IncomingMessage as NodeMessage,
  ServerResponse as NodeResponse,
  Server as NodeServer,
  OutgoingMessage,
} from 'node:http';
import { Server as NetServer, Socket as NetSocket } from 'node:net';
import { createReactor } from 'ropewalk';
import { createServer, IncomingMessage, ServerResponse, Socket } from 'ropewalk/node-http';
import { describe, expect, it } from 'vitest';

interface Row {
  readonly section: string;
  readonly members: readonly string[];
  readonly state: string;
  readonly test: string;
  /** The oldest Node that has the member. */
  readonly since: readonly [major: number, minor: number];
}

const ROWS = rowsOf(readFileSync(new URL('../../docs/http-compat.md', import.meta.url), 'utf8'));
const TESTS = new Set(testNames());

function rowsOf(page: string): Row[] {
  const rows: Row[] = [];
  let section = '';
  for (const line of page.split('\n')) {
    if (line.startsWith('## ')) section = line.slice(3);
    const [, member = '', state = '', test = '', remark = ''] = line
      .split('|')
      .map((cell) => cell.trim());
    if (!line.startsWith('| ') || section === '' || /^(Member|---)/.test(member)) continue;
    const names = member.match(/`[^`]+`/g)?.map((name) => name.slice(1, -1)) ?? [];
    const [, major = 0, minor = 0] = /Since Node (\d+)\.(\d+)/.exec(remark)?.map(Number) ?? [];
    rows.push({ section, members: names, state, test, since: [major, minor] });
  }
  return rows;
}

function isAtLeast([major, minor]: Row['since']): boolean {
  const [current = 0, currentMinor = 0] = process.versions.node.split('.').map(Number);
  return current > major || (current === major && currentMinor >= minor);
}

/** The names of programs and of tests, as they are in the sources. */
function testNames(): string[] {
  const names: string[] = [];
  for (const folder of ['./', './programs/']) {
    const url = new URL(folder, import.meta.url);
    for (const file of readdirSync(url)) {
      if (!/\.(test\.ts|mjs)$/.test(file)) continue;
      const text = readFileSync(new URL(file, url), 'utf8');
      const prefix = /name: `(\w+): \$\{name\}`/.exec(text)?.[1];
      for (const [, first, second] of text.matchAll(
        /(?:[pP]rogram\(\s*|it(?:\.\w+\([^)]*\))?\(\s*|\] as const\)\()(?:'([^']+)'|"([^"]+)")/g,
      )) {
        const name = first ?? second ?? '';
        names.push(prefix === undefined ? name : `${prefix}: ${name}`);
      }
    }
  }
  return names;
}

/** The public members of classes of Node. */
function membersOf(...classes: readonly { readonly prototype: object }[]): string[] {
  return classes
    .flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype))
    .filter((name) => !name.startsWith('_') && name !== 'constructor');
}

it.each([
  ['Server', membersOf(NodeServer, NetServer)],
  ['IncomingMessage', membersOf(NodeMessage)],
  ['ServerResponse', membersOf(NodeResponse, OutgoingMessage)],
] as const)('lists each member of %s', (section, expected) => {
  const listed = new Set(
    ROWS.filter((row) => row.section === section).flatMap(({ members }) => members),
  );
  expect(expected.filter((name) => !listed.has(name))).toEqual([]);
});

it('lists each member of sockets that a connection has', () => {
  const socket = ROWS.filter(({ section }) => section === 'Socket').flatMap(
    ({ members }) => members,
  );
  const streams = ['pause', 'resume', 'read'];
  const expected = membersOf(NetSocket).filter((name) => !streams.includes(name));
  expect(expected.filter((name) => !socket.includes(name))).toEqual([]);
});

it('has a known state and an existing test for each member', () => {
  const wrong = ROWS.filter(({ state, test }) => {
    if (state === 'missing') return test !== '';
    return !['same', 'differs', 'refused'].includes(state) || !TESTS.has(test);
  });
  expect(wrong).toEqual([]);
  expect(ROWS.length).toBeGreaterThan(100);
});

describe('members that are listed as available exist', () => {
  const server = createServer({ reactor: createReactor({ kind: 'node' }) });
  it.each([
    ['Server', server],
    ['IncomingMessage', IncomingMessage.prototype],
    ['ServerResponse', ServerResponse.prototype],
    ['Socket', Socket.prototype],
  ] as const)('in %s', (section, object) => {
    const own = ['method', 'url', 'complete', 'aborted', 'socket', 'req', 'finished', 'sendDate'];
    const data = [...own, 'strictContentLength', 'connecting', 'pending', 'timeout'];
    const names = ROWS.filter((row) => row.section === section && row.state !== 'missing')
      .filter(({ since }) => isAtLeast(since))
      .flatMap(({ members }) => members)
      .filter((name) => /^[a-z]\w*$/i.test(name) && !data.includes(name))
      .filter((name) => !/^(httpVersion|raw|status)/.test(name));
    // `maxConnections` is set by programs.
    expect(names.filter((name) => !(name in object) && name !== 'maxConnections')).toEqual([]);
  });
});
