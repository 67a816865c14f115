/** The type of the protocol that `connect` gives. */
import { describe, expectTypeOf, it } from 'vitest';
import {
  type Address,
  connectProtocol,
  type Deferred,
  Factory,
  type FactoryLike,
  Protocol,
  type StreamClientEndpoint,
  type StreamProtocol,
} from '../../src/index.js';

declare const endpoint: StreamClientEndpoint;

class Echo extends Protocol {
  readonly echoed: number = 0;
}

class EchoFactory extends Factory {
  override buildProtocol(address: Address): Echo | null {
    return address.type === 'UNIX' ? null : new Echo();
  }
}

describe('the result of connect', () => {
  it('has the type of the protocol', () => {
    const typesOnly = (): void => {
      expectTypeOf(endpoint.connect(Echo)).toEqualTypeOf<Deferred<Echo>>();
      expectTypeOf(endpoint.connect(() => new Echo())).toEqualTypeOf<Deferred<Echo>>();
      const maybe = (address: Address): Echo | null =>
        address.type === 'UNIX' ? null : new Echo();
      expectTypeOf(endpoint.connect(maybe)).toEqualTypeOf<Deferred<Echo>>();
      expectTypeOf(endpoint.connect(new EchoFactory())).toEqualTypeOf<Deferred<Echo>>();
      expectTypeOf(connectProtocol(endpoint, new Echo())).toEqualTypeOf<Deferred<Echo>>();
      expectTypeOf(endpoint.connect(() => ({}))).toEqualTypeOf<Deferred<Protocol>>();
      const any = Echo as FactoryLike;
      expectTypeOf(endpoint.connect(any)).toExtend<Deferred<StreamProtocol>>();
    };
    expectTypeOf(typesOnly).toBeFunction();
  });
});
