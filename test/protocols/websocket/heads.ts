/** Heads for handshakes, as an HTTP parser would return them. */
import type {
  HandshakeFields,
  HandshakeRequest,
  HandshakeResponse,
} from '../../../src/protocols/websocket/handshake-heads.js';

export type Fields = Readonly<Record<string, string | undefined>>;

/** The example of RFC 6455 section 1.3. */
export const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
export const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=';

const REQUEST: Fields = {
  host: 'server.example.com',
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-key': KEY,
  'sec-websocket-version': '13',
};

const RESPONSE: Fields = {
  upgrade: 'websocket',
  connection: 'Upgrade',
  'sec-websocket-accept': ACCEPT,
};

/** A valid request with some fields replaced or, if they are undefined, removed. */
export function request(
  changes: Fields = {},
  line: Partial<HandshakeRequest> = {},
): HandshakeRequest {
  return { method: 'GET', version: '1.1', ...line, field: reader({ ...REQUEST, ...changes }) };
}

export function response(
  changes: Fields = {},
  line: Partial<HandshakeResponse> = {},
): HandshakeResponse {
  return { status: 101, version: '1.1', ...line, field: reader({ ...RESPONSE, ...changes }) };
}

/** The fields that one side sent, as the other reads them. */
export function sent(fields: HandshakeFields): Fields {
  return Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value]));
}

function reader(fields: Fields): (name: string) => string | undefined {
  return (name) => fields[name.toLowerCase()];
}
