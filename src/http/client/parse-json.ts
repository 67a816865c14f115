/** The content of responses as JSON. */
import { InvalidJSONError } from './errors.js';

/** @throws InvalidJSONError */
export function parseJSON(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch (cause) {
    throw new InvalidJSONError(cause);
  }
}
