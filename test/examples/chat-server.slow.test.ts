import { describe, expect, it } from 'vitest';
import { Pulse } from '../support/deadline.js';
import { RawPeer } from '../support/raw-peer.js';
import { ExampleServer, KINDS, on } from './programs.js';

describe.each(KINDS)('chat-server on the %s reactor', (kind) => {
  /** A visitor who has been asked for a nickname, and has said one where it is given. */
  async function visit(server: ExampleServer, nickname?: string): Promise<RawPeer> {
    const peer = await RawPeer.connect(server.port);
    await hears(peer, 'Your nickname?\n');
    if (nickname !== undefined) {
      peer.write(`${nickname}\n`);
      await hears(peer, `* ${nickname} joined\n`);
    }
    return peer;
  }

  function hears(peer: RawPeer, text: string): Promise<void> {
    return peer.until(() => peer.text.includes(text), `hearing of ${JSON.stringify(text)}`);
  }

  it('passes lines on to everybody else, and tells who comes and goes', async () => {
    await using server = await ExampleServer.start('chat-server', [], on(kind));
    await using ann = await visit(server, 'ann');
    await using bob = await visit(server, 'bob');
    await hears(ann, '* bob joined\n');
    ann.write('hello bob\r\nhow are you?\n');
    await hears(bob, '<ann> hello bob\n<ann> how are you?\n');
    bob.write('fine\n');
    await hears(ann, '<bob> fine\n');
    expect(ann.text).not.toContain('<ann>');
    bob.end();
    await hears(ann, '* bob left\n');
  });

  it('joins lines and characters that come in pieces', async () => {
    await using server = await ExampleServer.start('chat-server', [], on(kind));
    await using ann = await visit(server, 'ann');
    await using bob = await visit(server, 'bob');
    const line = Buffer.from('schöne Grüße\n');
    for (const byte of line) {
      const written = new Promise((resolve) => ann.socket.write(Buffer.of(byte), resolve));
      await written;
    }
    await hears(bob, '<ann> schöne Grüße\n');
  });

  it('refuses a nickname that is taken or odd', async () => {
    await using server = await ExampleServer.start('chat-server', [], on(kind));
    await using ann = await visit(server, 'ann');
    await using bob = await visit(server);
    bob.write('ann\n');
    await hears(bob, 'another nickname');
    bob.write('b o b\n\x1b[2J\n');
    await bob.until(() => bob.text.split('another nickname').length === 4, 'three refusals');
    bob.write('bob\n');
    await hears(ann, '* bob joined\n');
  });

  it.each([
    ['that ends', 'x'.repeat(1001).concat('\n')],
    ['that never ends', 'x'.repeat(100_000)],
  ])(
    'closes the connection of a visitor with a long line %s, and nobody hears it',
    async (_, line) => {
      await using server = await ExampleServer.start('chat-server', [], on(kind));
      await using ann = await visit(server, 'ann');
      await using bob = await visit(server, 'bob');
      ann.write(`short\n${'y'.repeat(1000)}\n`);
      await hears(bob, 'y'.repeat(1000).concat('\n'));
      ann.write(line);
      await ann.untilGone();
      await hears(bob, '* ann left\n');
      expect(bob.text).not.toContain('x');
    },
  );

  it.each([
    ['long', 'x'.repeat(999)],
    ['short', 'x'],
  ])(
    'ends a visitor who does not read, and nobody else, where %s lines come fast',
    async (_, text) => {
      await using server = await ExampleServer.start('chat-server', [], on(kind));
      await using deaf = await visit(server, 'deaf');
      deaf.socket.pause();
      await using reader = await visit(server, 'reader');
      await using talker = await visit(server, 'talker');
      let tail = '';
      let deafLeft = false;
      const heard = new Pulse();
      reader.socket.on('data', (data: Buffer) => {
        tail = (tail + data.toString('latin1')).slice(-data.length - 20);
        deafLeft ||= tail.includes('* deaf left\n');
        heard.notify();
      });
      const block = `${text}\n`.repeat(Math.ceil(65_536 / (text.length + 1)));
      const talk = (): void => {
        while (!deafLeft && talker.socket.write(block));
      };
      talker.socket.on('drain', talk);
      talk();
      await heard.until(() => deafLeft, 'the end of the one who does not read', 50_000);
      talker.write('goodbye\n');
      await heard.until(() => tail.endsWith('<talker> goodbye\n'), 'what is said next', 50_000);
      expect([reader.error, talker.error]).toEqual([undefined, undefined]);
    },
    120_000,
  );
});
