/** The examples of testing, and the page that shows them. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Greeter } from '../../examples/testing-greeter.js';
import { ManualClock, readTranscripts, runTranscript } from '../../src/testing/index.js';
import { runProgram } from '../support/child.js';
import { exampleUrl } from './programs.js';

const ROOT = new URL('../../', import.meta.url);

describe.each([
  ['testing-a-protocol', 5],
  ['testing-contracts', 9],
  ['testing-loopback', 4],
  ['testing-mock-agent', 3],
])('%s', (name, tests) => {
  it('passes', async () => {
    const { code, stdout, stderr } = await runProgram(exampleUrl(name), [], {
      nodeFlags: ['--test-reporter=tap'],
    });
    expect(stdout + stderr).toContain(`# pass ${tests}\n`);
    expect(stdout).toContain('# fail 0\n');
    expect(code).toBe(0);
  });
});

describe('docs/howto/testing.md', () => {
  const page = readFileSync(new URL('docs/howto/testing.md', ROOT), 'utf8');
  const shown = [
    ...page.matchAll(
      /\]\(\.\.\/\.\.\/(examples\/testing-[\w-]+\.\w+)\)[^`]*\n(`{3,})\w+\n([\s\S]*?)\n\2\n/g,
    ),
  ].map(([, name = '', , text = '']) => ({ name, text: `${text}\n` }));

  it('shows the six examples', () => {
    expect(shown.map(({ name }) => name).sort()).toEqual([
      'examples/testing-a-protocol.ts',
      'examples/testing-contracts.ts',
      'examples/testing-greeter.md',
      'examples/testing-greeter.ts',
      'examples/testing-loopback.ts',
      'examples/testing-mock-agent.ts',
    ]);
  });

  it.each(shown)('shows $name as it is', ({ name, text }) => {
    expect(text).toBe(readFileSync(new URL(name, ROOT), 'utf8'));
  });

  it('shows the message of a transcript that fails', async () => {
    class Shouting extends Greeter {
      override lineReceived(line: Buffer): void {
        super.lineReceived(Buffer.from(line.toString().toUpperCase()));
      }
    }
    const [transcript] = readTranscripts(new URL('examples/testing-greeter.md', ROOT));
    if (transcript === undefined) throw new Error('the file has no transcript');
    const protocol = (): Greeter => new Shouting(new ManualClock());
    const message = await runTranscript(transcript, { side: 'server', protocol }).then(
      () => 'it passes',
      (error: Error) => error.message.replace(fileURLToPath(ROOT), ''),
    );
    const shown = /```text\n([\s\S]*?)\n```/.exec(page)?.[1];
    expect(message).toBe(shown);
  });
});
