/** The elements of XML-RPC messages: which may be inside which, and what they become. */
import { SPACE } from '../xml/characters.js';
import { InvalidXMLRPCMessageError } from './errors.js';
import type { XMLRPCMessage, XMLRPCStruct, XMLRPCValue } from './events.js';
import { MAX_SCALAR_LENGTH, METHOD_NAME } from './limits.js';
import { base64Of, doubleOf, isDateTime, wholeNumberOf, XMLRPCDateTime } from './values.js';

/** An open element. */
export interface Frame {
  readonly kind: string;
  text: string;
  /** The values of `params` and `data`. */
  items: XMLRPCValue[] | undefined;
  struct: XMLRPCStruct | undefined;
  /** The name of a member, or of a method. */
  name: string | undefined;
  /** The value of an element that has one. */
  value: XMLRPCValue | undefined;
  fault: boolean;
}

const TYPES = [
  ...['int', 'i4', 'i1', 'i2', 'i8', 'double', 'float', 'boolean', 'string'],
  ...['dateTime.iso8601', 'base64', 'struct', 'array', 'nil'],
];

const CHILDREN: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries({
    methodCall: ['methodName', 'params'],
    methodResponse: ['params', 'fault'],
    params: ['param'],
    param: ['value'],
    fault: ['value'],
    value: TYPES,
    array: ['data'],
    data: ['value'],
    struct: ['member'],
    member: ['name', 'value'],
  }).map(([kind, children]) => [kind, new Set(children)]),
);
/** Elements whose text is their content. */
const TEXTUAL: ReadonlySet<string> = new Set([
  ...TYPES.filter((type) => !['struct', 'array', 'nil'].includes(type)),
  ...['value', 'name', 'methodName'],
]);
const BITS: ReadonlyMap<string, number> = new Map([
  ['int', 32],
  ['i4', 32],
  ['i1', 8],
  ['i2', 16],
  ['i8', 64],
]);

function isChild(kind: string, name: string): boolean {
  return CHILDREN.get(kind)?.has(name) === true;
}

/** @throws InvalidXMLRPCMessageError the element does not belong there. */
export function openFrame(kind: string, parent: Frame | undefined, root: string): Frame {
  const belongs = parent === undefined ? kind === root : isChild(parent.kind, kind);
  if (!belongs || (parent !== undefined && isFull(parent, kind))) {
    const where = parent === undefined ? 'the root' : parent.kind;
    throw new InvalidXMLRPCMessageError(
      `the element ${kind.slice(0, 64)} does not belong in ${where}`,
    );
  }
  const items = kind === 'params' || kind === 'data' ? [] : undefined;
  const struct = kind === 'struct' ? (Object.create(null) as XMLRPCStruct) : undefined;
  return { kind, text: '', items, struct, name: undefined, value: undefined, fault: false };
}

/** Whether an element has another of these already, or has it too early. */
function isFull(parent: Frame, kind: string): boolean {
  if (parent.kind === 'value') return parent.value !== undefined || !SPACE.test(parent.text);
  if (parent.kind === 'member' || parent.kind === 'methodCall') {
    const isName = kind === 'name' || kind === 'methodName';
    return isName ? parent.name !== undefined : parent.name === undefined || hasValue(parent);
  }
  return parent.kind !== 'data' && parent.kind !== 'params' && hasValue(parent);
}

function hasValue(frame: Frame): boolean {
  return frame.value !== undefined || (frame.kind !== 'params' && frame.items !== undefined);
}

/** @throws InvalidXMLRPCMessageError there is text between elements. */
export function addText(frame: Frame, text: string): void {
  if (TEXTUAL.has(frame.kind) && (frame.kind !== 'value' || frame.value === undefined)) {
    frame.text += text;
  } else if (!SPACE.test(text)) {
    throw new InvalidXMLRPCMessageError(`text does not belong in ${frame.kind}`);
  }
}

/** Adds an element to the one around it. @throws InvalidXMLRPCMessageError it is incomplete or malformed. */
export function closeFrame(frame: Frame, parent: Frame): void {
  const { kind } = frame;
  if (kind === 'methodName' || kind === 'name') parent.name = nameOf(frame);
  else if (kind === 'params') parent.items = frame.items;
  else if (kind === 'member') addMember(parent, frame);
  else if (kind === 'value' && parent.items !== undefined) parent.items.push(resultOf(frame));
  else if (kind === 'param') parent.items?.push(required(frame));
  else {
    parent.value = kind === 'value' ? resultOf(frame) : valueOfElement(frame);
    parent.fault = kind === 'fault';
  }
}

function resultOf({ value, text }: Frame): XMLRPCValue {
  return value === undefined ? text : value;
}

function required({ kind, value }: Frame): XMLRPCValue {
  if (value !== undefined) return value;
  throw new InvalidXMLRPCMessageError(`${kind} is empty`);
}

function nameOf({ kind, text }: Frame): string {
  if (kind === 'name') return text;
  const name = text.trim();
  if (METHOD_NAME.test(name)) return name;
  throw new InvalidXMLRPCMessageError('the method name is malformed');
}

function addMember({ struct }: Frame, member: Frame): void {
  const { name, value } = member;
  if (name === undefined || value === undefined || struct === undefined) {
    throw new InvalidXMLRPCMessageError('a member has no name or no value');
  }
  // A copy by assignment would change the prototype.
  if (name === '__proto__') throw new InvalidXMLRPCMessageError('a member is named __proto__');
  struct[name] = value;
}

function valueOfElement(frame: Frame): XMLRPCValue {
  const { kind, text } = frame;
  if (kind === 'string') return text;
  if (kind === 'struct') return frame.struct ?? {};
  if (kind === 'array') return required(frame);
  if (kind === 'data') return frame.items ?? [];
  if (kind === 'nil') return null;
  if (kind === 'fault') return required(frame);
  const value = kind === 'base64' ? base64Of(text) : scalarOf(kind, text);
  if (value !== undefined) return value;
  throw new InvalidXMLRPCMessageError(`a value is not of the type ${kind}`);
}

function scalarOf(kind: string, text: string): XMLRPCValue | undefined {
  if (text.length > MAX_SCALAR_LENGTH) return undefined;
  const trimmed = text.trim();
  const bits = BITS.get(kind);
  if (bits !== undefined) return wholeNumberOf(trimmed, bits);
  if (kind === 'boolean') return trimmed === '1' ? true : trimmed === '0' ? false : undefined;
  if (kind === 'dateTime.iso8601') {
    return isDateTime(trimmed) ? new XMLRPCDateTime(trimmed) : undefined;
  }
  return doubleOf(trimmed);
}

/** @throws InvalidXMLRPCMessageError the message is incomplete. */
export function messageOf(root: Frame): XMLRPCMessage {
  const { kind, name, items, value, fault } = root;
  if (kind === 'methodCall') {
    if (name === undefined) throw new InvalidXMLRPCMessageError('the call has no method name');
    return { type: 'call', method: name, params: items ?? [] };
  }
  if (!fault) {
    if (items?.length === 1) return { type: 'result', value: items[0] as XMLRPCValue };
    throw new InvalidXMLRPCMessageError('the response does not have one value');
  }
  const { faultCode, faultString } = (value ?? {}) as XMLRPCStruct;
  if (typeof faultCode === 'number' && typeof faultString === 'string') {
    return { type: 'fault', faultCode, faultString };
  }
  throw new InvalidXMLRPCMessageError('the fault has no code or no string');
}
