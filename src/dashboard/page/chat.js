// The chat room of the program.
import { byId, el, isAtEnd } from './dom.js';
import * as format from './format.js';

const MAX_SHOWN = 300;

export class Chat {
  #send;
  #list = byId('chat-lines');
  #input = /** @type {HTMLInputElement} */ (byId('chat-input'));
  #nickname = '';
  #joined = false;

  /** @param {(message: object) => void} send */
  constructor(send) {
    this.#send = send;
    byId('chat-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    byId('chat-leave').addEventListener('click', () => send({ type: 'leaveChat' }));
  }

  /** @param {string} line */
  received(line) {
    if (!this.#joined) return;
    this.#add(line, line.startsWith('* ') ? 'notice' : '');
  }

  ended() {
    if (!this.#joined) return;
    this.#add('* you have left', 'notice');
    this.#set(false);
  }

  #submit() {
    const text = this.#input.value.trim();
    if (text === '') return;
    this.#input.value = '';
    if (this.#joined) {
      this.#send({ type: 'say', text });
      this.#add(`<${this.#nickname}> ${text}`, 'own');
      return;
    }
    this.#nickname = text;
    this.#set(true);
    this.#send({ type: 'joinChat', nickname: text });
  }

  /** @param {boolean} joined */
  #set(joined) {
    this.#joined = joined;
    byId('chat-label').textContent = joined ? 'Message' : 'Nickname';
    byId('chat-submit').textContent = joined ? 'Send' : 'Join';
    byId('chat-leave').hidden = !joined;
    this.#input.maxLength = joined ? 500 : 20;
    this.#input.focus({ preventScroll: true });
  }

  /** @param {string} text @param {string} className */
  #add(text, className) {
    const scroll = byId('chat-scroll');
    const follows = isAtEnd(scroll);
    const now = Date.now();
    const time = el('time', { datetime: new Date(now).toISOString() }, format.timeOfDay(now));
    this.#list.append(el('li', { class: className }, time, el('span', { class: 'text' }, text)));
    while (this.#list.children.length > MAX_SHOWN) this.#list.firstElementChild?.remove();
    byId('chat-empty').hidden = true;
    if (follows) scroll.scrollTop = scroll.scrollHeight;
  }
}
