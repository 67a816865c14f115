/** A response with the members that Node's types hide, and with those of the facade. */
import { Buffer } from 'node:buffer';
import { type ServerResponse as NodeResponse, OutgoingMessage } from 'node:http';
import type { Exchange } from './exchange.js';
import type { IncomingMessage } from './incoming-message.js';
import type { HeadState } from './response-head.js';
import type { HeaderEntry, HeaderValue } from './response-headers.js';
import type { Socket } from './socket.js';

/** The exchange of the engine, and the fields that were set. Symbols: programs add properties of any name. */
export const kExchange: unique symbol = Symbol('ropewalk.exchange');
export const kEntries: unique symbol = Symbol('ropewalk.headers');
/** Whether the head is the same in Latin-1 and UTF-8. */
export const kIsAscii: unique symbol = Symbol('ropewalk.isAscii');
/** Names, in lower case, of fields that have one line. */
export const kUnique: unique symbol = Symbol('ropewalk.uniqueHeaders');
/** Bytes of content that were written. */
export const kWritten: unique symbol = Symbol('ropewalk.written');
/** Callbacks of `write` that wait until everything was sent. */
export const kWaiting: unique symbol = Symbol('ropewalk.waiting');
export const kRejectsContent: unique symbol = Symbol('ropewalk.rejectsContent');

/** Symbols of Node's class: those of its properties that no public member reaches. */
function symbolOfNode(name: string): symbol {
  const symbols = Object.getOwnPropertySymbols(new OutgoingMessage());
  return symbols.find(({ description }) => description === name) ?? Symbol(`ropewalk.${name}`);
}

/** `writableNeedDrain` reads it. */
const kNeedDrain: symbol = symbolOfNode('kNeedDrain');
/** Fields that were set by `OutgoingMessage.prototype.setHeader.call(response, ...)`, as the package cookies does; null if there are none. */
const kOutHeaders: symbol = symbolOfNode('kOutHeaders');

export type Callback = (error?: Error | null) => void;

/** Members of Node's class that its types do not have, or have as read-only. */
export interface ResponseInternals extends HeadState {
  req: IncomingMessage;
  _header: string | null;
  _headerSent: boolean;
  _closed: boolean;
  _sent100: boolean;
  _expect_continue: boolean;
  _trailer: string;
  readonly _eventsCount: number;
  finished: boolean;
  destroyed: boolean;
  strictContentLength: boolean;
  socket: Socket | null;
  _implicitHeader(): void;
}

export interface OpenResponse
  extends Omit<NodeResponse, keyof ResponseInternals>,
    ResponseInternals {
  [kExchange]: Exchange;
  [kEntries]: HeaderEntry[] | undefined;
  [kIsAscii]: boolean;
  [kUnique]: ReadonlySet<string> | undefined;
  [kWritten]: number;
  [kWaiting]: Callback[] | undefined;
  [kRejectsContent]: boolean;
}

/** The bytes of the head, or its text if that is ASCII. */
export function encodedHead(response: OpenResponse): string | Buffer {
  const head = response._header as string;
  return response[kIsAscii] ? head : Buffer.from(head, 'latin1');
}

export function needsDrain(response: OpenResponse): boolean {
  return (response as unknown as Record<symbol, boolean>)[kNeedDrain] === true;
}

export function setNeedsDrain(response: OpenResponse, needed: boolean): void {
  (response as unknown as Record<symbol, boolean>)[kNeedDrain] = needed;
}

type NodeFields = Readonly<Record<string, readonly [name: string, value: HeaderValue]>>;

/** Takes the fields that were set by the method of Node's class. */
export function takeNodeFields(response: OpenResponse): NodeFields | undefined {
  const holder = response as unknown as Record<symbol, NodeFields | null | undefined>;
  const fields = holder[kOutHeaders];
  if (fields === null || fields === undefined) return undefined;
  holder[kOutHeaders] = null;
  return fields;
}
