/** Patterns of paths, such as `/users/:id(int)/posts`. */
import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { checkString } from '../internal/check.js';

/** Reads a segment. @returns Undefined if the segment has another form: the route does not match. */
export type ParamParser<T = unknown> = (segment: string) => T | undefined;

/** Parsers by the name of their type. */
export type ParamTypes = Readonly<Record<string, ParamParser>>;

/** The types that every router has. */
export interface BuiltInParams {
  int: number;
}

type TypeOfParam<Kind extends string, Types extends ParamTypes> = Kind extends keyof Types
  ? Exclude<ReturnType<Types[Kind]>, undefined>
  : Kind extends keyof BuiltInParams
    ? BuiltInParams[Kind]
    : never;

type SegmentParams<
  Segment extends string,
  Types extends ParamTypes,
> = Segment extends `:${infer Name}(${infer Kind})`
  ? { readonly [N in Name]: TypeOfParam<Kind, Types> }
  : Segment extends `:${infer Name}`
    ? { readonly [N in Name]: string }
    : Segment extends `*${infer Name}`
      ? { readonly [N in Name]: readonly string[] }
      : unknown;

/** The parameters of a pattern: `PathParams<'/users/:id(int)'>` is `{ id: number }`. */
export type PathParams<
  Pattern extends string,
  Types extends ParamTypes = Record<never, never>,
> = Pattern extends `${infer First}/${infer Rest}`
  ? SegmentParams<First, Types> & PathParams<Rest, Types>
  : SegmentParams<Pattern, Types>;

/** `text`: the segment itself; `param`: any segment, or those that `type` reads; `rest`: all segments that are left. */
export type PatternPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'param'; readonly name: string; readonly type: string | undefined }
  | { readonly kind: 'rest'; readonly name: string };

const PARAM = /^:([A-Za-z_]\w*)(?:\(([A-Za-z_]\w*)\))?$/;
const REST = /^\*([A-Za-z_]\w*)$/;
/** Characters that no decoded segment has, and forms that are parameters in other libraries. */
const NOT_TEXT = /[\\\0%?#*(){}]|:[A-Za-z_]|^\.\.?$/;

/** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
export function parsePattern(pattern: unknown): readonly PatternPart[] {
  const text = checkString('pattern', pattern);
  if (!text.startsWith('/')) throw notPattern('a path that begins with a slash', pattern);
  if (text === '/') return [];
  const names = new Set<string>();
  const segments = text.slice(1).split('/');
  return segments.map((segment, index) => {
    const isLast = index === segments.length - 1;
    const part = parseSegment(segment, isLast, text);
    if (part.kind !== 'text') {
      if (names.has(part.name)) throw notPattern(`one parameter ${part.name}`, pattern);
      names.add(part.name);
    }
    return part;
  });
}

function parseSegment(segment: string, isLast: boolean, pattern: string): PatternPart {
  const [, name, type] = PARAM.exec(segment) ?? [];
  if (name !== undefined) return { kind: 'param', name, type };
  const [, rest] = REST.exec(segment) ?? [];
  if (rest !== undefined) {
    if (!isLast) throw notPattern(`*${rest} at its end`, pattern);
    return { kind: 'rest', name: rest };
  }
  if (NOT_TEXT.test(segment) || (segment === '' && !isLast)) {
    throw notPattern(
      'decoded segments, :name, :name(type), and *name at its end',
      pattern,
      'optional parts are two routes, and regular expressions are types of the router',
    );
  }
  return { kind: 'text', text: segment };
}

function notPattern(expected: string, pattern: unknown, hint?: string): InvalidArgumentValueError {
  return new InvalidArgumentValueError('pattern', expected, pattern, hint);
}

/** A whole number in its shortest form, so that each has one path, from -(2^53 - 1) to 2^53 - 1. */
export const INT: ParamParser<number> = (segment) => {
  if (!/^(?:0|-?[1-9]\d{0,15})$/.test(segment)) return undefined;
  const value = Number(segment);
  return Number.isSafeInteger(value) ? value : undefined;
};
