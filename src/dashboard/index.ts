/** The entry point `ropewalk/dashboard`: a page with live figures of a program. */

export type { DashboardOptions, MeasuredWorkers } from './dashboard-options.js';
export { DashboardExposedError } from './errors.js';
export type { EventLevel } from './event-log.js';
export { Dashboard, serveDashboard } from './serve-dashboard.js';
