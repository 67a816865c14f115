/** The tests in the package of Fastify: which of them serve connections, and their results. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Child } from '../../support/child.js';
import { compiled } from '../../support/compiled.js';
import { within } from '../../support/deadline.js';
import { MARK, type Result } from './reporter.js';

const FOLDER = fileURLToPath(new URL('../../../node_modules/fastify/test', import.meta.url));
const REPORTER = compiled(new URL('reporter.ts', import.meta.url)).href;
const ON_FACADE = compiled(new URL('on-facade.ts', import.meta.url)).href;

/** Time for one file, multiplied by PATIENCE. The slowest takes 13 s on a busy machine. */
export const FILE_MS = 30_000;

const IMPORTS = /(?:require\(|from\s+|import\()['"]([^'"]+)['"]/g;

/** What the servers of the tests are: those of Node, or of the facade on one of the reactors. */
export type Server = 'node:http' | 'native' | 'node';

export interface Outcomes {
  /** `passed` or `failed` by the name of the test. Under `FILE`, how the process has ended, which may be `did not end`. */
  readonly tests: Readonly<Record<string, string>>;
  /** For the reader of a failure. */
  readonly errors: string;
}

export const FILE = '(file)';

/** The test files that call `listen` and whose packages are installed. The others need packages that Fastify's developers have. */
export function servingFiles(): readonly string[] {
  return readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.test\.m?js$/.test(name))
    .filter((name) => /\blisten\s*\(/.test(readFileSync(join(FOLDER, name), 'utf8')))
    .filter((name) => isLoadable(join(FOLDER, name), new Set()))
    .sort();
}

function isLoadable(file: string, seen: Set<string>): boolean {
  if (seen.has(file)) return true;
  seen.add(file);
  const { resolve } = createRequire(file);
  return [...readFileSync(file, 'utf8').matchAll(IMPORTS)].every(([, name = '']) => {
    try {
      const found = resolve(name);
      return !found.startsWith(FOLDER + sep) || isLoadable(found, seen);
    } catch {
      return false;
    }
  });
}

/** Runs a test file to its end, or for a limited time. */
export async function outcomesOf(file: string, server: Server, ms: number): Promise<Outcomes> {
  const onFacade = server === 'node:http' ? [] : ['--import', ON_FACADE];
  await using child = new Child(pathToFileURL(join(FOLDER, file)), [], {
    nodeFlags: [...onFacade, '--test-reporter', REPORTER],
    env: { FACADE_REACTOR: server },
  });
  const end = await within(child.exited, file, ms).then(
    ({ code }) => (code === 0 ? 'passed' : 'failed'),
    () => 'did not end',
  );
  const tests: Record<string, string> = {};
  const errors = [child.stderr];
  for (const line of child.stdout.split('\n')) {
    if (!line.startsWith(MARK)) continue;
    const { name, error } = JSON.parse(line.slice(MARK.length)) as Result;
    tests[distinct(name, tests)] = error === undefined ? 'passed' : 'failed';
    if (error !== undefined) errors.push(`${name}: ${error}`);
  }
  tests[FILE] = end;
  return { tests, errors: `${file} on ${server}: ${errors.join('\n')}` };
}

/** Files have several tests of the same name. */
function distinct(name: string, tests: Readonly<Record<string, string>>): string {
  let count = 1;
  let result = name;
  while (Object.hasOwn(tests, result)) {
    count += 1;
    result = `${name} (${count})`;
  }
  return result;
}
