/** Errors of the testing kit's transports, reactors and simulator: faults of the test, or findings of it. */
import { RopewalkError } from '../../core/errors/base.js';

/** A transport, connection or reactor of the testing kit is in a state that does not allow the call. */
export class TestTransportStateError extends RopewalkError {
  override readonly name = 'TestTransportStateError';
  override readonly code = 'ERR_TEST_TRANSPORT_STATE';
}

/** Work that should end in a bounded number of steps has not: a producer without end, or an endless exchange. */
export class SimulationLimitError extends RopewalkError {
  override readonly name = 'SimulationLimitError';
  override readonly code = 'ERR_SIMULATION_LIMIT';
  /** The option of the simulation that was exceeded; undefined for the fixed limits of transports, pumps and reactors. */
  readonly option: 'maxSteps' | undefined;
  /** The most steps or turns. */
  readonly limit: number;

  constructor(message: string, limit: number, option?: 'maxSteps') {
    super(message);
    this.option = option;
    this.limit = limit;
  }
}

/** A simulation has no events left, and the goal of the run was not reached. The message lists what is waiting for what. */
export class SimulationStuckError extends RopewalkError {
  override readonly name = 'SimulationStuckError';
  override readonly code = 'ERR_SIMULATION_STUCK';
}
