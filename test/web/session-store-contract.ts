/** What every store of sessions does. */
import { expect, it } from 'vitest';
import type { SessionStore, SessionTimes, SessionValues } from '../../src/web/index.js';

const LONG: SessionTimes = { idleMs: 60_000, lifetimeMs: 120_000 };

/** @param makeStore Makes a store whose clock is moved by `pass`. Names of sessions are different in each test. */
export function checkSessionStore(
  makeStore: () => { store: SessionStore; pass(ms: number): Promise<void> },
): void {
  let number = 0;
  const name = (): string => `session-${process.pid}-${number++}`;
  const values = (entries: Record<string, string>): Map<string, string> =>
    new Map(Object.entries(entries));
  const loaded = async (store: SessionStore, session: string): Promise<unknown> => {
    const found = (await store.load(session, 60_000)) as SessionValues | undefined;
    return found && Object.fromEntries(found);
  };

  it('keeps the values of a session', async () => {
    const { store } = makeStore();
    const session = name();
    expect(await loaded(store, session)).toBeUndefined();
    await store.create(session, values({ a: '1', $b: '{"x":"ä€\\u0000"}', '': '""' }), LONG);
    expect(await loaded(store, session)).toEqual({ a: '1', $b: '{"x":"ä€\\u0000"}', '': '""' });
    expect(await loaded(store, `${session}x`)).toBeUndefined();
  });

  it('keeps a session without values', async () => {
    const { store } = makeStore();
    const session = name();
    await store.create(session, new Map(), LONG);
    expect(await loaded(store, session)).toEqual({});
  });

  it('keeps keys that are names of objects', async () => {
    const { store } = makeStore();
    const session = name();
    const given = new Map([
      ['__proto__', '1'],
      ['constructor', '2'],
      [':end', '3'],
    ]);
    await store.create(session, given, LONG);
    expect(await store.load(session, 60_000)).toEqual(given);
  });

  it('changes the keys that are given, and no others', async () => {
    const { store } = makeStore();
    const session = name();
    await store.create(session, values({ a: '1', b: '2', c: '3' }), LONG);
    const changes = new Map([
      ['a', '4'],
      ['b', undefined],
      ['d', '5'],
      ['e', undefined],
    ]);
    expect(await store.update(session, changes)).toBe(true);
    expect(await loaded(store, session)).toEqual({ a: '4', c: '3', d: '5' });
    expect(await store.update(session, new Map([['c', undefined]]))).toBe(true);
    expect(await store.update(session, new Map([['f', '6']]))).toBe(true);
    expect(await loaded(store, session)).toEqual({ a: '4', d: '5', f: '6' });
  });

  it('keeps a session whose values were all deleted', async () => {
    const { store } = makeStore();
    const session = name();
    await store.create(session, values({ a: '1' }), LONG);
    await store.update(session, new Map([['a', undefined]]));
    expect(await loaded(store, session)).toEqual({});
  });

  it('does not bring back a session that has ended', async () => {
    const { store } = makeStore();
    const session = name();
    await store.create(session, values({ a: '1' }), LONG);
    await store.delete(session);
    await store.delete(session);
    expect(await store.update(session, values({ a: '2' }))).toBe(false);
    expect(await store.rename(session, name(), undefined)).toBe(false);
    expect(await loaded(store, session)).toBeUndefined();
  });

  it('gives a session another name', async () => {
    const { store } = makeStore();
    const [old, renamed] = [name(), name()];
    await store.create(old, values({ a: '1' }), LONG);
    expect(await store.rename(old, renamed, undefined)).toBe(true);
    expect(await loaded(store, old)).toBeUndefined();
    expect(await store.update(old, values({ a: '2' }))).toBe(false);
    expect(await loaded(store, renamed)).toEqual({ a: '1' });
  });

  it('ends a session that is not used, and no other', async () => {
    const { store, pass } = makeStore();
    const [unused, used] = [name(), name()];
    const times = { idleMs: 400, lifetimeMs: 60_000 };
    await store.create(unused, new Map(), times);
    await store.create(used, new Map(), times);
    await pass(250);
    expect(await store.load(used, 60_000)).toBeDefined();
    await pass(250);
    expect(await store.load(unused, 60_000)).toBeUndefined();
    expect(await store.update(unused, new Map())).toBe(false);
    expect(await store.load(used, 60_000)).toBeDefined();
  });

  it('ends a session at the end of its lifetime, however much it is used', async () => {
    const { store, pass } = makeStore();
    const session = name();
    await store.create(session, new Map(), { idleMs: 60_000, lifetimeMs: 400 });
    await pass(50);
    expect(await store.load(session, 60_000)).toBeDefined();
    await pass(450);
    expect(await store.load(session, 60_000)).toBeUndefined();
  });

  it('keeps the times of a session with a new name, or begins them again', async () => {
    const { store, pass } = makeStore();
    const [one, other, oneRenamed, otherRenamed] = [name(), name(), name(), name()];
    for (const session of [one, other]) {
      await store.create(session, new Map(), { idleMs: 60_000, lifetimeMs: 400 });
    }
    expect(await store.rename(one, oneRenamed, undefined)).toBe(true);
    expect(await store.rename(other, otherRenamed, LONG)).toBe(true);
    await pass(500);
    expect(await store.load(oneRenamed, 60_000)).toBeUndefined();
    expect(await store.load(otherRenamed, 60_000)).toBeDefined();
  });
}
