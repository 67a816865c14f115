// The dashboard: passes the messages of the program on to the parts of the page.
import { Charts } from './charts.js';
import { Chat } from './chat.js';
import { Comparison } from './compare.js';
import { byId } from './dom.js';
import { EventList } from './events.js';
import { Feed } from './feed.js';
import { ConnectionTable, showThreads, showTiles } from './tables.js';
import { startTheme } from './theme.js';

const MAX_SAMPLES = 300;
const STATES = { connecting: 'Connecting', live: 'Live', lost: 'Connection lost, trying again' };

let samples = /** @type {any[]} */ ([]);
let meters = /** @type {string[]} */ ([]);
let shape = '';
let paused = false;

const feed = new Feed(received, stateChanged);
const send = (/** @type {object} */ message) => feed.send(message);
const charts = new Charts(byId('chart-grid'));
const connections = new ConnectionTable();
const events = new EventList();
const chat = new Chat(send);
const comparison = new Comparison(send);

/** @param {any} message */
function received(message) {
  switch (message.type) {
    case 'hello':
      greeted(message);
      return;
    case 'sample':
      samples.push(message.sample);
      if (samples.length > MAX_SAMPLES) samples.shift();
      showSamples();
      return;
    case 'events':
      events.add(message.events);
      return;
    case 'connections':
      if (!paused) connections.show(message);
      return;
    case 'chat':
      chat.received(message.line);
      return;
    case 'chatEnded':
      chat.ended();
      return;
    case 'load':
      comparison.show(message.load);
      return;
    default:
  }
}

/** @param {any} hello */
function greeted(hello) {
  document.title = `${hello.title} dashboard`;
  byId('title').textContent = hello.title;
  const { kind, poller } = hello.reactor;
  byId('facts').textContent =
    `${kind === 'native' ? 'Native' : 'Pure-JS'} reactor (${poller}), Node ${hello.node}, process ${hello.pid}`;
  show('chat', hello.hasChat);
  show('load', hello.hasLoadRuns);
  meters = hello.meters;
  samples = hello.history;
  // After a reconnection the charts stay, unless it is another program.
  const newShape = JSON.stringify([hello.meters, hello.turnLimitsMs]);
  if (newShape !== shape) charts.build(hello);
  shape = newShape;
  connections.reset(hello.hasWorkers);
  events.clear();
  events.add(hello.events);
  comparison.show(hello.load);
  showSamples();
  watch();
}

/** @param {string} part @param {boolean} on */
function show(part, on) {
  for (const element of document.querySelectorAll(`[data-needs="${part}"]`)) {
    /** @type {HTMLElement} */ (element).hidden = !on;
  }
}

function showSamples() {
  const last = samples.at(-1);
  if (paused || document.hidden || last === undefined) return;
  showTiles(last, meters);
  showThreads(last.threads);
  charts.update(samples);
}

/** The program lists its connections only for pages that are seen. */
function watch() {
  send({ type: 'watchConnections', on: !paused && !document.hidden });
}

/** @param {'connecting' | 'live' | 'lost'} state */
function stateChanged(state) {
  byId('status').dataset.state = state;
  const text = paused && state === 'live' ? 'Paused' : STATES[state];
  if (byId('status-text').textContent !== text) byId('status-text').textContent = text;
  if (state === 'lost') chat.ended();
}

byId('pause').addEventListener('click', () => {
  paused = !paused;
  byId('pause').setAttribute('aria-pressed', String(paused));
  if (byId('status').dataset.state === 'live') stateChanged('live');
  watch();
  showSamples();
});

document.addEventListener('visibilitychange', () => {
  watch();
  showSamples();
});

startTheme(() => {
  charts.draw();
  comparison.draw();
});
feed.connect();
