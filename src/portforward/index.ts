/** `ropewalk/portforward`: forwards connections to another endpoint. */
export { PortForwardFactory, type PortForwardOptions } from './port-forward-factory.js';
