/** Errors of the dashboard. */
import type { Address } from '../core/address.js';
import { RopewalkError } from '../core/errors/base.js';

/** The endpoint of a dashboard can be reached from other machines. It does not listen any more. */
export class DashboardExposedError extends RopewalkError {
  override readonly name = 'DashboardExposedError';
  override readonly code = 'ERR_DASHBOARD_EXPOSED';
  /** The address that it listened on. */
  readonly address: Address;

  constructor(address: Address) {
    super(
      `the dashboard would be open to other machines on ${address}: listen on 127.0.0.1 or ::1, or set allowRemote`,
    );
    this.address = address;
  }
}
