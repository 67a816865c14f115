/** The messages of XML-RPC and their values. */
import type { Buffer } from 'node:buffer';
import type { Instant, XMLRPCDateTime, XMLRPCDouble } from './values.js';

/**
 * A value as it is received:
 *
 * | XML-RPC | here |
 * | --- | --- |
 * | `int`, `i4`, `i1`, `i2` | number |
 * | `i8` | number, or bigint beyond 2^53 |
 * | `double`, `float` | number |
 * | `boolean` | boolean |
 * | `string`, and a value without a type | string |
 * | `dateTime.iso8601` | {@link XMLRPCDateTime} |
 * | `base64` | Buffer |
 * | `struct` | an object without a prototype |
 * | `array` | array |
 * | `nil` | null |
 *
 * `nil` and the integers other than `int` and `i4` are extensions, with or without the namespace of Apache's.
 */
export type XMLRPCValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Buffer
  | XMLRPCDateTime
  | XMLRPCValue[]
  | XMLRPCStruct;

export interface XMLRPCStruct {
  [name: string]: XMLRPCValue;
}

/**
 * A value as it is sent. Whole numbers are `int`, or `i8` beyond 32 bits; others are `double`, and so is {@link XMLRPCDouble}. A Date is its
 * time in UTC. Members of structs with the value undefined are left out.
 */
export type XMLRPCInput =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | XMLRPCDateTime
  | XMLRPCDouble
  | Instant
  | readonly XMLRPCInput[]
  | { readonly [name: string]: XMLRPCInput | undefined };

export interface XMLRPCCall {
  readonly type: 'call';
  /** Letters, digits and `_.:/`, at most 255. */
  readonly method: string;
  readonly params: readonly XMLRPCValue[];
}

export interface XMLRPCResult {
  readonly type: 'result';
  readonly value: XMLRPCValue;
}

export interface XMLRPCFaultMessage {
  readonly type: 'fault';
  readonly faultCode: number;
  readonly faultString: string;
}

export type XMLRPCMessage = XMLRPCCall | XMLRPCResult | XMLRPCFaultMessage;
