import { describe, expect, it } from 'vitest';
import { InvalidArgumentTypeError } from '../../src/core/errors/arguments.js';
import { Protocol } from '../../src/core/protocol.js';
import { IdleTimeouts } from '../../src/policies/idle-timeouts.js';
import { LimitConnectionsByPeerFactory } from '../../src/policies/limit-connections-by-peer.js';
import { LimitTotalConnectionsFactory } from '../../src/policies/limit-total-connections.js';
import { LimitUnsentBytesFactory } from '../../src/policies/limit-unsent-bytes.js';
import { ShapingFactory } from '../../src/policies/shaping-factory.js';
import { TimeoutFactory } from '../../src/policies/timeout-factory.js';
import { TokenBucket } from '../../src/policies/token-bucket.js';
import { TrafficLoggingFactory } from '../../src/policies/traffic-logging.js';

const FACTORIES = [
  LimitConnectionsByPeerFactory,
  LimitTotalConnectionsFactory,
  LimitUnsentBytesFactory,
  ShapingFactory,
  TimeoutFactory,
  TrafficLoggingFactory,
];

describe('required options', () => {
  it.each(FACTORIES.map((FactoryClass) => [FactoryClass.name, FactoryClass] as const))(
    '%s says that they are missing',
    (_name, FactoryClass) => {
      for (const options of [undefined, null, 5]) {
        expect(() => new FactoryClass(Protocol, options as never)).toThrow(
          InvalidArgumentTypeError,
        );
      }
    },
  );

  it('are reported by TokenBucket if they are missing', () => {
    expect(() => new TokenBucket(undefined as never)).toThrow(InvalidArgumentTypeError);
  });

  it('a clock must be a clock', () => {
    const notAClock = { callLater: () => {} } as never;
    expect(() => new IdleTimeouts(notAClock)).toThrow('clock must be a clock');
    expect(() => new TokenBucket({ clock: notAClock, bytesPerSecond: 1 })).toThrow('a clock');
    expect(() => new TimeoutFactory(Protocol, { clock: notAClock })).toThrow('a clock');
  });
});
