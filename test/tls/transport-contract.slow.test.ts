/** The transport contract over TLS, with each reactor and the engine that `transport-contract.test.ts` omits. */
import { transportContractOverTLS } from './transport-contract.js';

transportContractOverTLS((reactor, engine) => (engine === 'native') !== reactor.native);
