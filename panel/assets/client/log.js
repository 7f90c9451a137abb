// The live log: new lines by server-sent events, made of text nodes only, never of markup.
import { clock, settle } from './clock.js';

const KEEP = 2000;

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** One line as the server parsed it: {iso, kind, where, spans:[{text, c}]}. */
function row(line) {
  const item = element('li', line.kind);
  const time = element('time', '', clock(new Date(line.iso)));
  time.dateTime = line.iso;
  time.dataset.clock = '';
  time.dataset.exact = `${line.iso.slice(0, 19).replace('T', ' ')} UTC`;
  time.tabIndex = -1;
  const said = element('span', 'said');
  for (const span of line.spans) said.append(span.c ? element('span', span.c, span.text) : span.text);
  item.append(time, element('span', 'where', line.where), said);
  return item;
}

function follow(root) {
  const box = root.querySelector('.log');
  const list = box.querySelector('ol');
  const state = root.querySelector('[data-log-state]');
  const again = root.querySelector('[data-log-follow]');
  let following = true;
  let missed = 0;
  let waiting = [];

  const toEnd = () => {
    box.scrollTop = box.scrollHeight;
  };
  const say = words => {
    if (state.textContent !== words) state.textContent = words;
  };
  const report = () => {
    again.hidden = following;
    if (following) say('Following: new lines appear by themselves.');
    else say(missed ? `Not following: ${missed} new ${missed === 1 ? 'line' : 'lines'} below.` : 'Not following, because you scrolled up.');
  };
  const flush = () => {
    if (!waiting.length) return;
    const fresh = waiting.map(row);
    waiting = [];
    box.querySelector('[data-log-empty]')?.remove();
    list.append(...fresh);
    while (list.childElementCount > KEEP && following) list.firstElementChild.remove();
    settle(list.lastElementChild.parentElement);
    if (following) toEnd();
    else missed += fresh.length;
    report();
  };

  box.addEventListener('scroll', () => {
    const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 24;
    if (atEnd === following) return;
    following = atEnd;
    if (following) missed = 0;
    report();
  });
  again.addEventListener('click', () => {
    following = true;
    missed = 0;
    toEnd();
    report();
  });
  // Up and down walk from time to time, so that UTC can be read by keyboard.
  box.addEventListener('keydown', event => {
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
    const here = document.activeElement.closest('li');
    const next = here ? (event.key === 'ArrowDown' ? here.nextElementSibling : here.previousElementSibling) : list.lastElementChild;
    if (!next) return;
    event.preventDefault();
    next.querySelector('time').focus();
  });

  toEnd();
  // What came between the drawing of the page and now is asked for too.
  const last = list.lastElementChild?.querySelector('time')?.dateTime ?? '';
  const source = new EventSource(`${root.dataset.log}&since=${encodeURIComponent(last)}`);
  source.addEventListener('line', event => waiting.push(JSON.parse(event.data)));
  source.addEventListener('open', report);
  source.addEventListener('gone', event => {
    source.close();
    say(JSON.parse(event.data).sentence);
  });
  source.addEventListener('error', () => {
    say(source.readyState === EventSource.CLOSED ? 'The log can no longer be followed. Load the page again.' : 'The connection was lost; trying again by itself.');
  });
  setInterval(flush, 150);
  addEventListener('pagehide', () => source.close());
}

for (const root of document.querySelectorAll('[data-log]')) follow(root);
