/** Errors of the testing kit's transports, reactors and simulator: all are the test's own fault, or what it found out. */
import { RopewalkError } from '../../core/errors/base.js';

/** A transport, connection or reactor of the testing kit was asked for what its state does not allow. */
export class TestTransportStateError extends RopewalkError {
  override readonly name = 'TestTransportStateError';
  override readonly code = 'ERR_TEST_TRANSPORT_STATE';
}

/** Work that was to end in a bounded number of steps has not: a producer without end, or an endless exchange. */
export class SimulationLimitError extends RopewalkError {
  override readonly name = 'SimulationLimitError';
  override readonly code = 'ERR_SIMULATION_LIMIT';
}

/** No events are left in a simulation, and the condition of the run is not met. The message says what each part waits for. */
export class SimulationStuckError extends RopewalkError {
  override readonly name = 'SimulationStuckError';
  override readonly code = 'ERR_SIMULATION_STUCK';
}
