/** The two programs of docs/howto/handover.md between which a connection changes hands. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { RawPeer } from '../support/raw-peer.js';
import { ExampleServer, exampleUrl } from './programs.js';

let path = '';

beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'ropewalk-')), 'back.sock');
});

afterEach(() => rmSync(join(path, '..'), { recursive: true }));

async function startBack(): Promise<Child> {
  const back = new Child(exampleUrl('handover-back'), ['--back', path]);
  try {
    await back.printed(/^back \d+ listens on .*\n/);
    return back;
  } catch (error) {
    await back[Symbol.asyncDispose]();
    throw error;
  }
}

async function answer(peer: RawPeer, text: string): Promise<void> {
  await peer.until(() => peer.text.length >= text.length, `answer ${text}`);
  expect(peer.text).toBe(text);
}

describe('handover-front and handover-back', () => {
  it('answer on one connection, one after the other, and lose nothing', async () => {
    await using back = await startBack();
    await using front = await ExampleServer.start('handover-front', ['--back', path]);
    await using peer = await RawPeer.connect(front.port);
    peer.write('one\n');
    let expected = `front ${front.process.pid}: one\n`;
    await answer(peer, expected);
    // A line before the one that moves the connection, and half of one behind it.
    peer.write('two\nback three\nfo');
    expected += `front ${front.process.pid}: two\nback ${back.process.pid}: back three\r\n`;
    await answer(peer, expected);
    // It is the other process's now.
    front.process.kill('SIGINT');
    expect(await front.result()).toMatchObject({ code: 0, stderr: '' });
    peer.write('ur\n');
    expected += `back ${back.process.pid}: four\r\n`;
    await answer(peer, expected);
    back.process.kill('SIGINT');
    await peer.untilEnded();
    expect(await back.result()).toMatchObject({ code: 0, stderr: '' });
  });

  it('lets the front answer where there is no back', async () => {
    await using front = await ExampleServer.start('handover-front', ['--back', path]);
    await using peer = await RawPeer.connect(front.port);
    peer.write('back one\n');
    await answer(peer, `front ${front.process.pid}: back one\n`);
  });

  it('waits for no line without end', async () => {
    await using front = await ExampleServer.start('handover-front', ['--back', path]);
    await using peer = await RawPeer.connect(front.port);
    peer.write('x'.repeat(1025));
    await peer.until(() => peer.error !== undefined, 'reset');
  });
});
