/** The race on a manual clock: scripted cases, and random ones beside a simple oracle. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/index.js';
import { ConnectionRace } from '../../../src/reactor/streams/connection-race.js';
import type { Dial, DialListener } from '../../../src/reactor/streams/dial.js';
import type { Candidate } from '../../../src/reactor/streams/route.js';
import type { StreamOwner } from '../../../src/reactor/streams/stream-owner.js';
import type { StreamTransport } from '../../../src/reactor/streams/stream-transport.js';
import { ManualClock } from '../../../src/testing/index.js';

const DELAY_MS = 250;

/** How the attempt for one candidate ends, and how long after its beginning. */
type Fate = { readonly ok: boolean; readonly afterMs: number } | 'never';

/** What happened to one candidate. */
interface Course {
  readonly begun: number | undefined;
  readonly end: 'won' | 'failed' | 'cancelled' | 'pending' | undefined;
}

/** A race whose attempts end as written in a list of fates. */
class Track {
  readonly clock: ManualClock = new ManualClock();
  readonly events: string[] = [];
  readonly race: ConnectionRace;
  readonly #courses: { begun: number | undefined; end: Course['end'] }[];

  constructor(fates: readonly Fate[], delayMs: number = DELAY_MS) {
    this.#courses = fates.map(() => ({ begun: undefined, end: undefined }));
    const candidates = fates.map((fate, index): Candidate => {
      const host = `192.0.2.${index + 1}`;
      return {
        destination: { host, port: 80 },
        dial: (owner, listener) => this.#dial(index, fate, owner, listener),
      };
    });
    this.race = new ConnectionRace(this.clock, candidates, delayMs, OWNER, {
      raceWon: (transport) => {
        const index = Number(transport);
        (this.#courses[index] as { end: Course['end'] }).end = 'won';
        this.events.push(`won by ${index} at ${this.clock.now()}`);
      },
      raceLost: () => this.events.push(`lost at ${this.clock.now()}`),
    });
    this.race.start();
  }

  get courses(): readonly Course[] {
    return this.#courses;
  }

  #dial(index: number, fate: Fate, owner: StreamOwner, listener: DialListener): Dial {
    expect(owner).toBe(OWNER);
    const course = this.#courses[index] as { begun: number | undefined; end: Course['end'] };
    course.begun = this.clock.now();
    course.end = 'pending';
    const call =
      fate === 'never'
        ? undefined
        : this.clock.callLater(fate.afterMs, () => {
            if (!fate.ok) course.end = 'failed';
            if (fate.ok) listener.dialSucceeded(index as unknown as StreamTransport, PEER);
            else listener.dialFailed(new Error(`failure ${index}`));
          });
    return {
      cancel: () => {
        expect(course.end, 'cancelled once, and not after its answer').toBe('pending');
        course.end = 'cancelled';
        call?.cancel();
      },
    };
  }
}

const OWNER = {} as StreamOwner;
const PEER = {} as Address;
const ok = (afterMs: number): Fate => ({ ok: true, afterMs });
const fails = (afterMs: number): Fate => ({ ok: false, afterMs });

describe('ConnectionRace', () => {
  it('tries one candidate after the other, and the first answer wins', () => {
    const track = new Track(['never', 'never', ok(40), 'never']);
    track.clock.advance(10_000);
    expect(track.events).toEqual(['won by 2 at 540']);
    expect(track.courses).toEqual([
      { begun: 0, end: 'cancelled' },
      { begun: 250, end: 'cancelled' },
      { begun: 500, end: 'won' },
      { begun: undefined, end: undefined },
    ]);
    expect(track.clock.getDelayedCalls()).toEqual([]);
  });

  it('lets an earlier attempt win while a later one is pending', () => {
    const track = new Track([ok(300), 'never']);
    track.clock.advance(300);
    expect(track.events).toEqual(['won by 0 at 300']);
    expect(track.courses[1]).toEqual({ begun: 250, end: 'cancelled' });
  });

  it('begins the next attempt at once when the latest fails', () => {
    const track = new Track([fails(5), fails(5), ok(5)]);
    track.clock.advance(15);
    expect(track.events).toEqual(['won by 2 at 15']);
    expect(track.courses.map(({ begun }) => begun)).toEqual([0, 5, 10]);
  });

  it('counts the delay from the latest attempt', () => {
    const track = new Track([fails(5), 'never', 'never']);
    track.clock.advance(254);
    expect(track.courses[2]?.begun).toBeUndefined();
    track.clock.advance(1);
    expect(track.courses[2]?.begun).toBe(255);
    track.race.cancel();
  });

  it('does not begin early when an earlier attempt fails', () => {
    const track = new Track([fails(260), 'never', 'never']);
    track.clock.advance(499);
    expect(track.courses.map(({ begun }) => begun)).toEqual([0, 250, undefined]);
    track.race.cancel();
  });

  it('is lost when all have failed, and keeps every failure in the order of the candidates', () => {
    const track = new Track([fails(900), fails(10), fails(10)]);
    track.clock.advance(900);
    expect(track.events).toEqual(['lost at 900']);
    expect(
      track.race.attempts.map(({ destination, failure }) => [destination, failure?.message]),
    ).toEqual([
      [{ host: '192.0.2.1', port: 80 }, 'failure 0'],
      [{ host: '192.0.2.2', port: 80 }, 'failure 1'],
      [{ host: '192.0.2.3', port: 80 }, 'failure 2'],
    ]);
  });

  it('needs no timer for a single candidate', () => {
    const track = new Track(['never']);
    expect(track.clock.getDelayedCalls()).toEqual([]);
    track.race.cancel();
    expect(track.courses).toEqual([{ begun: 0, end: 'cancelled' }]);
  });

  it('cancels every pending attempt, and calls nobody afterwards', () => {
    const track = new Track([ok(700), fails(10), ok(700), 'never']);
    track.clock.advance(300);
    track.race.cancel();
    track.race.cancel();
    track.clock.advance(10_000);
    expect(track.events).toEqual([]);
    expect(track.courses.map(({ end }) => end)).toEqual([
      'cancelled',
      'failed',
      'cancelled',
      undefined,
    ]);
    expect(track.clock.getDelayedCalls()).toEqual([]);
  });

  it('knows the attempts without an answer', () => {
    const track = new Track(['never', fails(10), 'never']);
    track.clock.advance(270);
    expect(track.race.attempts.map(({ failure }) => failure?.message)).toEqual([
      undefined,
      'failure 1',
      undefined,
    ]);
    track.race.cancel();
  });
});

/** The rules of RFC 8305 section 5, written down as times. `undefined`: the race goes on for ever. */
function oracle(
  fates: readonly Fate[],
  delayMs: number,
  cancelMs: number,
): { events: string[]; courses: Course[] } {
  const begun: number[] = [];
  let at = 0;
  for (const fate of fates) {
    begun.push(at);
    const failed = fate !== 'never' && !fate.ok ? at + fate.afterMs : Number.POSITIVE_INFINITY;
    at = Math.min(at + delayMs, failed);
  }
  const answers = fates.map((fate, index) =>
    fate === 'never' ? Number.POSITIVE_INFINITY : (begun[index] as number) + fate.afterMs,
  );
  const successes = answers.filter((_, index) => (fates[index] as { ok?: boolean }).ok === true);
  const won = Math.min(...successes, Number.POSITIVE_INFINITY);
  const lost = successes.length === 0 ? Math.max(...answers) : Number.POSITIVE_INFINITY;
  const end = Math.min(won, lost, cancelMs);
  const events: string[] = [];
  if (end < cancelMs) {
    events.push(end === won ? `won by ${answers.indexOf(won)} at ${won}` : `lost at ${lost}`);
  }
  const courses = fates.map((_, index): Course => {
    const start = begun[index] as number;
    if (start >= end) return { begun: undefined, end: undefined };
    const answer = answers[index] as number;
    if (answer > end) return { begun: start, end: 'cancelled' };
    return { begun: start, end: answer === won ? 'won' : 'failed' };
  });
  return { events, courses };
}

describe('a random race', () => {
  const fate = fc.oneof(
    { weight: 1, arbitrary: fc.constant('never' as const) },
    {
      weight: 4,
      arbitrary: fc.record({ ok: fc.boolean(), afterMs: fc.integer({ min: 1, max: 1000 }) }),
    },
  );

  it('goes as the oracle says', () => {
    fc.assert(
      fc.property(
        fc.array(fate, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 10, max: 500 }),
        fc.integer({ min: 0, max: 3000 }),
        (drawn, delayMs, cancelMs) => {
          // Fractions that make no two sums of times equal: the order of simultaneous events is not part of the rules.
          const fates = drawn.map((one, index): Fate => {
            return one === 'never' ? one : { ...one, afterMs: one.afterMs + 2 ** index / 1024 };
          });
          const cancelAt = cancelMs + 1 / 2048;
          const track = new Track(fates, delayMs);
          track.clock.advance(cancelAt);
          track.race.cancel();
          track.clock.advance(100_000);
          expect({ events: track.events, courses: track.courses }).toEqual(
            oracle(fates, delayMs, cancelAt),
          );
          expect(track.clock.getDelayedCalls()).toEqual([]);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
