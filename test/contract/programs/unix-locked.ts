/** Listens at a path behind its lock file until it is killed. Arguments: the reactor's name, the path. */
import { Protocol } from '../../../src/index.js';
import { reactorMaker } from '../../support/reactors.js';

const [name, path = ''] = process.argv.slice(2);
reactorMaker(name).make().listenUNIX(path, Protocol, { wantPID: true });
process.stdout.write('listening\n');
