// Runs a whole session with the greeter, over sockets and over memory: `node --import tsx --test examples/testing-loopback.ts`.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createReactor, LineOnlyReceiver } from 'ropewalk';
import {
  collapsingPumpPolicy,
  identityPumpPolicy,
  loopbackAsync,
  loopbackTCP,
  loopbackUNIX,
} from 'ropewalk/testing';
import { Greeter } from './testing-greeter.js';

/** Introduces itself, and leaves. */
class Visitor extends LineOnlyReceiver {
  readonly lines: string[] = [];

  override connectionMade(): void {
    this.sendLine('Ada');
    this.sendLine('QUIT');
  }

  override lineReceived(line: Buffer): void {
    this.lines.push(line.toString());
  }
}

const DIALOGUE = ['Who are you?', 'Hello, Ada!', 'Good-bye.'];

describe('a session with the greeter', () => {
  for (const loopback of [loopbackTCP, loopbackUNIX]) {
    it(`runs over real sockets: ${loopback.name}`, async () => {
      await using reactor = createReactor({ kind: 'node' });
      const visitor = new Visitor();
      const { client } = await loopback(reactor, new Greeter(reactor), visitor);
      assert.deepEqual(visitor.lines, DIALOGUE);
      assert.equal(client.name, 'ConnectionDone');
    });
  }

  for (const pumpPolicy of [identityPumpPolicy, collapsingPumpPolicy]) {
    it(`runs over memory: ${pumpPolicy.name}`, async () => {
      await using reactor = createReactor({ kind: 'node' });
      const visitor = new Visitor();
      await loopbackAsync(reactor, new Greeter(reactor), visitor, { pumpPolicy });
      assert.deepEqual(visitor.lines, DIALOGUE);
    });
  }
});
