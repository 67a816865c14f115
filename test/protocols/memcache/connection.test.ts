/** The connection: which answer belongs to which command, and the answers that it refuses. */
import { describe, expect, it } from 'vitest';
import {
  getRequest,
  InvalidMemcacheReplyError,
  InvalidMemcacheRequestError,
  MemcacheConnection,
  MemcacheOverloadError,
  type MemcacheRequest,
  metaNoopRequest,
  metaRequest,
  metaSetRequest,
  statsRequest,
  storageRequest,
  versionRequest,
} from '../../../src/protocols/memcache/index.js';

const PLAIN = { flags: 0, exptime: 0 };
const SET = storageRequest('set', 'a', 'x', PLAIN);

function connected(...requests: MemcacheRequest[]): MemcacheConnection<number> {
  const connection = new MemcacheConnection<number>();
  requests.forEach((request, i) => void connection.send(request, i));
  return connection;
}

describe('MemcacheConnection', () => {
  it('gives answers to commands in their order', () => {
    const connection = connected(SET, getRequest(['a', 'b'], false), versionRequest());
    connection.receive(Buffer.from('STORED\r\nVALUE b 1 1\r\nx\r\nEND\r\nVERSION 1.6\r\n'));
    expect(connection.next()).toMatchObject({ context: 0, reply: { status: 'STORED' } });
    const values = connection.next();
    expect(values?.context).toBe(1);
    const value = { key: 'b', flags: 1, cas: undefined, value: Buffer.from('x') };
    expect(values?.reply).toEqual({ type: 'values', values: new Map([['b', value]]) });
    expect(connection.unanswered).toBe(1);
    expect(connection.next()).toMatchObject({ context: 2, reply: { version: '1.6' } });
    expect(connection.next()).toBeUndefined();
    expect(connection.unanswered).toBe(0);
  });

  it('ends an answer at an error, and forgets its values', () => {
    const connection = connected(getRequest(['a'], false), getRequest(['a'], false));
    connection.receive(Buffer.from('VALUE a 0 1\r\nx\r\nSERVER_ERROR busy\r\nEND\r\n'));
    expect(connection.next()?.reply).toMatchObject({ kind: 'SERVER_ERROR', text: 'busy' });
    expect(connection.next()?.reply).toEqual({ type: 'values', values: new Map() });
  });

  it.each([
    ['no command', [], 'STORED\r\n'],
    ['a word for values', [getRequest(['a'], false)], 'STORED\r\n'],
    ['a value for a word', [SET], 'VALUE a 0 1\r\nx\r\n'],
    ['a key that was not requested', [getRequest(['a'], false)], 'VALUE b 0 1\r\nx\r\n'],
    ['the same key twice', [getRequest(['a'], false)], 'VALUE a 0 1\r\nx\r\nVALUE a 0 1\r\nx\r\n'],
    ['another opaque', [metaRequest('mg', 'a', ['v', 'O1'])], 'HD O2\r\n'],
    ['an opaque without one', [metaRequest('mg', 'a', ['v'])], 'HD O2\r\n'],
    ['the end of mn for mg', [metaRequest('mg', 'a', ['v'])], 'MN\r\n'],
    ['HD for mn', [metaNoopRequest()], 'HD\r\n'],
    ['a meta answer for a text command', [SET], 'HD\r\n'],
    ['DELETED for set', [SET], 'DELETED\r\n'],
    ['a value for stats', [statsRequest(undefined)], 'VALUE a 0 1\r\nx\r\n'],
  ])('refuses %s', (_name, requests, wire) => {
    const connection = connected(...requests);
    connection.receive(Buffer.from(wire));
    const read = (): void => {
      while (connection.next() !== undefined);
    };
    expect(read).toThrow(InvalidMemcacheReplyError);
  });

  it('accepts the opaque of the command, and a miss without it', () => {
    const mg = metaRequest('mg', 'a', ['v', 'Oxyz']);
    const connection = connected(mg, mg);
    connection.receive(Buffer.from('HD Oxyz\r\nEN\r\n'));
    expect(connection.next()?.reply).toMatchObject({ status: 'HD' });
    expect(connection.next()?.reply).toMatchObject({ status: 'EN' });
  });

  it('closes the connection when a command with a value is unknown: the server may execute the value', () => {
    const connection = connected(metaSetRequest('a', 'flush_all', []), getRequest(['a'], false));
    connection.receive(Buffer.from('ERROR\r\nERROR\r\n'));
    expect(connection.next()).toMatchObject({ context: 0, fatal: true });
    expect(connection.next()).toMatchObject({ context: 1, fatal: false });
  });

  it.each([
    ['CLIENT_ERROR bad command line format', true],
    ['CLIENT_ERROR options flags too long', true],
    ['CLIENT_ERROR line too long', true],
    ['CLIENT_ERROR invalid flag', false],
    ['SERVER_ERROR object too large for cache', false],
  ])('knows whether the server skips the value of a command: %s', (line, fatal) => {
    const connection = connected(metaSetRequest('a', 'flush_all', []), getRequest(['a'], false));
    connection.receive(Buffer.from(`${line}\r\n${line}\r\n`));
    expect(connection.next()).toMatchObject({ context: 0, fatal });
    expect(connection.next()).toMatchObject({ context: 1, fatal: false });
  });

  it('limits values, unanswered commands and lines of stats', () => {
    const connection = new MemcacheConnection({ maxValueBytes: 3, maxUnanswered: 2, maxStats: 2 });
    const send = (request: MemcacheRequest) => () => connection.send(request, undefined);
    expect(send(storageRequest('set', 'a', 'four', PLAIN))).toThrow(InvalidMemcacheRequestError);
    expect(connection.unanswered).toBe(0);
    expect(send(storageRequest('set', 'a', 'abc', PLAIN))()).toHaveLength(3);
    expect(send(statsRequest(undefined))()).toEqual(['stats\r\n']);
    expect(send(versionRequest())).toThrow(MemcacheOverloadError);
    connection.receive(Buffer.from('STORED\r\nSTAT a 1\r\nSTAT b 2\r\nSTAT c 3\r\n'));
    expect(connection.next()).toBeDefined();
    expect(() => connection.next()).toThrow('maxStats, 2');
  });

  it('keeps the order over thousands of commands', () => {
    const connection = new MemcacheConnection<number>({ maxUnanswered: 5_000 });
    for (let i = 0; i < 5_000; i++) connection.send(versionRequest(), i);
    const wire = Buffer.from('VERSION 1\r\n'.repeat(2_000));
    connection.receive(wire);
    for (let i = 0; i < 2_000; i++) expect(connection.next()?.context).toBe(i);
    expect(connection.next()).toBeUndefined();
    expect(connection.takeUnanswered()[0]).toBe(2_000);
    expect(connection.unanswered).toBe(0);
  });
});
