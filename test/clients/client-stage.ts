/** A `ClientService` on a manual clock and an endpoint that a test answers. */
import { ClientService, type ClientServiceOptions } from '../../src/clients/client-service.js';
import { Protocol } from '../../src/core/protocol.js';
import type { Deferred } from '../../src/defer/deferred.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { FakeEndpoint } from './fake-endpoint.js';

export class Chat extends Protocol {
  reason: Error | undefined = undefined;

  override connectionLost(reason: Error): void {
    this.reason = reason;
  }
}

export interface Stage {
  readonly clock: ManualClock;
  readonly endpoint: FakeEndpoint;
  readonly service: ClientService<typeof Chat>;
}

export function stage(options: Partial<ClientServiceOptions<Chat>> = {}): Stage {
  const clock = new ManualClock();
  const endpoint = new FakeEndpoint();
  const retryPolicy = (failures: number): number => failures * 1_000;
  const service = new ClientService(endpoint, Chat, { clock, retryPolicy, ...options });
  return { clock, endpoint, service };
}

/** The state of a Deferred, whose failure is then handled. */
export function outcomeOf(deferred: Deferred<unknown>): { value?: unknown; error?: unknown } {
  const outcome: { value?: unknown; error?: unknown } = {};
  deferred.addCallbacks(
    (value) => {
      outcome.value = value ?? 'nothing';
    },
    (failure) => {
      outcome.error = failure.value;
    },
  );
  return outcome;
}
