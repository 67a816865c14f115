/** The entry point `ropewalk/application`: services, and a program made of them that is started, drained and stopped in order. */
export { Application } from './application.js';
export { CooperatorService } from './cooperator-service.js';
export { Drain, type DrainFigures } from './drain.js';
export {
  type EndpointServiceOptions,
  type ServiceFromStringOptions,
  StreamServerEndpointService,
  serviceFromString,
} from './endpoint-service.js';
export { ServiceParentError, ServiceStartCancelledError, ServiceStopError } from './errors.js';
export {
  Health,
  type HealthCheckOptions,
  type HealthCheckReport,
  type HealthKind,
  type HealthReport,
  type LifeState,
} from './health.js';
export { type HealthHandlerOptions, healthHandler } from './health-handler.js';
export { MultiService } from './multi-service.js';
export {
  type ApplicationEvent,
  type ApplicationResult,
  type RunApplicationOptions,
  runApplication,
} from './run-application.js';
export { Service, type ServiceState } from './service.js';
export type { ServiceCollection, ServiceLike } from './service-like.js';
export { type Resource, type ServiceOfOptions, type StartStop, serviceOf } from './service-of.js';
export { type NotifyFields, SystemdNotifier } from './systemd-notifier.js';
export { TimerService } from './timer-service.js';
