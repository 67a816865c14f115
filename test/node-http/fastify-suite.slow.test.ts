// The tests in Fastify's package, run on node:http and on the facade: each ends alike, except for those listed here.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PATIENCE } from '../support/deadline.js';
import { FILE, FILE_MS, outcomesOf, servingFiles } from './fastify-suite/suite.js';

/** `server.close()`: responses in progress end their connections. */
const CLOSE = 'the row `close` of docs/http-compat.md';
/** `socket.destroy()`: what was written is sent. */
const DESTROY = 'the row `destroy` of docs/http-compat.md';
const HOST = 'the row `requireHostHeader` of docs/http-compat.md';
/** An exception of a listener is answered with 500. */
const THROW = "the row `'request'` of docs/http-compat.md";

/** By file and test: how the test ends on the facade, and why. On node:http all pass. */
const KNOWN: Readonly<Record<string, Readonly<Record<string, readonly [string, string]>>>> = {
  'close.test.js': {
    'Current opened connection should not accept new incoming connections': ['failed', CLOSE],
    'rejected incoming connections should be logged': ['failed', CLOSE],
    [FILE]: ['failed', CLOSE],
  },
  'close-pipelining.test.js': {
    'Should return 503 while closing - pipelining': ['failed', CLOSE],
    [FILE]: ['failed', CLOSE],
  },
  'request-error.test.js': {
    'customErrorHandler should not call handler for in-stream error': ['failed', DESTROY],
    // After the failure, undici keeps a connection of which the test does not know.
    [FILE]: ['did not end', DESTROY],
  },
  'request-header-host.test.js': {
    'Return 200 when Host header is missing and http.requireHostHeader = false': ['failed', HOST],
    'Return 200 when Host header is missing and http.requireHostHeader = false with trust proxy': [
      'failed',
      HOST,
    ],
    [FILE]: ['failed', HOST],
  },
  'url-rewriting.test.js': {
    'Should throw an error': ['failed', THROW],
    [FILE]: ['failed', THROW],
  },
};

/** Some of the tests depend on time, which a busy machine does not give them. */
const OPTIONS = { retry: 2, timeout: (FILE_MS + 5_000) * PATIENCE };

const FILES = servingFiles();
let tests = 0;

describe('Fastify', () => {
  it.each(FILES)('%s', OPTIONS, async (file) => {
    const [onNode, native, pure] = await Promise.all([
      outcomesOf(file, 'node:http'),
      outcomesOf(file, 'native'),
      outcomesOf(file, 'node'),
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
