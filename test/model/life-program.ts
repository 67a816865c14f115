/** Random programs over the life of a reactor: runs that are stopped or crash, and what goes on in them. */
import fc from 'fast-check';

/** Where an armed action happens, the next time that it is called. */
export type Hook =
  | 'connectionMade'
  | 'dataReceived'
  | 'connectionLost'
  | 'clientConnectionFailed'
  | 'clientConnectionLost'
  | 'stopFactory'
  | 'stopProtocol'
  | 'delayedCall'
  | 'callFromThread'
  | 'trigger';

/** When a client connects again: at once when told, or in a delayed call. */
export type Again = 'never' | 'failed' | 'lost' | 'later';

export type Phase = 'before' | 'during' | 'after';

export type Action =
  | { readonly do: 'listen'; readonly kind: 'tcp' | 'unix' | 'udp' }
  | {
      readonly do: 'connect';
      readonly to: 'port' | 'closed' | 'name';
      readonly at: number;
      readonly again: Again;
    }
  | { readonly do: 'write'; readonly at: number; readonly size: number }
  | { readonly do: 'produce'; readonly at: number; readonly ends: boolean }
  | {
      readonly do:
        | 'lose'
        | 'abort'
        | 'pause'
        | 'resume'
        | 'halfClose'
        | 'stopListening'
        | 'relisten';
      readonly at: number;
    }
  | {
      readonly do: 'callLater' | 'deferLater' | 'looping' | 'timeout' | 'fromThread';
      readonly ms: number;
    }
  | { readonly do: 'cooperate' | 'idle' | 'bucket' | 'reader' | 'whenRunning' }
  | {
      readonly do: 'trigger';
      readonly phase: Phase;
      readonly event: 'startup' | 'shutdown';
      readonly ms: number;
    }
  | { readonly do: 'throw' | 'stop' | 'crash' };

export interface Step {
  readonly action: Action;
  readonly inside: Hook | undefined;
  readonly turns: number;
}

export interface Round {
  /** Done before the reactor runs. */
  readonly idle: readonly Step[];
  readonly steps: readonly Step[];
  readonly end: 'stop' | 'crash' | 'stop, then crash' | 'fire shutdown' | 'dispose';
  /** Turns between the two of `stop, then crash`. */
  readonly turns: number;
}

export type Program = readonly Round[];

const at = fc.nat(5);
const ms = fc.nat(6);

const connecting: fc.Arbitrary<Action> = fc.record({
  do: fc.constant('connect' as const),
  to: fc.constantFrom(
    'port' as const,
    'port' as const,
    'port' as const,
    'closed' as const,
    'name' as const,
  ),
  at,
  again: fc.constantFrom('never' as const, 'failed' as const, 'lost' as const, 'later' as const),
});

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('listen' as const),
      kind: fc.constantFrom('tcp' as const, 'tcp' as const, 'unix' as const, 'udp' as const),
    }),
  },
  { weight: 5, arbitrary: connecting },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      at,
      size: fc.constantFrom(1, 1_000, 100_000, 3_000_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('produce' as const), at, ends: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom(
        ...([
          'lose',
          'abort',
          'pause',
          'resume',
          'halfClose',
          'stopListening',
          'relisten',
        ] as const),
      ),
      at,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom(
        ...(['callLater', 'deferLater', 'looping', 'timeout', 'fromThread'] as const),
      ),
      ms,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom(...(['cooperate', 'idle', 'bucket', 'reader', 'whenRunning'] as const)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('trigger' as const),
      phase: fc.constantFrom<Phase>('before', 'during', 'after'),
      event: fc.constantFrom('startup' as const, 'shutdown' as const, 'shutdown' as const),
      ms,
    }),
  },
);

const HOOKS = [
  'connectionMade',
  'dataReceived',
  'connectionLost',
  'clientConnectionFailed',
  'clientConnectionLost',
  'stopFactory',
  'stopProtocol',
  'delayedCall',
  'callFromThread',
  'trigger',
] as const satisfies readonly Hook[];

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ action, inside: fc.constant(undefined), turns: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      action: fc.oneof(
        { weight: 5, arbitrary: action },
        {
          weight: 2,
          arbitrary: fc.record({
            do: fc.constantFrom('throw' as const, 'stop' as const, 'crash' as const),
          }),
        },
      ),
      inside: fc.constantFrom<Hook>(...HOOKS),
      turns: fc.constant(0),
    }),
  },
);

export const programs: fc.Arbitrary<Program> = fc.array(
  fc.record({
    idle: fc.array(step, { maxLength: 3 }),
    steps: fc.array(step, { maxLength: 10 }),
    end: fc.constantFrom(
      ...([
        'stop',
        'stop',
        'stop',
        'crash',
        'stop, then crash',
        'fire shutdown',
        'dispose',
      ] as const),
    ),
    turns: fc.nat(3),
  }),
  { minLength: 1, maxLength: 3 },
);
