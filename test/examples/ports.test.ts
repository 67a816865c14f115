/** Every server of examples/ can be started with its default port while the others run. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const EXAMPLES = new URL('../../examples/', import.meta.url);
const LISTENS = /\b(?:listenTCP|listenTLS|listenUDP|runWorkers)\(/;
const DEFAULT_PORT =
  /\bport = '(\d{4,5})'|port: \{ type: 'string', default: '(\d{4,5})' \}|\?\? '?(\d{4,5})\b/;

it('the default ports of the servers differ', () => {
  const servers = new Map<string, string[]>();
  for (const file of readdirSync(EXAMPLES).filter((name) => name.endsWith('.ts'))) {
    const text = readFileSync(new URL(file, EXAMPLES), 'utf8');
    const port = DEFAULT_PORT.exec(text)?.slice(1).find(Boolean);
    // A client of UDP listens too, on any port.
    if (port === undefined || !LISTENS.test(text) || /listenUDP\(0,/.test(text)) continue;
    servers.set(port, [...(servers.get(port) ?? []), file]);
  }
  expect(servers.size).toBeGreaterThanOrEqual(9);
  expect([...servers.values()].filter((files) => files.length > 1)).toEqual([]);
});
