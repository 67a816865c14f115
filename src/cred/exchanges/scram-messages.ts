/** The messages of SCRAM (RFC 5802 section 7): attributes `x=value`, separated by commas, in a fixed order. */
import { InvalidCredentialsError } from '../errors.js';

/** Longest message, in octets. */
export const MAX_SCRAM_MESSAGE = 4_096;

export function invalidScram(problem: string): InvalidCredentialsError {
  return new InvalidCredentialsError(`SCRAM: ${problem}`);
}

/** @throws InvalidCredentialsError it is too long or not UTF-8. */
export function textOfMessage(message: Uint8Array | string): string {
  const octets = Buffer.from(message as string);
  if (octets.length > MAX_SCRAM_MESSAGE) throw invalidScram('the message is too long');
  const text = octets.toString();
  if (text.includes('\ufffd') || text.includes('\0'))
    throw invalidScram('the message is malformed');
  return text;
}

export interface ClientFirst {
  /** `n,` or `y,`, the authorisation identity, and a comma. */
  readonly header: string;
  readonly username: string;
  readonly authzid: string | undefined;
  readonly nonce: string;
  /** The message without the header. */
  readonly bare: string;
}

const CLIENT_FIRST =
  /^((n|y|p=[^,]*),(?:a=([^,]+))?,)(n=([^,]+),r=([!-+\--~]+)((?:,[a-zA-Z]=[^,]*)*))$/;

/** @throws InvalidCredentialsError */
export function parseClientFirst(message: Uint8Array | string): ClientFirst {
  const found = CLIENT_FIRST.exec(textOfMessage(message));
  if (found === null) throw invalidScram('the first message of the client is malformed');
  const [, header = '', flag = '', authzid, bare = '', name = '', nonce = '', extensions = ''] =
    found;
  if (flag.startsWith('p=')) throw invalidScram('channel binding is not supported');
  if (extensions.startsWith(',m=')) throw invalidScram('mandatory extensions are not supported');
  const identity = authzid === undefined ? undefined : decodeName(authzid);
  return { header, username: decodeName(name), authzid: identity, nonce, bare };
}

export interface ServerFirst {
  readonly nonce: string;
  readonly salt: Buffer;
  readonly iterations: number;
}

const SERVER_FIRST =
  /^r=([!-+\--~]+),s=([+/0-9A-Za-z]+={0,2}),i=([1-9][0-9]{0,9})(?:,[a-zA-Z]=[^,]*)*$/;

/** @throws InvalidCredentialsError */
export function parseServerFirst(text: string): ServerFirst {
  if (/^[me]=/.test(text)) throw invalidScram('the server refuses, or requires an extension');
  const found = SERVER_FIRST.exec(text);
  if (found === null) throw invalidScram('the first message of the server is malformed');
  const [, nonce = '', salt = '', iterations] = found;
  return { nonce, salt: Buffer.from(salt, 'base64'), iterations: Number(iterations) };
}

export interface ClientFinal {
  readonly binding: string;
  readonly nonce: string;
  readonly proof: Buffer;
  readonly withoutProof: string;
}

const CLIENT_FINAL =
  /^(c=([+/0-9A-Za-z]+={0,2}),r=([!-+\--~]+)(?:,[a-zA-Z]=[^,]*)*),p=([+/0-9A-Za-z]+={0,2})$/;

/** @throws InvalidCredentialsError */
export function parseClientFinal(message: Uint8Array | string): ClientFinal {
  const found = CLIENT_FINAL.exec(textOfMessage(message));
  if (found === null) throw invalidScram('the final message of the client is malformed');
  const [, withoutProof = '', binding = '', nonce = '', proof = ''] = found;
  const header = Buffer.from(binding, 'base64').toString();
  return { binding: header, nonce, proof: Buffer.from(proof, 'base64'), withoutProof };
}

/** `=2C` and `=3D` stand for a comma and an equals sign; other equals signs are not allowed. */
function decodeName(text: string): string {
  if (/=(?!2C|3D)/.test(text)) throw invalidScram('a name is malformed');
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

export function encodeName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}
