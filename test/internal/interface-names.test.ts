import { networkInterfaces } from 'node:os';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { interfaceNameOf, withScopeSpelled } from '../../src/internal/interface-names.js';

vi.mock('node:os', { spy: true });

const LINUX = process.platform === 'linux';

describe('interfaceNameOf', () => {
  it.runIf(LINUX)('knows the loopback interface by its number', () => {
    expect(interfaceNameOf(1)).toBe('lo');
  });

  it('knows interfaces with a link-local address', () => {
    for (const [name, entries = []] of Object.entries(networkInterfaces()))
      for (const entry of entries)
        if (entry.family === 'IPv6' && entry.scopeid !== 0)
          expect(interfaceNameOf(Number(entry.scopeid))).toBe(name);
  });

  it('returns undefined if there is no such interface', () => {
    expect(interfaceNameOf(0)).toBeUndefined();
    expect(interfaceNameOf(999_999)).toBeUndefined();
  });
});

describe('withScopeSpelled', () => {
  it.runIf(LINUX).each([
    ['fe80::1%1', 'fe80::1%lo'],
    ['fe80::1%lo', 'fe80::1%lo'],
    ['::1%1', '::1%lo'],
  ])('spells %s as %s', (given, spelled) => {
    expect(withScopeSpelled(given)).toBe(spelled);
  });

  it.each(['127.0.0.1', '::1', 'fe80::1%999999', 'fe80::1%no-such', 'name%1', 'fe80::1%', '%1'])(
    'returns %s unchanged',
    (text) => {
      expect(withScopeSpelled(text)).toBe(text);
    },
  );
});

it('reads the interfaces once for many addresses, and again when time has passed', () => {
  let nowMs = performance.now() + 1_000;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
  onTestFinished(() => clock.mockRestore());
  vi.mocked(networkInterfaces).mockClear();
  const spell = (): void => {
    for (let index = 0; index < 3_000; index++) withScopeSpelled(`fe80::1%${index}`);
    for (let index = 0; index < 3_000; index++) interfaceNameOf(index);
  };
  spell();
  expect(networkInterfaces).toHaveBeenCalledTimes(1);
  nowMs += 19;
  spell();
  expect(networkInterfaces).toHaveBeenCalledTimes(1);
  nowMs += 1;
  vi.mocked(networkInterfaces).mockImplementationOnce(() => {
    throw new Error('EMFILE');
  });
  spell();
  expect(networkInterfaces).toHaveBeenCalledTimes(2);
});
