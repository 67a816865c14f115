/** Functions that are called when a response has ended. */
import { reportError } from '../internal/error-report.js';
import type { ConnectionRegistry, ServedConnection } from './served-connection.js';

/** Also in the place of the registry of a connection that was upgraded. */
export class ResponseEndings {
  private callbacks: (() => void)[] = [];

  add(callback: () => void): void {
    this.callbacks.push(callback);
  }

  end(): void {
    for (const callback of this.callbacks.splice(0)) {
      try {
        callback();
      } catch (error) {
        reportError(error, 'end of a response');
      }
    }
  }

  /** A registry that also ends this when a connection is removed. */
  before(registry: ConnectionRegistry): ConnectionRegistry {
    return {
      remove: (connection: ServedConnection) => {
        registry.remove(connection);
        this.end();
      },
    };
  }
}
