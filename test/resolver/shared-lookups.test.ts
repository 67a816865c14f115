import { describe, expect, it } from 'vitest';
import {
  NameLookupFailedError,
  NameNotFoundError,
  TooManyLookupsError,
} from '../../src/core/errors/names.js';
import { CancelledError } from '../../src/index.js';
import { assertNoResult, failureResultOf, successResultOf } from '../../src/testing/index.js';
import { hostAddresses } from '../support/name-resolvers.js';
import { LookupDesk } from './lookup-desk.js';

describe('look-ups', () => {
  it('are started immediately, and answer with the addresses found, in order and each once', () => {
    const desk = new LookupDesk();
    const answer = desk.lookups.ask('h', 0);
    assertNoResult(answer);
    desk.answer(0, '2001:db8::1', '192.0.2.1', '2001:db8::1', '192.0.2.2');
    expect(successResultOf(answer)).toEqual(hostAddresses('2001:db8::1', '192.0.2.1', '192.0.2.2'));
  });

  it('are few at a time; the others wait in order of arrival', () => {
    const desk = new LookupDesk({ maxAtOnce: 2 });
    const answers = ['a', 'b', 'c', 'd'].map((name) => desk.lookups.ask(name, 0));
    expect(desk.names).toEqual(['a', 'b']);
    desk.answer(1, '192.0.2.1');
    expect(desk.names).toEqual(['a', 'b', 'c']);
    desk.refuse(0, 'ENOTFOUND');
    expect(desk.names).toEqual(['a', 'b', 'c', 'd']);
    desk.answer(2, '192.0.2.1');
    desk.answer(3, '192.0.2.1');
    failureResultOf(answers[0] as (typeof answers)[0], NameNotFoundError);
    for (const answer of answers.slice(1)) expect(successResultOf(answer)).toHaveLength(1);
  });

  it('are shared by callers with the same question, queued or started', () => {
    const desk = new LookupDesk({ maxAtOnce: 1 });
    const answers = ['a', 'a', 'b', 'b', 'a'].map((name) => desk.lookups.ask(name, 0));
    desk.answer(0, '192.0.2.1');
    desk.answer(1, '192.0.2.2');
    expect(desk.names).toEqual(['a', 'b']);
    expect(answers.map((answer) => successResultOf(answer)[0]?.address)).toEqual(
      ['1', '1', '2', '2', '1'].map((last) => `192.0.2.${last}`),
    );
  });

  it('are separate for another family', () => {
    const desk = new LookupDesk({ maxAtOnce: 3 });
    for (const family of [0, 4, 6] as const) desk.lookups.ask('a', family);
    expect(desk.begun.map(({ family }) => family)).toEqual([0, 4, 6]);
  });

  it('are not remembered', () => {
    const desk = new LookupDesk();
    desk.lookups.ask('a', 0);
    desk.answer(0, '192.0.2.1');
    assertNoResult(desk.lookups.ask('a', 0));
    expect(desk.names).toEqual(['a', 'a']);
  });

  it('share a frozen answer', () => {
    const desk = new LookupDesk();
    const answer = desk.lookups.ask('a', 0);
    desk.answer(0, '192.0.2.1');
    expect(Object.isFrozen(successResultOf(answer))).toBe(true);
  });
});

describe('a caller that cancels', () => {
  it('is released immediately; the others get their answer', () => {
    const desk = new LookupDesk();
    const gone = desk.lookups.ask('a', 0);
    const stays = desk.lookups.ask('a', 0);
    gone.cancel();
    failureResultOf(gone, CancelledError);
    desk.answer(0, '192.0.2.1');
    expect(successResultOf(stays)).toHaveLength(1);
  });

  it('drops a queued look-up if it is the last one', () => {
    const desk = new LookupDesk({ maxAtOnce: 1 });
    desk.lookups.ask('a', 0);
    const twice = [desk.lookups.ask('b', 0), desk.lookups.ask('b', 0)];
    desk.lookups.ask('c', 0);
    for (const answer of twice) {
      answer.cancel();
      failureResultOf(answer, CancelledError);
    }
    desk.answer(0, '192.0.2.1');
    expect(desk.names).toEqual(['a', 'c']);
  });

  it('leaves a started look-up running, for later callers, if it is the last one', () => {
    const desk = new LookupDesk({ maxAtOnce: 1 });
    const gone = desk.lookups.ask('a', 0);
    gone.cancel();
    failureResultOf(gone, CancelledError);
    const other = desk.lookups.ask('b', 0);
    expect(desk.names, 'its thread is not free').toEqual(['a']);
    const again = desk.lookups.ask('a', 0);
    desk.answer(0, '192.0.2.1');
    expect(successResultOf(again)).toHaveLength(1);
    assertNoResult(other);
    expect(desk.names).toEqual(['a', 'b']);
  });

  it('may do so while answers are given', () => {
    const desk = new LookupDesk();
    const first = desk.lookups.ask('a', 0);
    const second = desk.lookups.ask('a', 0);
    first.addCallback(() => second.cancel());
    desk.answer(0, '192.0.2.1');
    failureResultOf(second, CancelledError);
    expect(desk.held).toBe(0);
  });

  it('is each caller, when all are cancelled', () => {
    const desk = new LookupDesk({ maxAtOnce: 1 });
    const answers = ['a', 'a', 'b'].map((name) => desk.lookups.ask(name, 0));
    desk.lookups.cancelAll();
    for (const answer of answers) failureResultOf(answer, CancelledError);
    desk.answer(0, '192.0.2.1');
    expect(desk.names).toEqual(['a']);
    expect(desk.held).toBe(0);
  });
});

describe('a look-up that fails', () => {
  it('says that there is no such name', () => {
    const desk = new LookupDesk();
    const answer = desk.lookups.ask('a', 0);
    desk.refuse(0, 'ENOTFOUND');
    const value = failureResultOf(answer, NameNotFoundError);
    expect(value).toMatchObject({ hostName: 'a', cause: { code: 'ENOTFOUND' } });
  });

  it('says the same of a name without addresses', () => {
    const desk = new LookupDesk();
    const answer = desk.lookups.ask('a', 0);
    desk.answer(0);
    failureResultOf(answer, NameNotFoundError);
  });

  it.each(['EAI_AGAIN', 'EAI_FAIL', 'EAI_MEMORY'])(
    'says that the result is unknown: %s',
    (code) => {
      const desk = new LookupDesk();
      const answers = [desk.lookups.ask('a', 0), desk.lookups.ask('a', 0)];
      desk.refuse(0, code);
      for (const answer of answers) {
        expect(failureResultOf(answer, NameLookupFailedError)).toMatchObject({
          cause: { code },
        });
      }
    },
  );

  it('may fail synchronously, thousands of times, and does not keep the others waiting', () => {
    const desk = new LookupDesk({
      lookUp: () => {
        throw new Error('no thread');
      },
      maxAtOnce: 1,
    });
    for (let i = 0; i < 20_000; i++) {
      failureResultOf(desk.lookups.ask(`h${i}`, 0), NameLookupFailedError);
    }
    expect(desk.held).toBe(0);
  });

  it('synchronously, with thousands of callers, does not recurse', () => {
    let fails = false;
    let release = (): void => {};
    const desk = new LookupDesk({
      lookUp: (_name, _family, done) => {
        if (fails) throw new Error('no thread');
        release = () => done(null, []);
      },
      maxAtOnce: 1,
    });
    const answers = Array.from({ length: 9_000 }, (_, i) => desk.lookups.ask(`h${i}`, 0));
    fails = true;
    release();
    failureResultOf(answers[0] as (typeof answers)[0], NameNotFoundError);
    for (const answer of answers.slice(1)) failureResultOf(answer, NameLookupFailedError);
  });
});

describe('a waiting caller', () => {
  it('is one of at most maxWaiting', () => {
    const desk = new LookupDesk({ maxWaiting: 3 });
    const answers = ['a', 'a', 'b'].map((name) => desk.lookups.ask(name, 0));
    failureResultOf(desk.lookups.ask('a', 0), TooManyLookupsError);
    failureResultOf(desk.lookups.ask('c', 0), TooManyLookupsError);
    answers[0]?.cancel();
    failureResultOf(answers[0] as (typeof answers)[0], CancelledError);
    assertNoResult(desk.lookups.ask('c', 0));
  });

  it('is one of at most 10,000 by default', () => {
    const desk = new LookupDesk();
    for (let i = 0; i < 10_000; i++) desk.lookups.ask('a', 0);
    const error = failureResultOf(desk.lookups.ask('a', 0), TooManyLookupsError);
    expect(error).toMatchObject({ hostName: 'a', limit: 10_000 });
  });

  it('keeps the program running; nothing else does', () => {
    const desk = new LookupDesk();
    const first = desk.lookups.ask('a', 0);
    desk.lookups.ask('a', 0);
    expect(desk.held).toBe(1);
    first.cancel();
    failureResultOf(first, CancelledError);
    expect(desk.held).toBe(1);
    desk.answer(0, '192.0.2.1');
    expect(desk.held).toBe(0);
  });
});
