// Tests the store's protocol without a socket: `node --import tsx --test examples/framed-test.ts`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { everySplit, MemoryTransport } from 'ropewalk/testing';
import { encodeMessage, Store } from './framed-store.js';

const SET = encodeMessage('S', 'colour=blue');
const GET = encodeMessage('G', 'colour');
const BLUE = encodeMessage('V', 'blue');

function connect(): MemoryTransport {
  const transport = new MemoryTransport();
  transport.connect(new Store(new Map()));
  return transport;
}

test('a text that was set is given, however the bytes are cut', () => {
  for (const chunks of everySplit(Buffer.concat([SET, GET]))) {
    const transport = connect();
    for (const chunk of chunks) transport.receive(chunk);
    assert.deepEqual(transport.written, Buffer.concat([encodeMessage('O', ''), BLUE]));
  }
});

test('there is no text before it was set', () => {
  const transport = connect();
  transport.receive(GET);
  assert.deepEqual(transport.written, encodeMessage('N', ''));
});

test('what follows an unknown kind is not answered', () => {
  const transport = connect();
  transport.receive(Buffer.concat([encodeMessage('?', ''), GET]));
  transport.settle();
  assert.deepEqual(transport.written, encodeMessage('E', 'what is ??'));
  assert.equal(transport.peerSees, 'end');
});

test('a message of more than 1,000 bytes ends the connection', () => {
  const transport = connect();
  transport.receive(encodeMessage('S', `colour=${'x'.repeat(1000)}`));
  transport.settle();
  assert.equal(transport.text, '');
  assert.equal(transport.connected, false);
});
