/** Out of descriptors on accept: the listener survives, says so, serves those it has, and recovers. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { RawPeer } from '../support/raw-peer.js';
import { REACTORS } from '../support/reactors.js';

const PROGRAM = new URL('./programs/few-descriptors.ts', import.meta.url);
/** Loading opens all the modules at once. */
const LIMIT = 256;

async function echoes(peer: RawPeer, text: string): Promise<void> {
  const before = peer.receivedBytes;
  peer.write(text);
  await peer.receive(before + text.length);
}

describe.each(REACTORS.map(({ name, native }) => [name, native] as const))(
  'a listener without descriptors (%s)',
  (name, native) => {
    it.each(['TCP', 'UNIX'])('survives, and serves again when there are some: %s', async (kind) => {
      const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
      const path = join(folder, 'few.sock');
      const args = kind === 'TCP' ? [name] : [name, path];
      const child = new Child(PROGRAM, args, { before: `ulimit -n ${LIMIT}` });
      const peers: RawPeer[] = [];
      try {
        const [, port] = await child.printed(/listening on \S*?:?(\d*)\n/);
        const dial = (): Promise<RawPeer> =>
          kind === 'TCP' ? RawPeer.connect(Number(port)) : RawPeer.connectUNIX(path);
        const quiet = await dial();
        peers.push(quiet);
        await echoes(quiet, 'before');

        // The system completes these connections whether they are accepted or not.
        for (let i = 0; i < 2 * LIMIT; i++) peers.push(await dial());
        await Promise.race(peers.map((peer) => peer.untilGone()));
        await echoes(quiet, 'while there are none');
        await echoes(peers[1] as RawPeer, 'an early one too');
        const reports = child.stdout.match(/^report .*$/gm) ?? [];
        expect(reports).toEqual(native ? ['report 1: ERR_ACCEPT EMFILE'] : []);

        for (const peer of peers.slice(1)) await peer[Symbol.asyncDispose]();
        await child.printed(/one left\n/);
        // Those that waited in the listener's queue have to be got rid of first, perhaps by another shortage.
        for (let served = false; !served; ) {
          const late = await dial();
          peers.push(late);
          late.write('again');
          await late.until(() => late.receivedBytes === 5 || late.ended || late.closed, 'answer');
          served = late.receivedBytes === 5;
        }
        await echoes(quiet, 'after');
        expect(child.process.exitCode).toBeNull();
      } finally {
        for (const peer of peers) await peer[Symbol.asyncDispose]();
        await child[Symbol.asyncDispose]();
        rmSync(folder, { recursive: true });
      }
    });
  },
);
