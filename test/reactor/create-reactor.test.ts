import { afterEach, describe, expect, it, vi } from 'vitest';
import { type CreateReactorOptions, createReactor, UnsupportedError } from '../../src/index.js';
import { runWorkers } from '../../src/workers/index.js';

afterEach(() => vi.unstubAllEnvs());

const NATIVE_OPTIONS: readonly (CreateReactorOptions & { readonly feature: string })[] = [
  { feature: 'poller', poller: 'poll' },
  { feature: 'busyPollUs', busyPollUs: 50 },
];

describe('the options of the native reactor', () => {
  it.each(NATIVE_OPTIONS)("$feature: refused with kind 'node'", ({ feature, ...options }) => {
    const expected = expect.objectContaining({
      name: 'UnsupportedError',
      feature,
      message: `${feature} is not supported: it configures the native reactor, but kind is 'node': remove the option, or set kind to 'native' or 'auto'`,
    });
    expect(() => createReactor({ ...options, kind: 'node' })).toThrow(expected);
    const workers = { reactor: { ...options, kind: 'node' } } as const;
    expect(() => runWorkers('/no/module.js', workers)).toThrow(UnsupportedError);
  });

  it.each(NATIVE_OPTIONS)(
    '$feature: accepted if the environment chooses node',
    async ({ feature: _, ...options }) => {
      vi.stubEnv('ROPEWALK_REACTOR', 'node');
      await using reactor = createReactor(options);
      expect(reactor.kind).toBe('node');
    },
  );

  it('takes an empty environment variable as unset', async () => {
    vi.stubEnv('ROPEWALK_REACTOR', '');
    await using reactor = createReactor();
    expect(reactor.kind).toBe('native');
  });

  it("their defaults are accepted with kind 'node'", async () => {
    await using reactor = createReactor({ kind: 'node', poller: 'auto', busyPollUs: 0 });
    expect(reactor.kind).toBe('node');
  });
});
