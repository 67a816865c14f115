import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEndpoint, quoteStringArgument } from '../../src/endpoints/endpoint-syntax.js';
import { InvalidArgumentTypeError, InvalidEndpointError } from '../../src/index.js';

/** Written by Twisted: the first by 26.4, the random ones by 22.4. In its dictionary the last value of a key wins. */
const vectors = JSON.parse(
  readFileSync(new URL('vectors/twisted-endpoints.json', import.meta.url), 'utf8'),
) as {
  readonly parse: readonly [text: string, positional: string[], named: Record<string, string>][];
  readonly quote: readonly [argument: string, quoted: string][];
};

describe('parseEndpoint', () => {
  it.each(vectors.parse)('reads %j as Twisted does', (text, positional, named) => {
    const parsed = parseEndpoint(text);
    expect(parsed.positional).toEqual(positional);
    expect(Object.fromEntries(parsed.named)).toEqual(named);
  });

  it('keeps every value of a key, so that a type can refuse a second one', () => {
    expect(parseEndpoint('tcp:a=1:a=2').named).toEqual([
      ['a', '1'],
      ['a', '2'],
    ]);
  });

  it.each(['\\', 'tcp:80\\', 'a=\\'])('refuses %j, which ends with a quote of nothing', (text) => {
    expect(() => parseEndpoint(text)).toThrow(InvalidEndpointError);
  });
});

describe('quoteStringArgument', () => {
  it.each(vectors.quote)('quotes %j as Twisted does', (argument, quoted) => {
    expect(quoteStringArgument(argument)).toBe(quoted);
  });

  it('makes every text one value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const parsed = parseEndpoint(`type:key=${quoteStringArgument(value)}:last`);
        expect(parsed).toEqual({ positional: ['type', 'last'], named: [['key', value]] });
      }),
    );
  });

  it('refuses a value that is not a string', () => {
    expect(() => quoteStringArgument(80 as never)).toThrow(InvalidArgumentTypeError);
  });
});
