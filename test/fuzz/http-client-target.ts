/** The fuzz target of the client of HTTP/1.1: responses through a pool, to a caller. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import { RopewalkError } from '../../src/index.js';
import { Pooled } from '../http/client/memory-servers.js';

const METHODS = ['GET', 'HEAD', 'POST', 'CONNECT'];
const TIME_MS = 200_000;

/** How the first of two requests ends, of which the second waits for the connection: it depends on the cuts. */
function outcome(chunks: readonly Buffer[], method: string): string {
  const limits = { maxHeadBytes: 512, maxContentBytes: 256, maxConnectionsPerOrigin: 1 };
  const { pool, origin, clock } = new Pooled(limits);
  let ends = 0;
  let text = '';
  const ended = (what: string): void => {
    ends += 1;
    text += what;
  };
  pool.request(origin, { method, target: method === 'CONNECT' ? 'a:80' : '/' }).addCallbacks(
    (response) => {
      text += `${response.status} `;
      if (method === 'CONNECT' && response.status < 300) {
        ended('tunnel');
        response.discard();
        return;
      }
      response.receive({
        received: (data) => {
          text += data.toString('latin1');
        },
        ended: () => ended('end'),
        failed: (error) => ended(codeOf(error)),
      });
    },
    ({ value }) => ended(codeOf(value)),
  );
  let others = 0;
  pool.request(origin).addBoth((result) => {
    others += 1;
    (result as { discard?: () => void } | undefined)?.discard?.();
  });
  const server = origin.last;
  for (const chunk of chunks) if (server.transport.peerSees === 'open') server.answer(chunk);
  server.close();
  for (const connection of origin.connections) connection.close();
  clock.advance(TIME_MS);
  deepStrictEqual([ends, others], [1, 1], 'each request ends once');
  const { connections, queued, connecting } = pool.counts;
  ok(connections + queued + connecting === 0, 'something is left');
  return text;
}

function codeOf(error: unknown): string {
  if (error instanceof RopewalkError) return error.code;
  throw error;
}

/** @param random Chooses the method. */
export function checkHTTPClient(
  chunks: readonly Buffer[],
  whole: Buffer,
  random: (below: number) => number,
): void {
  const method = METHODS[random(METHODS.length)] ?? 'GET';
  deepStrictEqual(outcome(chunks, method), outcome([whole], method));
}
