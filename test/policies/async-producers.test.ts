/** Producers of policies whose methods return a promise: its rejection ends the connection, as without a policy. */
import { describe, expect, it } from 'vitest';
import type { ClientProtocolFactory } from '../../src/core/protocol-factory.js';
import type { Transport } from '../../src/core/transport.js';
import { LimitUnsentBytesFactory } from '../../src/policies/limit-unsent-bytes.js';
import { ShapingFactory } from '../../src/policies/shaping-factory.js';
import { captureLoggedErrors } from '../../src/testing/logged-errors.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { Recorder } from '../support/recorder.js';
import { accept, only } from './wired.js';

const MUCH = Buffer.alloc(100_000);

async function refuse(): Promise<void> {
  throw new Error('refused');
}

const producer = { resumeProducing() {}, pauseProducing() {}, stopProducing() {} };

const clock = new ManualClock();
const policies: Record<string, (wrapped: ClientProtocolFactory) => ClientProtocolFactory> = {
  ShapingFactory: (wrapped) =>
    new ShapingFactory(wrapped, { clock, write: { perConnection: { bytesPerSecond: 1_000 } } }),
  LimitUnsentBytesFactory: (wrapped) =>
    new LimitUnsentBytesFactory(wrapped, { clock, maxBytes: 1_000, outcome: 'pause' }),
};

const programs: Record<string, (transport: Transport) => void> = {
  'resumeProducing of a pull producer': (transport) =>
    transport.registerProducer({ ...producer, resumeProducing: refuse }, false),
  'resumeProducing of a pull producer that registers behind unsent bytes': (transport) => {
    transport.write('some');
    transport.registerProducer({ ...producer, resumeProducing: refuse }, false);
  },
  pauseProducing: (transport) => {
    transport.registerProducer({ ...producer, pauseProducing: refuse }, true);
    transport.write(MUCH);
  },
  stopProducing: (transport) => {
    transport.registerProducer({ ...producer, stopProducing: refuse }, true);
    transport.abortConnection();
  },
};

describe.each(Object.keys(policies))('with %s, the rejection ends the connection of', (policy) => {
  it.each(Object.keys(programs))('%s', async (program) => {
    using logged = captureLoggedErrors();
    const protocol = new Recorder();
    const factory = policies[policy]?.(only(protocol)) as ClientProtocolFactory;
    const { transport } = accept(factory);
    programs[program]?.(protocol.transport);
    await new Promise(setImmediate);
    transport.settle();
    await new Promise(setImmediate);
    transport.settle();
    expect(transport.connected).toBe(false);
    expect(logged.flush().map(({ error }) => String(error))).toEqual(['Error: refused']);
  });
});
