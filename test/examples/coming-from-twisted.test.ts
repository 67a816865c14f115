/** The page for those who know Twisted keeps up with the code: the names and the tests that it speaks of are there. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (path: string): string => {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
};

const page = read('docs/coming-from-twisted.md');
const { exports } = JSON.parse(read('package.json')) as {
  exports: Record<string, { types: string }>;
};
/** The texts of all entry points. */
const entryPoints = Object.values(exports)
  .map(({ types }) => read(types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts')))
  .join();

/** The second cells of the tables. */
const cells = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.includes('../test/'))
  .map((line) => line.split(' | ')[1] ?? '');

/** What is a class or a function in them: `Name`, `name()`. */
const names = new Set(
  cells
    .flatMap((cell) => [...cell.matchAll(/`(?:([A-Z]\w+)|([a-z]\w*)\(\))`/g)])
    .map(([, className, functionName]) => className ?? functionName ?? ''),
);

/** Members, system classes and what stands there for its shape only. */
const NOT_EXPORTED = new Set([
  'Buffer',
  'Error',
  'RangeError',
  'TypeError',
  'X509Certificate',
  'KeyObject',
  'Uint8Array',
  'AbortSignal',
  'toPromise',
]);

const tests = [...page.matchAll(/\]\(\.\.\/(test\/[\w./-]+)\): "([^"]+)"/g)].map(
  ([, file = '', name = '']) => ({ file, name }),
);

describe('docs/coming-from-twisted.md', () => {
  it('names what the package exports', () => {
    const missing = [...names].filter(
      (name) => !NOT_EXPORTED.has(name) && !new RegExp(`\\b${name}\\b`).test(entryPoints),
    );
    expect({ missing, many: names.size > 50 }).toEqual({ missing: [], many: true });
  });

  it('shows what is different by tests', () => {
    expect(tests.length).toBeGreaterThan(10);
  });

  it.each(tests)('has the test "$name"', ({ file, name }) => {
    expect(read(file)).toContain(`'${name}'`);
  });
});
