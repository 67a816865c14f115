/**
 * A request as programs for `node:http` see it. Frameworks replace the prototype of requests by one that inherits from Node's
 * class (Express: `app.request`), so this class extends it, and the methods that differ are properties of each object.
 */
import { IncomingMessage as NodeMessage } from 'node:http';
import type { HTTPRequest } from '../http/http-request.js';
import { connectionReset } from './node-errors.js';
import { RequestContent } from './request-content.js';
import { reserveRequest } from './reserved-names.js';
import type { Socket } from './socket.js';

/** The request of the engine, and the reader of its content. Symbols: programs add properties of any name. */
const kRequest: unique symbol = Symbol('ropewalk.request');
const kContent: unique symbol = Symbol('ropewalk.content');

/** A message with the members that Node's types hide, and with those of the facade. */
interface OpenMessage extends Omit<NodeMessage, 'complete'> {
  complete: boolean;
  joinDuplicateHeaders: boolean;
  _consuming: boolean;
  _dumped: boolean;
  readonly _eventsCount: number;
  [kRequest]: HTTPRequest;
  [kContent]: RequestContent | undefined;
  _addHeaderLines(lines: string[], count: number): void;
}

export class IncomingMessage extends NodeMessage {
  declare socket: Socket & NodeMessage['socket'];
  declare upgrade: boolean;

  /** @internal */
  constructor(socket: Socket, request: HTTPRequest, joinDuplicateHeaders: boolean) {
    super(socket as never);
    const { head } = request;
    const open = this as unknown as OpenMessage;
    open[kRequest] = request;
    open[kContent] = undefined;
    reserveRequest(this as never);
    this._read = readContent as never;
    this.method = head.method;
    this.url = head.target;
    this.httpVersion = head.version;
    this.httpVersionMajor = 1;
    this.httpVersionMinor = head.version === '1.1' ? 1 : 0;
    this.upgrade = head.hasUpgrade || head.method === 'CONNECT';
    if (joinDuplicateHeaders) open.joinDuplicateHeaders = true;
    const lines = head.rawList();
    open._addHeaderLines(lines, lines.length);
    // The engine reports the end of content only.
    this.complete = !request.hasContent;
  }
}

/** The request of the engine. */
export function requestOf(message: IncomingMessage): HTTPRequest {
  return (message as unknown as OpenMessage)[kRequest];
}

/** The stream wants content: `_read`. */
function readContent(this: OpenMessage): void {
  this._consuming = true;
  const request = this[kRequest];
  const content = this[kContent];
  if (content !== undefined) {
    if (content.wants) return;
    content.wants = true;
    request.resume();
  } else if (!request.hasContent) this.push(null);
  else if (request.failure === undefined) {
    const reader = new RequestContent({
      push: (data) => this.push(data),
      contentEnded: () => endContent(this),
    });
    this[kContent] = reader;
    request.read(reader);
  }
}

function endContent(message: OpenMessage): void {
  const { trailers } = message[kRequest];
  message.complete = true;
  if (trailers !== undefined) {
    const lines = trailers.rawList();
    message._addHeaderLines(lines, lines.length);
  }
  message.push(null);
}

/** The response is complete: the engine drops the content that nobody reads, and the stream ends for those who listen to it. */
export function dumpRequest(message: IncomingMessage): void {
  const open = message as unknown as OpenMessage;
  if (open._consuming) return;
  open._dumped = true;
  if (!open.complete) {
    open.complete = true;
    open._consuming = true;
    open.removeAllListeners('data');
    open.push(null);
    open.resume();
  } else if (open._eventsCount > 0) open.resume();
}

/** The connection has ended before the response was complete. */
export function abortRequest(message: IncomingMessage, reason: unknown): void {
  if (!message.destroyed) message.destroy(connectionReset(reason));
}
