import { describe, expect, it } from 'vitest';
import {
  evaluatePreconditions,
  type PreconditionResult,
  type Validators,
} from '../../src/http/conditional.js';
import { requestOf } from './requests.js';

const NOW = Date.UTC(2026, 10, 29);
const BEFORE = 'Sun, 06 Nov 1994 08:49:36 GMT';
const MODIFIED = 'Sun, 06 Nov 1994 08:49:37 GMT';
const AFTER = 'Sun, 06 Nov 1994 08:49:38 GMT';
const STRONG: Validators = {
  entityTag: '"a"',
  lastModifiedMs: Date.UTC(1994, 10, 6, 8, 49, 37) + 500,
};
const WEAK: Validators = { ...STRONG, entityTag: 'W/"a"' };

const evaluate = (
  method: string,
  fields: Record<string, string>,
  validators: Validators | undefined = STRONG,
): PreconditionResult => evaluatePreconditions(requestOf(method, fields), validators, NOW);

describe('If-Match', () => {
  it.each([
    ['"a"', STRONG, 'proceed'],
    ['"b", "a"', STRONG, 'proceed'],
    ['*', STRONG, 'proceed'],
    ['*', {}, 'proceed'],
    ['"b"', STRONG, 'precondition-failed'],
    ['W/"a"', STRONG, 'precondition-failed'],
    ['W/"a"', WEAK, 'precondition-failed'],
    ['"a"', WEAK, 'precondition-failed'],
    ['"a"', {}, 'precondition-failed'],
    ['a', STRONG, 'precondition-failed'],
  ] as const)('%j with the validators %j: %s', (value, validators, result) => {
    for (const method of ['PUT', 'GET', 'HEAD', 'DELETE']) {
      expect(evaluate(method, { 'If-Match': value }, validators)).toBe(result);
    }
  });

  it.each(['*', '"a"'])('%j fails without a representation', (value) => {
    const request = requestOf('PUT', { 'If-Match': value });
    expect(evaluatePreconditions(request, undefined, NOW)).toBe('precondition-failed');
  });

  it('takes precedence over If-Unmodified-Since', () => {
    const fields = { 'If-Match': '"a"', 'If-Unmodified-Since': BEFORE };
    expect(evaluate('PUT', fields)).toBe('proceed');
  });
});

describe('If-Unmodified-Since', () => {
  it.each([
    [BEFORE, 'precondition-failed'],
    [MODIFIED, 'proceed'],
    [AFTER, 'proceed'],
    ['yesterday', 'proceed'],
    [`${BEFORE}, ${BEFORE}`, 'proceed'],
  ])('%j: %s', (value, result) => {
    for (const method of ['PUT', 'GET']) {
      expect(evaluate(method, { 'If-Unmodified-Since': value })).toBe(result);
    }
  });

  it('is ignored without a date of modification', () => {
    expect(evaluate('PUT', { 'If-Unmodified-Since': BEFORE }, { entityTag: '"a"' })).toBe(
      'proceed',
    );
    const request = requestOf('PUT', { 'If-Unmodified-Since': BEFORE });
    expect(evaluatePreconditions(request, undefined, NOW)).toBe('proceed');
  });
});

describe('If-None-Match', () => {
  it.each([
    ['"a"', STRONG, false],
    ['W/"a"', STRONG, false],
    ['"a"', WEAK, false],
    ['"b", W/"a"', STRONG, false],
    ['*', STRONG, false],
    ['*', {}, false],
    ['"b"', STRONG, true],
    ['"a"', {}, true],
  ])('%j with the validators %j: %s', (value, validators, isNew) => {
    const fields = { 'If-None-Match': value };
    for (const method of ['GET', 'HEAD']) {
      expect(evaluate(method, fields, validators)).toBe(isNew ? 'proceed' : 'not-modified');
    }
    expect(evaluate('PUT', fields, validators)).toBe(isNew ? 'proceed' : 'precondition-failed');
  });

  it('* allows a new resource', () => {
    const request = requestOf('PUT', { 'If-None-Match': '*' });
    expect(evaluatePreconditions(request, undefined, NOW)).toBe('proceed');
  });

  it('is ignored by GET and fails PUT if it is malformed', () => {
    expect(evaluate('GET', { 'If-None-Match': 'a' })).toBe('proceed');
    expect(evaluate('PUT', { 'If-None-Match': 'a' })).toBe('precondition-failed');
  });

  it('takes precedence over If-Modified-Since', () => {
    const fields = { 'If-None-Match': '"b"', 'If-Modified-Since': AFTER };
    expect(evaluate('GET', fields)).toBe('proceed');
  });
});

describe('If-Modified-Since', () => {
  it.each([
    [BEFORE, 'proceed'],
    [MODIFIED, 'not-modified'],
    [AFTER, 'not-modified'],
    ['yesterday', 'proceed'],
  ])('%j: %s', (value, result) => {
    for (const method of ['GET', 'HEAD']) {
      expect(evaluate(method, { 'If-Modified-Since': value })).toBe(result);
    }
    expect(evaluate('PUT', { 'If-Modified-Since': value })).toBe('proceed');
    expect(evaluate('GET', { 'If-Modified-Since': value }, {})).toBe('proceed');
  });
});

describe('If-Range', () => {
  it.each([
    ['"a"', STRONG, 'proceed'],
    ['"b"', STRONG, 'ignore-range'],
    ['W/"a"', WEAK, 'ignore-range'],
    ['"a"', WEAK, 'ignore-range'],
    ['"a"', {}, 'ignore-range'],
    [MODIFIED, STRONG, 'proceed'],
    [BEFORE, STRONG, 'ignore-range'],
    [AFTER, STRONG, 'ignore-range'],
    [MODIFIED, { entityTag: '"a"' }, 'ignore-range'],
    ['nonsense', STRONG, 'ignore-range'],
  ] as const)('%j with the validators %j: %s', (value, validators, result) => {
    const fields = { 'If-Range': value, Range: 'bytes=0-1' };
    expect(evaluate('GET', fields, validators)).toBe(result);
  });

  it('counts only for GET with Range', () => {
    expect(evaluate('GET', { 'If-Range': '"b"' })).toBe('proceed');
    expect(evaluate('HEAD', { 'If-Range': '"b"', Range: 'bytes=0-1' })).toBe('proceed');
  });

  it('is evaluated last', () => {
    const fields = { 'If-None-Match': '"a"', 'If-Range': '"b"', Range: 'bytes=0-1' };
    expect(evaluate('GET', fields)).toBe('not-modified');
  });
});

describe('conditions', () => {
  it('do not exist for CONNECT, OPTIONS and TRACE', () => {
    for (const method of ['CONNECT', 'OPTIONS', 'TRACE']) {
      expect(evaluate(method, { 'If-Match': '"b"', 'If-None-Match': '*' })).toBe('proceed');
    }
  });

  it('are all fulfilled by a request without them', () => {
    expect(evaluate('GET', {})).toBe('proceed');
    expect(evaluate('GET', { Range: 'bytes=0-1' })).toBe('proceed');
  });

  it('check first whether the resource may be changed', () => {
    const fields = { 'If-Match': '"b"', 'If-None-Match': '"a"' };
    expect(evaluate('GET', fields)).toBe('precondition-failed');
  });
});
