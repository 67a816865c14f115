/** One connection over a memory transport: answers, time limits, cancellation, loss. */
import { describe, expect, it } from 'vitest';
import { CancelledError } from '../../../src/index.js';
import {
  InvalidMemcacheRequestError,
  MemcacheClientError,
  type MemcacheCommands,
  MemcacheConnectionLostError,
  MemcacheOverloadError,
  MemcacheProtocol,
  type MemcacheProtocolOptions,
  MemcacheServerError,
  MemcacheTimeoutError,
  MemcacheUnknownCommandError,
  memcacheCommands,
  memcacheJSON,
  memcacheText,
  TypedMemcache,
} from '../../../src/protocols/memcache/index.js';
import {
  assertNoResult,
  failureResultOf,
  ManualClock,
  MemoryTransport,
  successResultOf,
} from '../../../src/testing/index.js';

interface Scene {
  readonly clock: ManualClock;
  readonly transport: MemoryTransport;
  readonly protocol: MemcacheProtocol;
  readonly commands: MemcacheCommands;
}

function scene(options: Partial<MemcacheProtocolOptions> = {}, capacity?: number): Scene {
  const clock = new ManualClock();
  const transport = new MemoryTransport(capacity === undefined ? {} : { capacity });
  const protocol = transport.connect(new MemcacheProtocol({ clock, ...options }));
  return { clock, transport, protocol, commands: memcacheCommands(protocol) };
}

describe('commands over one connection', () => {
  it('are pipelined, and answered in order', () => {
    const { transport, commands, protocol } = scene();
    const stored = commands.set('a', 'hi', { flags: 7, expiresInSeconds: 60 });
    const found = commands.get('a', { withCas: true });
    const missing = commands.get('b');
    expect(transport.text).toBe('set a 7 60 2\r\nhi\r\ngets a\r\nget b\r\n');
    expect(protocol.unanswered).toBe(3);
    transport.receive('STORED\r\nVALUE a 7 2 12\r\nhi\r\nEND\r\nEND\r\n');
    expect(successResultOf(stored)).toBe(true);
    const value = successResultOf(found);
    expect(value).toEqual({ key: 'a', flags: 7, cas: '12', value: Buffer.from('hi') });
    expect(successResultOf(missing)).toBeUndefined();
    expect(protocol.unanswered).toBe(0);
  });

  it('give the results of each answer', () => {
    const { transport, commands } = scene();
    const results = [
      [commands.add('a', 'x'), 'NOT_STORED', false],
      [commands.replace('a', 'x'), 'STORED', true],
      [commands.append('a', 'x'), 'NOT_STORED', false],
      [commands.prepend('a', 'x'), 'STORED', true],
      [commands.compareAndSwap('a', 'x', '1'), 'STORED', 'stored'],
      [commands.compareAndSwap('a', 'x', '1'), 'EXISTS', 'exists'],
      [commands.compareAndSwap('a', 'x', '1'), 'NOT_FOUND', 'not found'],
      [commands.delete('a'), 'DELETED', true],
      [commands.delete('a'), 'NOT_FOUND', false],
      [commands.increment('a'), '18446744073709551615', 2n ** 64n - 1n],
      [commands.decrement('a', 5), 'NOT_FOUND', undefined],
      [commands.touch('a', { expiresInSeconds: 5 }), 'TOUCHED', true],
      [commands.touch('a'), 'NOT_FOUND', false],
      [commands.getAndTouch('a', { expiresInSeconds: 5 }), 'END', undefined],
      [commands.flushAll(), 'OK', undefined],
      [commands.verbosity(1), 'OK', undefined],
      [commands.version(), 'VERSION 1', new Map([['server', '1']])],
      [commands.stats(), 'STAT a b\r\nEND', new Map([['server', new Map([['a', 'b']])]])],
      [commands.stats('reset'), 'RESET', new Map([['server', new Map()]])],
      [commands.metaNoop(), 'MN', undefined],
      [commands.metaDebug('a'), 'ME a size=1', new Map([['size', '1']])],
      [commands.metaDebug('a'), 'EN', undefined],
    ] as const;
    transport.receive(results.map(([, answer]) => `${answer}\r\n`).join(''));
    for (const [deferred, , expected] of results) {
      expect(successResultOf(deferred as never)).toEqual(expected);
    }
  });

  it('give meta answers with flags', () => {
    const { transport, commands } = scene();
    const found = commands.metaGet(Buffer.from('a b'), ['v', 't', 'O1']);
    const stored = commands.metaSet('a', 'x', ['T30']);
    const deleted = commands.metaDelete('a');
    const counted = commands.metaArithmetic('n', ['v', 'N0', 'J5']);
    expect(transport.text).toBe('mg YSBi v t O1 b\r\nms a 1 T30\r\nx\r\nmd a\r\nma n v N0 J5\r\n');
    transport.receive('VA 2 t-1 O1\r\nhi\r\nHD\r\nNF\r\nVA 1\r\n5\r\n');
    const value = successResultOf(found);
    expect(value).toMatchObject({ status: 'VA', value: Buffer.from('hi') });
    expect(value.flags.get('t')).toBe('-1');
    expect(successResultOf(stored).status).toBe('HD');
    expect(successResultOf(deleted).status).toBe('NF');
    expect(successResultOf(counted).value?.toString()).toBe('5');
  });

  it('request many keys in commands of 100', () => {
    const { transport, commands } = scene();
    const keys = Array.from({ length: 150 }, (_, i) => `k${i}`);
    const found = commands.getMany([...keys, ...keys]);
    expect(transport.text.split('\r\n').map((line) => line.split(' ').length)).toEqual([
      101, 51, 1,
    ]);
    transport.receive('VALUE k0 0 1\r\nx\r\nEND\r\nVALUE k149 0 1\r\ny\r\nEND\r\n');
    expect([...successResultOf(found).keys()]).toEqual(['k0', 'k149']);
    expect(successResultOf(commands.getMany([]))).toEqual(new Map());
  });

  it('fail with the errors of the server, and the connection continues', () => {
    const { transport, commands } = scene();
    const unknown = commands.get('a');
    const client = commands.increment('a');
    const server = commands.set('a', 'x');
    const many = commands.getMany(['a']);
    transport.receive('ERROR\r\nCLIENT_ERROR no number\r\nSERVER_ERROR full\r\nSERVER_ERROR x\r\n');
    expect(failureResultOf(unknown)).toBeInstanceOf(MemcacheUnknownCommandError);
    const value = failureResultOf(client);
    expect(value).toBeInstanceOf(MemcacheClientError);
    expect(value).toMatchObject({ command: 'incr', text: 'no number' });
    expect(failureResultOf(server)).toBeInstanceOf(MemcacheServerError);
    expect(failureResultOf(many)).toBeInstanceOf(MemcacheServerError);
    expect(transport.connected).toBe(true);
  });

  it('end the connection if a command with a value is unknown', () => {
    const { transport, commands } = scene();
    const stored = commands.metaSet('a', 'flush_all');
    const next = commands.get('b');
    transport.receive('ERROR\r\nOK\r\n');
    expect(failureResultOf(stored)).toBeInstanceOf(MemcacheUnknownCommandError);
    transport.settle();
    expect(transport.connected).toBe(false);
    expect(failureResultOf(next)).toMatchObject({ mayHaveRun: true });
  });

  it('end the connection at an invalid answer, with the reason', () => {
    const { transport, commands } = scene();
    const found = commands.get('a');
    transport.receive('STORED\r\n');
    transport.settle();
    const value = failureResultOf(found);
    expect(value).toBeInstanceOf(MemcacheConnectionLostError);
    expect(value).toMatchObject({ cause: { code: 'ERR_INVALID_MEMCACHE_REPLY' } });
    expect(transport.peerSees).toBe('reset');
  });

  it('are not sent if an argument is wrong, too long or unknown', () => {
    const { transport, commands } = scene({ maxValueBytes: 3 });
    expect(() => commands.get('a b')).toThrow(InvalidMemcacheRequestError);
    expect(() => commands.getMany(['ok', 'a b'])).toThrow(InvalidMemcacheRequestError);
    expect(() => commands.set('a', 'four')).toThrow(InvalidMemcacheRequestError);
    expect(() => commands.get('a', { timeoutMs: 0 })).toThrow(/timeoutMs/);
    expect(() => commands.get('a', { signal: {} as never })).toThrow(/AbortSignal/);
    expect(() => commands.set('a', { x: 1 } as never)).toThrow(/encode it first/);
    expect(transport.text).toBe('');
  });
});

describe('time limits', () => {
  it('fail one command, and skip its late answer', () => {
    const { clock, transport, commands } = scene({ timeoutMs: 1_000 });
    const slow = commands.get('a');
    clock.advance(600);
    const next = commands.get('b');
    clock.advance(600);
    const value = failureResultOf(slow);
    expect(value).toBeInstanceOf(MemcacheTimeoutError);
    expect(value).toMatchObject({ command: 'get', timeoutMs: 1_000, mayHaveRun: true });
    assertNoResult(next);
    transport.receive('VALUE a 0 1\r\nx\r\nEND\r\nVALUE b 0 1\r\ny\r\nEND\r\n');
    expect(successResultOf(next)?.key).toBe('b');
  });

  it('can be set for each command', () => {
    const { clock, commands } = scene();
    const short = commands.get('a', { timeoutMs: 400 });
    const long = commands.get('b', { timeoutMs: 20_000 });
    clock.advance(1_100);
    expect(failureResultOf(short)).toMatchObject({ timeoutMs: 400 });
    clock.advance(10_000);
    assertNoResult(long);
    clock.advance(12_000);
    expect(failureResultOf(long)).toMatchObject({ timeoutMs: 20_000 });
  });

  it('end a connection that gives no answer at all', () => {
    const { clock, transport, commands, protocol } = scene();
    const first = commands.get('a', { timeoutMs: 100_000 });
    clock.advance(40_000);
    const second = commands.get('b', { timeoutMs: 100_000 });
    transport.receive('END\r\n');
    expect(successResultOf(first)).toBeUndefined();
    clock.advance(40_000);
    assertNoResult(second);
    clock.advance(25_000);
    transport.settle();
    expect(failureResultOf(second)).toMatchObject({
      code: 'ERR_MEMCACHE_CONNECTION_LOST',
      cause: { code: 'ERR_MEMCACHE_TIMEOUT' },
    });
    expect(protocol.connected).toBe(false);
  });

  it('do not run while nothing is unanswered', () => {
    const { clock, transport, commands } = scene();
    const found = commands.get('a');
    transport.receive('END\r\n');
    successResultOf(found);
    expect(clock.getDelayedCalls()).toEqual([]);
    clock.advance(1_000_000);
    expect(transport.connected).toBe(true);
  });
});

describe('cancelled commands', () => {
  it('skip their answers', () => {
    const { transport, commands } = scene();
    const abort = new AbortController();
    const first = commands.get('a', { signal: abort.signal });
    const second = commands.get('b');
    const third = commands.get('c');
    abort.abort('enough');
    second.cancel();
    expect(failureResultOf(first)).toMatchObject({ cause: 'enough' });
    expect(failureResultOf(second)).toBeInstanceOf(CancelledError);
    transport.receive('END\r\nEND\r\nVALUE c 0 1\r\nz\r\nEND\r\n');
    expect(successResultOf(third)?.key).toBe('c');
  });
});

describe('a lost connection', () => {
  it('fails all commands, which may have run', () => {
    const { clock, transport, commands } = scene();
    const lost = [commands.increment('a'), commands.increment('b')];
    transport.peerCloses();
    transport.settle();
    for (const deferred of lost) {
      expect(failureResultOf(deferred)).toMatchObject({
        code: 'ERR_MEMCACHE_CONNECTION_LOST',
        command: 'incr',
        mayHaveRun: true,
        cause: { code: 'ERR_CONNECTION_DONE' },
      });
    }
    expect(clock.getDelayedCalls()).toEqual([]);
    const later = failureResultOf(commands.get('c'));
    expect(later).toMatchObject({ code: 'ERR_MEMCACHE_CONNECTION_LOST', mayHaveRun: false });
  });

  it('fails commands after loseConnection at once: they were not sent', () => {
    const { transport, commands } = scene();
    transport.loseConnection();
    expect(failureResultOf(commands.get('c'))).toMatchObject({ mayHaveRun: false });
    transport.settle();
  });
});

describe('overload', () => {
  it('is refused at the call', () => {
    const { commands, protocol } = scene({ maxUnanswered: 2 });
    for (const key of ['a', 'b']) {
      const cancelled = commands.get(key);
      cancelled.cancel();
      expect(failureResultOf(cancelled)).toBeInstanceOf(CancelledError);
    }
    expect(() => commands.get('c')).toThrow(MemcacheOverloadError);
    expect(protocol.unanswered).toBe(2);
  });

  it('is also a limit of unsent bytes', () => {
    const { commands } = scene({ maxUnsentBytes: 100 }, 0);
    commands.set('a', 'x'.repeat(200)).addErrback(() => {});
    expect(() => commands.get('c')).toThrow(/maxUnsentBytes is 100/);
  });

  it.each([
    { timeoutMs: 0 },
    { stallTimeoutMs: -1 },
    { maxUnsentBytes: 0 },
    { maxUnanswered: 0 },
    { clock: undefined as never },
  ])('refuses the option %j', (options) => {
    expect(() => scene(options)).toThrow(/must be/);
  });
});

describe('TypedMemcache', () => {
  it('stores and reads JSON and text', () => {
    const { transport, commands } = scene();
    const json = new TypedMemcache(commands, memcacheJSON<{ n: number }>(2));
    const text = new TypedMemcache(commands, memcacheText());
    const stored = json.set('a', { n: 1 }, { expiresInSeconds: 9 });
    const found = json.get('a');
    const versioned = json.getWithCas('a');
    const many = text.getMany(['b']);
    const swapped = json.compareAndSwap('a', { n: 2 }, '5');
    const others = [json.add('a', { n: 3 }), json.replace('a', { n: 4 }), text.get('none')];
    expect(transport.text).toMatch(/^set a 2 9 7\r\n\{"n":1\}\r\nget a\r\ngets a\r\nget b\r\ncas /);
    transport.receive(
      'STORED\r\nVALUE a 2 7\r\n{"n":1}\r\nEND\r\nVALUE a 2 7 5\r\n{"n":1}\r\nEND\r\n' +
        'VALUE b 0 2\r\né\r\nEND\r\nEXISTS\r\nNOT_STORED\r\nSTORED\r\nEND\r\n',
    );
    expect(successResultOf(stored)).toBe(true);
    expect(successResultOf(found)).toEqual({ n: 1 });
    expect(successResultOf(versioned)).toEqual({ value: { n: 1 }, cas: '5' });
    expect(successResultOf(many)).toEqual(new Map([['b', 'é']]));
    expect(successResultOf(swapped)).toBe('exists');
    expect(others.map((deferred) => successResultOf(deferred as never))).toEqual([
      false,
      true,
      undefined,
    ]);
  });

  it('refuses values of another format', () => {
    const { transport, commands } = scene();
    const json = new TypedMemcache(commands, memcacheJSON<unknown>());
    const text = new TypedMemcache(commands, memcacheText());
    const wrong = [json.get('a'), json.get('a'), text.get('a')];
    transport.receive('VALUE a 1 1\r\n1\r\nEND\r\nVALUE a 0 1\r\n{\r\nEND\r\n');
    transport.receive(Buffer.from('VALUE a 0 1\r\n\xff\r\nEND\r\n', 'latin1'));
    for (const deferred of wrong) {
      expect(failureResultOf(deferred)).toMatchObject({ code: 'ERR_MEMCACHE_VALUE' });
    }
  });
});
