/**
 * A set-up file of vitest, used if ROPEWALK_TEST_OWNER is set: a loop owns the thread while the tests of a file run. `glib`, `poll` or
 * `interleaved`.
 */
import { afterAll, beforeAll } from 'vitest';
import { createReactor } from '../../src/index.js';
import { beginOwning, OWNERS, type OwnedThread } from '../foreign/thread-owners.js';

const owner = OWNERS.find(({ name }) => name === process.env.ROPEWALK_TEST_OWNER);
if (owner === undefined) throw new Error('ROPEWALK_TEST_OWNER names no loop');

let owned: OwnedThread | undefined;

beforeAll(async () => {
  owned = await beginOwning(owner, createReactor({ kind: 'node' }));
});

afterAll(() => owned?.end());
