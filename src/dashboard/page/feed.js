// The WebSocket connection to the program: it connects again when it is lost.

const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 8_000;

export class Feed {
  #socket = /** @type {WebSocket | undefined} */ (undefined);
  #delayMs = FIRST_DELAY_MS;
  #received;
  #stateChanged;

  /**
   * @param {(message: any) => void} received
   * @param {(state: 'connecting' | 'live' | 'lost') => void} stateChanged
   */
  constructor(received, stateChanged) {
    this.#received = received;
    this.#stateChanged = stateChanged;
  }

  connect() {
    const url = new URL('feed', location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.#delayMs = FIRST_DELAY_MS;
      this.#stateChanged('live');
    });
    socket.addEventListener('message', ({ data }) => this.#received(JSON.parse(data)));
    socket.addEventListener('close', () => {
      this.#stateChanged('lost');
      setTimeout(() => this.connect(), this.#delayMs);
      this.#delayMs = Math.min(MAX_DELAY_MS, this.#delayMs * 2);
    });
  }

  /** @param {object} message */
  send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }
}
