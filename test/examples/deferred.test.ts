/** The programs of docs/howto/deferreds.md, each run to its end. */
import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child.js';
import { exampleUrl } from './programs.js';

const OUTPUTS: Readonly<Record<string, readonly string[]>> = {
  'deferred-chain': [
    'wire is not sold here',
    'rope: too much for one order',
    '3 x rope, with tar: 840 cents',
  ],
  'deferred-await': [
    'callback: the tide',
    'callback() has returned',
    'first: the tide',
    'second: the tide',
    'not yet',
    'third: the tide',
    'caught: out of rope',
    '2 imports',
    '3',
  ],
  'deferred-cancel': [
    'tea: stopped',
    'tea: cancelled',
    'coffee: stopped',
    'coffee: cancelled, since the kitchen is closed',
    'soup: stopped',
    'soup: no result in 1000 ms',
    'curry: stopped',
    'served: bread',
    'sleep: ERR_CANCELLED',
  ],
  'deferred-inline-callbacks': [
    'welcome',
    'Ada, ropemaker',
    'that was the first',
    'good evening',
    'Bob, in a hurry',
    'hello',
    'the third: no answer',
    'name? trade? name? trade? name?',
  ],
  'deferred-together': [
    'gathering ended at 1: number 1 failed: wet',
    'listed: dry',
    'listed: wet',
    'race: the loser is cancelled',
    'race: 1, fast',
    'rope a begins',
    'rope b begins',
    'waiting for a bench: 1',
    'rope c begins',
    'taken: ten fathoms',
    'gathered: hemp, 12 strands',
    'iterated: two fathoms',
  ],
  'deferred-unhandled': [
    'handled: met',
    'made at: fired at:',
    'handled: awaited',
    'reported: Unhandled error in Deferred: lost',
  ],
};

describe('the examples of Deferreds', () => {
  it.each(Object.entries(OUTPUTS))('%s prints what the page says', async (name, lines) => {
    const { code, stdout, stderr } = await runProgram(exampleUrl(name));
    expect({ code, stderr, lines: stdout.trimEnd().split('\n') }).toEqual({
      code: 0,
      stderr: '',
      lines,
    });
  });
});
