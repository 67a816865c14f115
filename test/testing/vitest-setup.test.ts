/** The set-up file for vitest, in vitest: runs over files of tests that are clean and that are not. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { within } from '../support/deadline.js';

const VITEST = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url));
const CONFIG = fileURLToPath(new URL('./programs/vitest.config.ts', import.meta.url));

interface TestResult {
  readonly title: string;
  readonly status: 'passed' | 'failed';
  readonly failureMessages: readonly string[];
}

interface Run {
  readonly code: number | null;
  readonly tests: ReadonlyMap<string, TestResult>;
  readonly output: string;
}

/** Runs the fixtures of these names in a vitest of their own. */
async function run(...fixtures: string[]): Promise<Run> {
  const args = ['run', '--config', CONFIG, '--reporter=json', '--reporter=default', ...fixtures];
  const child = spawn(process.execPath, [VITEST, ...args], {
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', VITEST: '', VITEST_WORKER_ID: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const exited = new Promise<number | null>((resolve) => void child.on('close', resolve));
  try {
    const code = await within(exited, () => `vitest to end; it printed ${output}`, 60_000);
    const json = /^\{"numTotalTestSuites".*$/m.exec(output)?.[0] ?? '{"testResults":[]}';
    const { testResults } = JSON.parse(json) as {
      testResults: { assertionResults: TestResult[] }[];
    };
    const results = testResults.flatMap(({ assertionResults }) => assertionResults);
    return { code, tests: new Map(results.map((result) => [result.title, result])), output };
  } finally {
    child.kill('SIGKILL');
  }
}

/** What the message of each unclean test has to say. */
const LEFT: readonly [title: string, ...patterns: RegExp[]][] = [
  [
    'a failure',
    /A Deferred failed, and its failure was not handled: RangeError: nobody waits/,
    /errback/,
  ],
  [
    'a logged error',
    /An error was reported \(dataReceived\): TypeError: nobody flushed/,
    /flushLoggedErrors/,
  ],
  ['a listening port', /A reactor \(node, libuv\)/, /- a port listens on 127\.0\.0\.1:\d+/],
  ['a delayed call', /- a delayed call is due in \d+\.\d ms/, /dispose of the reactor/],
  ['a connecting connector', /- a connector is connecting to 127\.0\.0\.1:\d+/],
  ['a connection', /- a connection with 127\.0\.0\.1:\d+ is open/],
  ['a running reactor', /- it is running/],
];

describe('the set-up file for vitest', { timeout: 70_000 }, () => {
  it('fails the tests and files that leave something behind, and only those', async () => {
    const { code, tests, output } = await run('leaving', 'file');
    expect(code, output).toBe(1);
    for (const [title, ...patterns] of LEFT) {
      const messages = tests.get(title)?.failureMessages.join('\n') ?? '';
      expect(tests.get(title)?.status, title).toBe('failed');
      for (const pattern of patterns) expect(messages).toMatch(pattern);
      expect(messages.match(/left something behind/g), title).toHaveLength(1);
    }
    expect(tests.get('nothing')?.status).toBe('passed');
    expect(tests.size).toBe(LEFT.length + 2);
    // A file as a whole.
    expect(tests.get('is clean')?.status).toBe('passed');
    expect(output).toMatch(/this file of tests left something behind/);
    expect(output).toMatch(/a port listens on 127\.0\.0\.1:\d+/);
  });

  it('passes tests that are clean, and prints nothing of what they expect', async () => {
    const { code, tests, output } = await run('clean');
    expect(code, output).toBe(0);
    expect(tests.size).toBe(8);
    expect(output).not.toContain('ropewalk:');
  });
});
