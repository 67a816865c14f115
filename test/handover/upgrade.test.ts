/**
 * A service is replaced by its next version, again and again, while connections keep coming: nobody may notice.
 *
 * ROPEWALK_UPGRADE_SECONDS says how long (default 3), ROPEWALK_UPGRADE_RATE how many connections a second (default 1,200).
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createReactor } from '../../src/index.js';
import { exampleUrl } from '../examples/programs.js';
import { Child } from '../support/child.js';
import { Pulse } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { ConnectionLoad } from './connection-load.js';

const SECONDS = Number(process.env.ROPEWALK_UPGRADE_SECONDS ?? 3);
const RATE = Number(process.env.ROPEWALK_UPGRADE_RATE ?? 1200);
const STAYING = 10;

describe('an upgrade under load', () => {
  it('refuses, resets and loses nothing', { timeout: (SECONDS + 60) * 1000 }, async () => {
    needs('descriptors');
    const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
    const meet = join(folder, 'meet.sock');
    const generations: Child[] = [];
    const next = async (port: number): Promise<RegExpExecArray> => {
      const args = ['--port', String(port), '--meet', meet];
      const child = new Child(exampleUrl('upgradable-server'), args);
      generations.push(child);
      return child.printed(/(took over|listens on) 127\.0\.0\.1:(\d+)/);
    };
    await using reactor = createReactor({ kind: 'native' });
    try {
      const port = Number((await next(0))[2]);
      const load = new ConnectionLoad(reactor, { port, perSecond: RATE, staying: STAYING });
      const end = performance.now() + SECONDS * 1000;
      load.start();
      do {
        expect((await next(port))[1]).toBe('took over');
        await generations.at(-2)?.printed(/superseded/);
      } while (performance.now() < end);
      load.stop();
      const pulse = new Pulse();
      const poll = setInterval(() => pulse.notify(), 20);
      await pulse.until(() => load.open === 0, 'all connections to end', 20_000);
      clearInterval(poll);
      const { counts } = load;
      console.log(`${generations.length - 1} upgrades in ${SECONDS} s: ${JSON.stringify(counts)}`);
      expect(counts).toMatchObject({ refused: 0, broken: 0, wrong: 0 });
      expect(counts.completed).toBe(counts.started);
      expect(counts.bytesBack).toBe(counts.bytesSent);
      expect(counts.started).toBeGreaterThan(RATE * SECONDS * 0.9);
      // Those before the last have ended by themselves, with nobody left.
      for (const child of generations.slice(0, -1)) {
        const { code, stdout } = await child.result();
        expect([code, stdout]).toEqual([0, expect.stringContaining('0 connections left')]);
      }
    } finally {
      for (const child of generations) await child[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true });
    }
  });
});
