/** A module that is none of a worker's. */
export default { start(): void {} };
