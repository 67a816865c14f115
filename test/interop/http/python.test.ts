/** Twisted's Agent and Python's http.client as clients of the HTTP server. */
import { describe, expect, it } from 'vitest';
import { flushLoggedErrors } from '../../../src/testing/index.js';
import { contract } from '../../support/contract.js';
import { PeerProgram, TWISTED_PYTHON } from '../../support/peers.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { havePrograms } from '../peer-files.js';
import { ALL_PIECES, digest, GREETING, serve, TEXT } from './rig.js';

const LARGE = 'hemp, flax and jute\n'.repeat(100_000);

function content(text: string): object {
  return { status: 200, length: text.length, digest: digest(text) };
}

/** The results that a program printed. */
async function results(name: string, ...args: string[]): Promise<Map<string, unknown>> {
  await using peer = await PeerProgram.python(name, ...args);
  await peer.end();
  expect(peer.stderr).toBe('');
  const lines = peer.stdout.split('\n').filter((line) => line.startsWith('['));
  return new Map(lines.map((line) => JSON.parse(line) as [string, unknown]));
}

/** The results that both clients report. */
function expectAnswers(seen: Map<string, unknown>): void {
  expect(seen.get('get')).toMatchObject(content(GREETING));
  const head = { ...content(''), 'content-length': String(GREETING.length) };
  expect(seen.get('head')).toMatchObject(head);
  expect(seen.get('chunked')).toMatchObject(content(ALL_PIECES));
  expect(seen.get('none')).toMatchObject({ ...content(''), status: 204 });
  const sent = { length: LARGE.length, digest: digest(LARGE) };
  expect(seen.get('content')).toMatchObject({ facts: { method: 'POST', ...sent } });
  expect(seen.get('chunked content')).toMatchObject({ facts: { method: 'PUT', ...sent } });
}

describe.skipIf(TWISTED_PYTHON === undefined)('with Twisted’s Agent', () => {
  contract(
    'an HTTP server',
    (rig) => {
      it('answers over one connection', async () => {
        const { origin, factory } = serve(rig, { compression: true });
        const seen = await results('twisted_web', 'ask', origin);
        expectAnswers(seen);
        expect(seen.get('fields')).toMatchObject({
          facts: {
            fields: expect.arrayContaining([
              ['X-Fibre', 'hemp'],
              ['X-Fibre', 'flax'],
            ]),
          },
        });
        expect(seen.get('redirect')).toMatchObject(content(GREETING));
        expect(seen.get('coded')).toMatchObject(content(TEXT));
        expect(seen.get('cut')).toEqual([expect.stringMatching(/^Connection(Lost|Done)$/)]);
        expect(flushLoggedErrors(Error)).toHaveLength(1);
        expect(factory.made).toBe(1);
      });
    },
    ONE_POLLER,
  );
});

describe.skipIf(!havePrograms('python3'))('with http.client of Python', () => {
  contract(
    'an HTTP server',
    (rig) => {
      it('answers over one connection, and HTTP/1.0 over another', async () => {
        const { port, factory } = serve(rig);
        const seen = await results('python_http', String(port));
        expectAnswers(seen);
        expect(seen.get('trailers')).toMatchObject(content('content'));
        expect(seen.get('old')).toMatchObject(content(ALL_PIECES));
        expect(seen.get('cut')).toMatch(/^(IncompleteRead|ConnectionResetError)$/);
        expect(flushLoggedErrors(Error)).toHaveLength(1);
        expect(factory.made).toBe(3);
      });
    },
    ONE_POLLER,
  );
});
