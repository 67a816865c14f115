// The tests in Fastify's package, run on node:http and on the facade: each ends alike, except for those listed here.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PATIENCE } from '../support/deadline.js';
import { FILE, FILE_MS, outcomesOf, servingFiles } from './fastify-suite/suite.js';

/** `server.unref()` does nothing: a server that is not closed keeps the process. */
const UNREF = 'the row `unref` of docs/http-compat.md';

/** By file and test: how the test ends on the facade, and why. On node:http all pass. */
const KNOWN: Readonly<Record<string, Readonly<Record<string, readonly [string, string]>>>> = {
  'request-error.test.js': { [FILE]: ['did not end', UNREF] },
};
/** Time for files that are known not to end, whose tests take a second. */
const ENDLESS_MS = 10_000;

/** Some of the tests depend on time, which a busy machine does not give them. */
const OPTIONS = { retry: 2, timeout: (FILE_MS + 5_000) * PATIENCE };

const FILES = servingFiles();
let tests = 0;

describe('Fastify', () => {
  it.each(FILES)('%s', OPTIONS, async (file) => {
    const isEndless = KNOWN[file]?.[FILE]?.[0] === 'did not end';
    const ms = isEndless ? ENDLESS_MS : FILE_MS;
    const [onNode, native, pure] = await Promise.all([
      outcomesOf(file, 'node:http', FILE_MS),
      outcomesOf(file, 'native', ms),
      outcomesOf(file, 'node', ms),
    ]);
    const passed = Object.fromEntries(Object.keys(onNode.tests).map((name) => [name, 'passed']));
    expect(onNode.tests, onNode.errors).toEqual(passed);
    const known = Object.entries(KNOWN[file] ?? {}).map(([name, [outcome]]) => [name, outcome]);
    const expected = { ...passed, ...Object.fromEntries(known) };
    expect(native.tests, native.errors).toEqual(expected);
    expect(pure.tests, pure.errors).toEqual(expected);
    tests += Object.keys(passed).length - 1;
  });

  it('has all the files of the list, and as many tests as docs/http-compat.md says', () => {
    expect(Object.keys(KNOWN).filter((file) => !FILES.includes(file))).toEqual([]);
    const page = readFileSync(new URL('../../docs/http-compat.md', import.meta.url), 'utf8');
    const [, files, all] = /(\d+) files\s+with (\d+) tests/.exec(page) ?? [];
    expect([FILES.length, tests]).toEqual([Number(files), Number(all)]);
  });
});
