/** Asks a PostgreSQL server to stop the statement of a connection (PostgreSQL, section 55.2.9). */
import type { Pg, PgClient } from './pg-client.js';

/** Uses a connection of its own, which the server closes. Failures are ignored: the statement then continues. */
export function requestCancel(pg: Pg, client: PgClient, settings: object): void {
  const { host, port, processID, secretKey } = client;
  const { ssl } = new pg.Client(settings) as unknown as { readonly ssl?: unknown };
  const connection = new pg.Connection({ ssl });
  const send = (): void => connection.cancel(processID, secretKey);
  connection.on('error', () => connection.stream.destroy());
  connection.on('connect', () => (ssl ? connection.requestSsl() : send()));
  connection.on('sslconnect', send);
  if (host.startsWith('/')) connection.connect(`${host}/.s.PGSQL.${port}`);
  else connection.connect(port, host);
}
