/** Cases of the adoption contract: other descriptors, and reactors that do not adopt sockets. */
import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';

import {
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
} from '../../../core/errors/arguments.js';
import { UnsupportedError } from '../../../core/errors/reactor.js';
import {
  type AdoptionCases,
  type AdoptionScene,
  BOTH,
  isOpen,
  refusal,
  TAKE_OVER,
} from './adoption-scene.js';

/** More than a process may open on the usual systems. */
const NEVER_OPEN = 1_000_000;

type Adopt = (scene: AdoptionScene, fd: number, options?: object) => unknown;

const METHODS: readonly (readonly [method: string, adopt: Adopt])[] = [
  ['adoptStreamPort', (to, fd, options) => to.reactor.adoptStreamPort(fd, to.recorders(), options)],
  [
    'adoptStreamConnection',
    (to, fd, options) => to.reactor.adoptStreamConnection(fd, to.recorders(), options),
  ],
  ['adoptDatagramPort', (to, fd, options) => to.reactor.adoptDatagramPort(fd, () => {}, options)],
];

/** For reactors that adopt sockets. */
export function addRefusedAdoptionCases(contract: AdoptionCases): void {
  for (const [method, adopt] of METHODS) addMethodCases(contract, method, adopt);
  addStreamCases(contract);
}

function addMethodCases(contract: AdoptionCases, method: string, adopt: Adopt): void {
  contract.add(`${method} refuses a descriptor that is not open`, (scene) => {
    assert.equal(
      refusal(() => adopt(scene, NEVER_OPEN, TAKE_OVER), NEVER_OPEN),
      'EBADF',
    );
  });

  contract.add(`${method} refuses a file, and leaves it open`, (scene) => {
    const fd = openSync('/dev/null', 'r+');
    assert.equal(
      refusal(() => adopt(scene, fd, TAKE_OVER), fd),
      'ENOTSOCK',
    );
    assert(isOpen(fd));
    closeSync(fd);
  });

  contract.add(
    `${method} refuses a socket of the other kind, and leaves it open`,
    async (scene) => {
      const options = { interface: scene.host };
      const port =
        method === 'adoptDatagramPort'
          ? scene.source.listenTCP(0, () => null, options)
          : scene.source.listenUDP(0, () => {}, options);
      const fd = await scene.duplicate(port.fileno());
      assert.match(
        refusal(() => adopt(scene, fd, TAKE_OVER), fd),
        /^(EPROTOTYPE|EINVAL)$/,
      );
      assert(isOpen(fd));
      closeSync(fd);
    },
  );

  contract.add(`${method} refuses wrong arguments`, (scene) => {
    for (const fd of [-1, 2 ** 31, 1.5, Number.NaN]) {
      assert.throws(() => adopt(scene, fd, TAKE_OVER), InvalidArgumentValueError);
    }
    assert.throws(() => adopt(scene, '3' as never, TAKE_OVER), InvalidArgumentTypeError);
    assert.throws(() => adopt(scene, 3, { takeOver: 1 }), InvalidArgumentTypeError);
  });
}

function addStreamCases(contract: AdoptionCases): void {
  for (const via of BOTH) {
    contract.add(
      `adoptStreamPort refuses a connection (${via}), and leaves it open`,
      async (scene) => {
        const { fd } = await scene.detached(via);
        const adopt = (): unknown =>
          scene.reactor.adoptStreamPort(fd, scene.recorders(), TAKE_OVER);
        assert.equal(refusal(adopt, fd), 'EINVAL');
        assert(isOpen(fd));
        closeSync(fd);
      },
    );
  }
}

/** For reactors that adopt none. */
export function addUnsupportedCases(contract: AdoptionCases): void {
  for (const [method, adopt] of METHODS) {
    contract.add(`refuses ${method}, since it adopts no sockets`, (scene) => {
      assert.throws(
        () => adopt(scene, NEVER_OPEN, TAKE_OVER),
        (error) => error instanceof UnsupportedError && error.feature === method,
      );
    });
  }
}
