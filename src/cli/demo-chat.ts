/** The demo's chat service: a room, and a protocol for each visitor. */
import { StringDecoder } from 'node:string_decoder';

import type { Clock } from '../core/clock.js';
import { Protocol } from '../core/protocol.js';
import { LimitUnsentBytesFactory } from '../policies/limit-unsent-bytes.js';
import type { MessageCounts } from './demo-echo.js';

/** Longest line, in UTF-16 code units. */
const MAX_LINE_LENGTH = 1000;

/** The visitors, by nickname, and those without one. */
export class ChatRoom {
  readonly #counts: MessageCounts;
  readonly #visitors: Set<DemoChat> = new Set();
  readonly #named: Map<string, DemoChat> = new Map();
  #closed: (() => void) | undefined;

  constructor(counts: MessageCounts) {
    this.#counts = counts;
  }

  /** The number of visitors with a nickname. */
  get chatting(): number {
    return this.#named.size;
  }

  get nicknames(): string[] {
    return [...this.#named.keys()];
  }

  buildProtocol(): DemoChat {
    return new DemoChat(this, this.#counts);
  }

  /** Says goodbye to all visitors. Settles when they have been sent it and their connections are closed. */
  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    for (const visitor of this.#visitors) visitor.leave('* the server is stopping; goodbye');
    this.#checkClosed();
    return closed;
  }

  enter(visitor: DemoChat): void {
    this.#visitors.add(visitor);
  }

  /** @returns Whether the nickname was free. */
  name(visitor: DemoChat, nickname: string): boolean {
    if (this.#named.has(nickname)) return false;
    this.broadcast(`* ${nickname} joined`);
    this.#named.set(nickname, visitor);
    return true;
  }

  broadcast(text: string, except?: DemoChat): void {
    for (const chat of this.#named.values()) if (chat !== except) chat.say(text);
  }

  exit(visitor: DemoChat, nickname: string): void {
    this.#visitors.delete(visitor);
    if (this.#named.delete(nickname)) this.broadcast(`* ${nickname} left`);
    this.#checkClosed();
  }

  #checkClosed(): void {
    if (this.#visitors.size === 0) this.#closed?.();
  }
}

/** The room's factory. Ends connections with too many unsent bytes: their peer does not read. */
export function chatFactory(room: ChatRoom, clock: Clock): LimitUnsentBytesFactory {
  return new LimitUnsentBytesFactory(() => room.buildProtocol(), { clock });
}

/** A connection to the chat: first a nickname, then lines. */
class DemoChat extends Protocol {
  override readonly acceptsLentBytes = true;
  readonly #room: ChatRoom;
  readonly #counts: MessageCounts;
  readonly #decoder = new StringDecoder('utf8');
  #unfinished = '';
  #nickname = '';

  constructor(room: ChatRoom, counts: MessageCounts) {
    super();
    this.#room = room;
    this.#counts = counts;
  }

  get description(): string {
    return `chat: ${this.#nickname || 'no nickname yet'}`;
  }

  override connectionMade(): void {
    this.#room.enter(this);
    this.say('* your nickname?');
  }

  override dataReceived(data: Buffer): void {
    const lines = (this.#unfinished + this.#decoder.write(data)).split('\n');
    this.#unfinished = lines.at(-1) ?? '';
    if (lines.some((line) => line.length > MAX_LINE_LENGTH)) {
      this.leave('* that line is too long; goodbye');
      return;
    }
    for (const line of lines.slice(0, -1)) {
      if (this.transport.disconnecting) return;
      this.#counts.messagesIn += 1;
      this.#lineReceived(line.replace(/\p{Cc}/gu, ''));
    }
  }

  override connectionLost(): void {
    this.#room.exit(this, this.#nickname);
  }

  say(text: string): void {
    if (this.transport.disconnecting) return;
    this.#counts.messagesOut += 1;
    this.transport.write(`${text}\n`);
  }

  leave(text: string): void {
    this.say(text);
    this.transport.loseConnection();
  }

  #lineReceived(line: string): void {
    if (line === '/quit') {
      this.leave('* goodbye');
    } else if (line === '/who') {
      this.say(`* here: ${this.#room.nicknames.join(', ') || 'nobody'}`);
    } else if (this.#nickname !== '') {
      this.#room.broadcast(`<${this.#nickname}> ${line}`, this);
    } else if (/^[\w-]{1,20}$/.test(line) && this.#room.name(this, line)) {
      this.#nickname = line;
      this.say(`* welcome, ${line}; /who lists the others, /quit leaves`);
    } else {
      this.say('* another nickname, please: up to 20 letters, digits, - or _, not in use');
    }
  }
}
