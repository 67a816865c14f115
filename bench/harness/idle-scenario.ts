// The memory of idle connections.

import type { IdleScenario } from './scenario-types.js';

/** As many in a quick run too: with fewer, the memory that a process takes once would weigh on each of them. */
export function idleScenario(
  name: string,
  what: string,
  service: IdleScenario['service'],
  quick: boolean,
  connections = 10_000,
): IdleScenario {
  return {
    kind: 'idle',
    name,
    title: `Memory of an idle ${what}, ${connections.toLocaleString('en')} of them`,
    costLabel: 'bytes per connection',
    service,
    quick: service === 'tcp',
    earlierConnections: connections / 2,
    connections,
    bytes: 64,
    repeats: quick ? 1 : 3,
    settleSeconds: quick ? 0.4 : 2,
    restSeconds: quick ? 0.4 : 30,
  };
}
