/** Errors, and other things that can be thrown, that throw in turn when somebody reads them. */
import { inspect } from 'node:util';

export function hostileErrors(): Record<string, unknown> {
  const { proxy, revoke } = Proxy.revocable(new Error('revoked'), {});
  revoke();
  return {
    'a message getter': withGetter('message'),
    'a stack getter': withGetter('stack'),
    'a name getter': withGetter('name'),
    'a constructor getter': withGetter('constructor'),
    'a cause getter': withGetter('cause'),
    'a toString': Object.assign(new Error('told'), { toString: refuse }),
    'an inspect method': Object.assign(new Error('told'), { [inspect.custom]: refuse }),
    'a message that is no text': Object.assign(new Error(), { message: Symbol('message') }),
    'a revoked proxy': proxy,
    'a proxy that refuses everything': new Proxy(new Error('hidden'), {
      get: refuse,
      getPrototypeOf: refuse,
      getOwnPropertyDescriptor: refuse,
      has: refuse,
      ownKeys: refuse,
    }),
    'an object without a prototype': Object.create(null),
  };
}

function withGetter(property: string): Error {
  return Object.defineProperty(new Error('told'), property, { get: refuse });
}

function refuse(): never {
  throw new Error('refused');
}
