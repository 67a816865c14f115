/** The connection of one page. */
import { WebSocketProtocol } from '../websocket/web-socket-protocol.js';
import { ChatLink } from './chat-link.js';
import type { Feed } from './feed.js';
import { type FromPage, parseFromPage, type ToPage } from './page-messages.js';

const INVALID_PAYLOAD = 1007;

export class PageSocket extends WebSocketProtocol {
  readonly #feed: Feed;
  #chat: ChatLink | undefined;
  watchesConnections = false;

  constructor(feed: Feed) {
    super();
    this.#feed = feed;
  }

  override get description(): string {
    return 'dashboard: page';
  }

  override opened(): void {
    this.#feed.joined(this);
  }

  override messageReceived(message: string | Buffer): void {
    const parsed = typeof message === 'string' ? parseFromPage(message) : undefined;
    if (parsed === undefined) this.close(INVALID_PAYLOAD, 'not a message of the dashboard');
    else this.#received(parsed);
  }

  override closed(): void {
    this.#chat?.leave();
    this.#chat = undefined;
    this.#feed.left(this);
  }

  tell(message: ToPage): void {
    if (this.isOpen) this.send(JSON.stringify(message));
  }

  #received(message: FromPage): void {
    switch (message.type) {
      case 'watchConnections':
        this.watchesConnections = message.on;
        if (message.on) this.#feed.showConnections([this]);
        return;
      case 'joinChat':
        this.#join(message.nickname);
        return;
      case 'say':
        this.#chat?.say(message.text);
        return;
      case 'leaveChat':
        this.#chat?.leave();
        return;
      case 'startLoad':
        this.#feed.startLoad();
        return;
      default:
        this.#feed.cancelLoad();
    }
  }

  #join(nickname: string): void {
    const { chat } = this.#feed.settings;
    if (chat === undefined || this.#chat !== undefined) return;
    const link = new ChatLink(
      chat,
      nickname,
      (line) => this.tell({ type: 'chat', line }),
      () => {
        if (this.#chat === link) this.#chat = undefined;
        this.tell({ type: 'chatEnded' });
      },
    );
    this.#chat = link;
  }
}
