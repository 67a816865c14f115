/** A file whose tests are clean, and that leaves something behind itself. */
import { beforeAll, it } from 'vitest';
import { createReactor, Protocol } from '../../../src/index.js';

beforeAll(() => {
  createReactor({ kind: 'node' }).listenTCP(0, Protocol, { interface: '127.0.0.1' });
});

it('is clean', () => {});
