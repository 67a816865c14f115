/** Reads requests and replies from their frames: lines of tcp_table(5), netstrings of socketmap_table(5). */
import { isUtf8 } from 'node:buffer';
import { unquoteTableText } from './encoding.js';
import { InvalidTableMessageError, type TableFailure } from './errors.js';
import type { TableReply, TableRequest } from './events.js';

/** @param line Without its newline. @throws InvalidTableMessageError */
export function parseTCPRequest(line: Buffer): TableRequest {
  const [, key] = /^get +(\S+)\s*$/i.exec(line.toString('latin1')) ?? [];
  if (key === undefined) throw new InvalidTableMessageError('the request is not "get KEY"');
  return { map: '', key: unquoteTableText(key) };
}

/** @param line Without its newline. @throws InvalidTableMessageError */
export function parseTCPReply(line: Buffer): TableReply {
  const [, code, text = ''] = /^(200|400|500)(?: (.*))?$/s.exec(line.toString('latin1')) ?? [];
  if (code === '200') return { type: 'found', value: unquoteTableText(text) };
  if (code === '500') return { type: 'missing' };
  if (code === undefined) throw new InvalidTableMessageError('a reply without a code');
  return { type: 'temporary', reason: unquoteTableText(text) };
}

/** @param string Without its netstring framing. @throws InvalidTableMessageError */
export function parseSocketmapRequest(string: Buffer): TableRequest {
  const text = textOf(string);
  const space = text.indexOf(' ');
  if (space < 1) throw new InvalidTableMessageError('the request is not "MAP KEY"');
  return { map: text.slice(0, space), key: text.slice(space + 1) };
}

const FAILURES: Readonly<Record<string, TableFailure>> = {
  TEMP: 'temporary',
  TIMEOUT: 'timeout',
  PERM: 'permanent',
};

/** @param string Without its netstring framing. @throws InvalidTableMessageError */
export function parseSocketmapReply(string: Buffer): TableReply {
  const [, status = '', text = ''] = /^([A-Z]+)(?: (.*))?$/s.exec(textOf(string)) ?? [];
  if (status === 'OK') return { type: 'found', value: text };
  if (status === 'NOTFOUND') return { type: 'missing' };
  const type = FAILURES[status];
  if (type === undefined) throw new InvalidTableMessageError('a reply without a status');
  return { type, reason: text };
}

function textOf(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  throw new InvalidTableMessageError('it is not UTF-8');
}
