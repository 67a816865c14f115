import { describe, expect, it } from 'vitest';
import { IPv4Address } from '../../src/core/address.js';
import { InvalidArgumentTypeError } from '../../src/core/errors/arguments.js';
import {
  builtProtocol,
  ClientFactory,
  Factory,
  type FactoryLike,
  toFactory,
} from '../../src/core/factory.js';
import { HandlerProtocol, Protocol } from '../../src/core/protocol.js';

const ADDRESS = new IPv4Address('TCP', '127.0.0.1', 9);

class Counting extends Factory {
  readonly log: string[] = [];

  override startFactory(): void {
    this.log.push('start');
  }

  override stopFactory(): void {
    this.log.push('stop');
  }
}

describe('Factory', () => {
  it.each([undefined, {}, Date, () => new Protocol()])('forProtocol rejects %o', (wrong) => {
    expect(() => Factory.forProtocol(wrong as never)).toThrow(
      'ProtocolClass must be a Protocol class, not ',
    );
  });

  it('throws until buildProtocol is overridden, and is refused as a factory', () => {
    const message =
      'factory must be a Factory, a Protocol class or a function, not an object (Factory): it does not override buildProtocol: pass the Protocol class itself, use Factory.forProtocol, or override buildProtocol';
    expect(() => new Factory().buildProtocol(ADDRESS)).toThrow(message);
    expect(() => toFactory(new Factory())).toThrow(message);
    const late = new Factory();
    late.buildProtocol = () => null;
    expect(toFactory(late)).toBe(late);
  });

  it("says that Twisted's `protocol` is not used", () => {
    const factory = Object.assign(new ClientFactory(), { protocol: Protocol });
    expect(() => toFactory(factory)).toThrow(
      "not an object (ClientFactory): its 'protocol' is not used: pass the Protocol class itself",
    );
  });

  it('starts with its first user and stops after its last', () => {
    const factory = new Counting();
    factory.doStart();
    factory.doStart();
    expect(factory.users).toBe(2);
    factory.doStop();
    expect(factory.log).toEqual(['start']);
    factory.doStop();
    expect(factory.log).toEqual(['start', 'stop']);
    expect(factory.users).toBe(0);
  });

  it('may start again', () => {
    const factory = new Counting();
    for (let i = 0; i < 2; i++) {
      factory.doStart();
      factory.doStop();
    }
    expect(factory.log).toEqual(['start', 'stop', 'start', 'stop']);
  });

  it('is not stopped more often than it was started', () => {
    const factory = new Counting();
    factory.doStop();
    expect([factory.users, factory.log.length]).toEqual([0, 0]);
  });
});

describe('Factory.forProtocol', () => {
  class Named extends Protocol {
    readonly label: string;
    readonly size: number;

    constructor(label: string, size: number) {
      super();
      this.label = label;
      this.size = size;
    }
  }

  it('builds one protocol for each connection, with the arguments and the factory', () => {
    const factory = Factory.forProtocol(Named, 'name', 5);
    const [one, two] = [factory.buildProtocol(ADDRESS), factory.buildProtocol(ADDRESS)];
    expect(one).toBeInstanceOf(Named);
    expect(one).toMatchObject({ label: 'name', size: 5 });
    expect((one as Named).factory).toBe(factory);
    expect(two).not.toBe(one);
  });

  it('also serves outgoing connections', () => {
    expect(Factory.forProtocol(Protocol)).toBeInstanceOf(ClientFactory);
  });
});

describe('toFactory', () => {
  it('returns a factory unchanged', () => {
    const factory = Factory.forProtocol(Protocol);
    expect(toFactory(factory)).toBe(factory);
    const plain = { buildProtocol: () => null, doStart() {}, doStop() {} };
    expect(toFactory(plain)).toBe(plain);
  });

  it('makes a factory of a Protocol class', () => {
    class Mine extends Protocol {}
    const factory = toFactory(Mine);
    const built = factory.buildProtocol(ADDRESS);
    expect(built).toBeInstanceOf(Mine);
    expect((built as Mine).factory).toBe(factory);
    expect(toFactory(Protocol).buildProtocol(ADDRESS)).toBeInstanceOf(Protocol);
  });

  it('makes a factory of a function, and gives it the address', () => {
    const seen: unknown[] = [];
    const protocol = new Protocol();
    const factory = toFactory((address) => {
      seen.push(address);
      return protocol;
    });
    expect(factory.buildProtocol(ADDRESS)).toBe(protocol);
    expect(seen).toEqual([ADDRESS]);
  });

  it('treats null from a function as a refusal', () => {
    expect(toFactory(() => null).buildProtocol(ADDRESS)).toBeNull();
  });

  it('makes a protocol of the handlers that a function returns', () => {
    const built = toFactory(() => ({ dataReceived() {} })).buildProtocol(ADDRESS);
    expect(built).toBeInstanceOf(HandlerProtocol);
  });

  it('accepts an object with the methods of a protocol', () => {
    const duck = { makeConnection() {}, dataReceived() {}, connectionLost() {} };
    expect(toFactory(() => duck).buildProtocol(ADDRESS)).toBe(duck);
  });

  it('takes a class with the methods of a protocol', () => {
    class Duck {
      makeConnection(): void {}
      dataReceived(): void {}
      connectionLost(): void {}
    }
    expect(toFactory(Duck as never).buildProtocol(ADDRESS)).toBeInstanceOf(Duck);
  });

  class Plain {}
  class Mine extends Protocol {}
  class Mistaken {
    onData(): void {}
  }
  it.each([
    [Plain, 'not the class Plain: it does not extend Protocol'],
    [class {}, 'not a class: it does not extend Protocol'],
    [Counting, 'not the class Counting: give an instance, new Counting()'],
    [new Mine(), 'not an object (Mine): a protocol serves one connection: give the class, Mine'],
    [{ buildProtocol() {} }, 'not an object (Object): it lacks doStart or doStop: extend Factory'],
  ])('says what is wrong with %o', (value, message) => {
    expect(() => toFactory(value as never)).toThrow(
      `factory must be a Factory, a Protocol class or a function, ${message}`,
    );
  });

  it.each([
    [undefined, 'not undefined: is a return missing?'],
    [Mine, 'not the class Mine: new Mine()'],
    [5, 'not 5'],
    [
      { onData() {} },
      "not an object (Object): it has 'onData', and none of connectionMade, dataReceived, connectionLost",
    ],
    [
      new Mistaken(),
      'not an object (Mistaken): it has none of connectionMade, dataReceived, connectionLost',
    ],
    [Promise.resolve(new Mine()), 'not an object (Promise): it cannot be asynchronous'],
  ])('refuses %o of a function', (built, message) => {
    const factory = toFactory((() => built) as never);
    const build = (): unknown => factory.buildProtocol(ADDRESS);
    expect(build).toThrow(InvalidArgumentTypeError);
    expect(build).toThrow(
      `the result of the function given as factory must be a protocol or null, ${message}`,
    );
  });

  it('treats an empty object as a protocol that does nothing', () => {
    expect(toFactory(() => ({})).buildProtocol(ADDRESS)).toBeInstanceOf(HandlerProtocol);
  });

  it.each([undefined, null, 0, 'factory', {}, [], { buildProtocol() {} }, Symbol('f')])(
    'refuses %o',
    (value) => {
      expect(() => toFactory(value as unknown as FactoryLike)).toThrow(InvalidArgumentTypeError);
    },
  );
});

describe('builtProtocol', () => {
  class Forgetful extends Factory {
    override buildProtocol(): never {
      return undefined as never;
    }
  }

  it('passes a protocol or null on', () => {
    const protocol = new Protocol();
    expect(
      builtProtocol(
        toFactory(() => protocol),
        ADDRESS,
      ),
    ).toBe(protocol);
    expect(
      builtProtocol(
        toFactory(() => null),
        ADDRESS,
      ),
    ).toBeNull();
  });

  it('names the factory that returns something else', () => {
    expect(() => builtProtocol(new Forgetful(), ADDRESS)).toThrow(
      'the result of Forgetful.buildProtocol must be a protocol or null, not undefined: is a return missing?',
    );
  });
});
