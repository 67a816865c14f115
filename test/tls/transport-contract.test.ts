/** The transport contract over TLS: in the core, and above another reactor's transports. See the slow test for the rest. */
import { transportContractOverTLS } from './transport-contract.js';

transportContractOverTLS((reactor, engine) => (engine === 'native') === reactor.native);
