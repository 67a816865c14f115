import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  InvalidHostNameError,
  NameLookupTimeoutError,
  NameNotFoundError,
} from '../../src/core/errors/names.js';
import { CancelledError, type ResolveOptions } from '../../src/index.js';
import { HostResolver } from '../../src/resolver/host-resolver.js';
import { HostsFile } from '../../src/resolver/hosts-file.js';
import {
  assertNoResult,
  failureResultOf,
  ManualClock,
  successResultOf,
} from '../../src/testing/index.js';
import { hostAddresses } from '../support/name-resolvers.js';
import { LookupDesk } from './lookup-desk.js';

const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
const path = join(folder, 'hosts');
afterAll(() => rmSync(folder, { recursive: true }));

let clock = new ManualClock();
let desk = new LookupDesk();
let resolver = resolverWith('');

function resolverWith(hosts: string): HostResolver {
  writeFileSync(path, hosts);
  clock = new ManualClock();
  desk = new LookupDesk();
  const hostsFile = new HostsFile({ clock, path });
  return new HostResolver({ clock, hostsFile, lookups: desk.lookups });
}

/** What is there at once, as text. */
function found(name: string, options?: ResolveOptions): string[] {
  return successResultOf(resolver.resolveHostName(name, options)).map(({ address }) => address);
}

beforeEach(() => {
  resolver = resolverWith('');
});

describe('an IP address', () => {
  it.each(['192.0.2.1', '::1', '2001:DB8::1', 'fe80::1%eth0'])('is its own answer: %s', (name) => {
    expect(successResultOf(resolver.resolveHostName(name))).toEqual(hostAddresses(name));
    expect(desk.names).toEqual([]);
  });

  it('of a family that is not wanted is not found', () => {
    const options = { families: ['IPv6'] } as const;
    failureResultOf(resolver.resolveHostName('192.0.2.1', options), NameNotFoundError);
    failureResultOf(resolver.resolveHostName('::1', { families: ['IPv4'] }), NameNotFoundError);
  });
});

describe('localhost', () => {
  it.each(['localhost', 'LOCALHOST.', 'a.localhost', 'a.b.localhost.'])(
    'is loopback and never asked for: %s',
    (name) => {
      expect(found(name)).toEqual(['::1', '127.0.0.1']);
      expect(found(name, { families: ['IPv4'] })).toEqual(['127.0.0.1']);
      expect(desk.names).toEqual([]);
    },
  );

  it('is what the hosts file says', () => {
    resolver = resolverWith('127.0.0.2 localhost');
    expect(found('localhost')).toEqual(['127.0.0.2']);
    expect(found('localhost', { families: ['IPv6'] })).toEqual(['::1']);
  });

  it('is not any name with the same ending', () => {
    resolver.resolveHostName('notlocalhost');
    expect(desk.names).toEqual(['notlocalhost']);
  });
});

describe('a name of the hosts file', () => {
  it('is not asked for, in whatever case and with whatever dot', () => {
    resolver = resolverWith('192.0.2.1 h.example');
    expect(found('H.Example.')).toEqual(['192.0.2.1']);
    expect(desk.names).toEqual([]);
  });

  it('has its addresses in the order of the file, but ::1 first', () => {
    resolver = resolverWith('192.0.2.2 h\n2001:db8::1 h\n192.0.2.1 h\n127.0.0.1 l\n::1 l\n');
    expect(found('h')).toEqual(['192.0.2.2', '2001:db8::1', '192.0.2.1']);
    expect(found('l')).toEqual(['::1', '127.0.0.1']);
  });

  it('is looked up if it has no address of the family', () => {
    resolver = resolverWith('192.0.2.1 h');
    resolver.resolveHostName('h', { families: ['IPv6'] });
    expect(desk.begun).toMatchObject([{ name: 'h', family: 6 }]);
  });
});

describe('any other name', () => {
  it.each([
    [undefined, 0],
    [['IPv6', 'IPv4'], 0],
    [['IPv4'], 4],
    [['IPv6', 'IPv6'], 6],
  ] as const)('is asked for with the families %j', (families, family) => {
    const answer = resolver.resolveHostName('H.example.', families && { families });
    expect(desk.begun).toMatchObject([{ name: 'h.example.', family }]);
    desk.answer(0, '2001:db8::1', '192.0.2.1');
    expect(successResultOf(answer)).toEqual(hostAddresses('2001:db8::1', '192.0.2.1'));
  });

  it('that is invalid fails immediately', () => {
    failureResultOf(resolver.resolveHostName('a b'), InvalidHostNameError);
    failureResultOf(resolver.resolveHostName(''), InvalidHostNameError);
    expect(desk.names).toEqual([]);
  });
});

describe('an answer', () => {
  it('may take 30 seconds', () => {
    const answer = resolver.resolveHostName('h');
    clock.advance(29_999);
    assertNoResult(answer);
    clock.advance(1);
    const value = failureResultOf(answer, NameLookupTimeoutError);
    expect(value).toMatchObject({ hostName: 'h', timeoutMs: 30_000 });
    expect(desk.held).toBe(0);
  });

  it('may take the time that each caller allows', () => {
    const short = resolver.resolveHostName('h', { timeoutMs: 10 });
    const long = resolver.resolveHostName('h', { timeoutMs: 20 });
    const forever = resolver.resolveHostName('h', { timeoutMs: 0 });
    clock.advance(10);
    failureResultOf(short, NameLookupTimeoutError);
    assertNoResult(long);
    clock.advance(1_000_000);
    failureResultOf(long, NameLookupTimeoutError);
    desk.answer(0, '192.0.2.1');
    expect(successResultOf(forever)).toHaveLength(1);
    expect(desk.names).toEqual(['h']);
  });

  it('that has arrived leaves no timer behind', () => {
    resolver.resolveHostName('h');
    desk.answer(0, '192.0.2.1');
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('can be cancelled, which leaves no timer behind', () => {
    const answer = resolver.resolveHostName('h');
    answer.cancel();
    failureResultOf(answer, CancelledError);
    expect(clock.getDelayedCalls()).toEqual([]);
    expect(desk.held).toBe(0);
  });

  it('is cancelled by a signal, before or meanwhile', () => {
    const before = AbortSignal.abort('no');
    failureResultOf(resolver.resolveHostName('127.0.0.1', { signal: before }), CancelledError);
    const controller = new AbortController();
    const answer = resolver.resolveHostName('h', { signal: controller.signal });
    controller.abort('enough');
    expect(failureResultOf(answer, CancelledError).cause).toBe('enough');
    expect(clock.getDelayedCalls()).toEqual([]);
  });

  it('is cancelled when the reactor stops', () => {
    const answer = resolver.resolveHostName('h');
    resolver.cancelAll();
    failureResultOf(answer, CancelledError);
  });
});

describe('resolveHostName', () => {
  it.each([
    [5, {}],
    ['h', { families: 'IPv4' }],
    ['h', { families: ['IPv5'] }],
    ['h', { families: [] }],
    ['h', { timeoutMs: -1 }],
    ['h', { timeoutMs: '1' }],
    ['h', { signal: {} }],
  ])('throws for %j with %j', (name, options) => {
    expect(() => resolver.resolveHostName(name as string, options as ResolveOptions)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^ERR_INVALID_ARG_/) }),
    );
    expect(desk.names).toEqual([]);
  });
});
