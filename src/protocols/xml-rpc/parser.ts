/** Reads XML-RPC messages, which may arrive in pieces. */
import { InvalidXMLError, XMLLimitError } from '../xml/errors.js';
import { XMLParser } from '../xml/parser.js';
import { InvalidXMLRPCMessageError, XMLRPCLimitError } from './errors.js';
import type { XMLRPCCall, XMLRPCFaultMessage, XMLRPCMessage, XMLRPCResult } from './events.js';
import { addText, closeFrame, type Frame, messageOf, openFrame } from './frames.js';
import { type ResolvedLimits, resolveLimits, type XMLRPCLimits } from './limits.js';

/** The namespace of Apache's extensions, in which `nil` and some types may be. */
const EXTENSIONS = 'http://ws.apache.org/xmlrpc/namespaces/extensions';
/** Elements for each array or struct, at most: value, struct, member. */
const ELEMENTS_BY_DEPTH = 4;
const OUTER_ELEMENTS = 8;

/** Reads one message: pass each piece to {@link receive}, then take the message from {@link end}. */
export class XMLRPCParser {
  readonly #limits: ResolvedLimits;
  readonly #root: 'methodCall' | 'methodResponse';
  readonly #xml: XMLParser;
  readonly #frames: Frame[] = [];
  #message: XMLRPCMessage | undefined;
  #bytes = 0;
  #values = 0;
  /** Open arrays and structs. */
  #depth = 0;

  /**
   * @param kind What is expected.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(kind: 'call' | 'response', limits?: XMLRPCLimits) {
    this.#limits = resolveLimits(limits);
    this.#root = kind === 'call' ? 'methodCall' : 'methodResponse';
    const maxDepth = this.#limits.maxDepth * ELEMENTS_BY_DEPTH + OUTER_ELEMENTS;
    this.#xml = new XMLParser({ maxDepth });
  }

  /**
   * Adds a piece, which may be lent: UTF-8, or text.
   * @throws InvalidXMLRPCMessageError, XMLRPCLimitError The parser cannot be used any more.
   */
  receive(data: string | Uint8Array): void {
    const { maxBytes } = this.#limits;
    this.#bytes += data.length;
    if (this.#bytes > maxBytes) throw new XMLRPCLimitError('maxBytes', maxBytes);
    this.#guarded(() => {
      this.#xml.receive(data);
      this.#read();
    });
  }

  /** The message is complete. @throws InvalidXMLRPCMessageError it is not. */
  end(): XMLRPCMessage {
    this.#guarded(() => this.#xml.end());
    if (this.#message !== undefined) return this.#message;
    throw new InvalidXMLRPCMessageError('the message is empty', true);
  }

  #read(): void {
    for (let event = this.#xml.next(); event !== undefined; event = this.#xml.next()) {
      if (event.type === 'text') addText(this.#frames.at(-1) as Frame, event.text);
      else if (event.type === 'close') this.#close();
      else {
        const { namespace, name, local } = event;
        this.#open(namespace === EXTENSIONS ? local : name);
      }
    }
  }

  #open(kind: string): void {
    const { maxDepth, maxValues } = this.#limits;
    if (kind === 'value' && ++this.#values > maxValues) {
      throw new XMLRPCLimitError('maxValues', maxValues);
    }
    if ((kind === 'struct' || kind === 'array') && ++this.#depth > maxDepth) {
      throw new XMLRPCLimitError('maxDepth', maxDepth);
    }
    this.#frames.push(openFrame(kind, this.#frames.at(-1), this.#root));
  }

  #close(): void {
    const frame = this.#frames.pop() as Frame;
    const parent = this.#frames.at(-1);
    if (frame.kind === 'struct' || frame.kind === 'array') this.#depth -= 1;
    if (parent === undefined) this.#message = messageOf(frame);
    else closeFrame(frame, parent);
  }

  #guarded(read: () => void): void {
    try {
      read();
    } catch (cause) {
      if (cause instanceof XMLLimitError && cause.option === 'maxDepth') {
        throw new XMLRPCLimitError('maxDepth', this.#limits.maxDepth);
      }
      if (!(cause instanceof InvalidXMLError || cause instanceof XMLLimitError)) throw cause;
      const problem = cause instanceof InvalidXMLError ? cause.problem : `${cause.option} exceeded`;
      throw new InvalidXMLRPCMessageError(problem, true, { cause });
    }
  }
}

/**
 * Reads a call.
 * @throws InvalidXMLRPCMessageError, XMLRPCLimitError
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function parseXMLRPCCall(data: string | Uint8Array, limits?: XMLRPCLimits): XMLRPCCall {
  return parsed('call', data, limits) as XMLRPCCall;
}

/** Reads the answer to a call. @throws as {@link parseXMLRPCCall}. */
export function parseXMLRPCResponse(
  data: string | Uint8Array,
  limits?: XMLRPCLimits,
): XMLRPCResult | XMLRPCFaultMessage {
  return parsed('response', data, limits) as XMLRPCResult | XMLRPCFaultMessage;
}

function parsed(
  kind: 'call' | 'response',
  data: string | Uint8Array,
  limits: XMLRPCLimits | undefined,
): XMLRPCMessage {
  const parser = new XMLRPCParser(kind, limits);
  parser.receive(data);
  return parser.end();
}
