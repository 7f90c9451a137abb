// A job's sentences tick off while they happen. When it ends, the page is loaded again: the server knows what comes next.
import { took } from './clock.js';

const WORDS = { queued: 'Waiting', running: 'Running', done: 'Done', failed: 'Failed' };
const TONES = { queued: 'off', running: 'busy', done: 'good', failed: 'bad' };

function part(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function makeStep(step) {
  const item = part('li');
  item.dataset.step = step.id;
  const line = part('div', 'step-line');
  const mark = part('span', 'step-mark');
  mark.setAttribute('aria-hidden', 'true');
  const words = part('span', '', step.why);
  const word = part('span', 'visually-hidden');
  word.dataset.word = '';
  words.append(word);
  const time = part('span', 'step-time');
  time.dataset.time = '';
  line.append(mark, words, time);
  item.append(line);
  return item;
}

function paintStep(item, step) {
  const before = item.dataset.state;
  item.dataset.state = step.state;
  item.querySelector('[data-word]').textContent = ` (${WORDS[step.state] ?? step.state})`;
  item.dataset.since = step.startedAt ? String(new Date(step.startedAt).getTime()) : '';
  if (step.state === 'done' || step.state === 'failed') item.querySelector('[data-time]').textContent = step.ms === null || step.ms === undefined ? '' : took(step.ms);
  const more = item.querySelector('details.step-more');
  if (more && before !== step.state) more.open = step.state === 'running' || step.state === 'failed';
}

function addOutput(item, text) {
  let more = item.querySelector('details.step-more');
  if (!more) {
    more = part('details', 'step-more');
    const pre = part('pre');
    pre.tabIndex = 0;
    more.append(part('summary', '', 'What it printed'), pre);
    more.open = item.dataset.state === 'running';
    item.append(more);
  }
  const pre = more.querySelector('pre');
  const atEnd = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 40;
  pre.textContent = (pre.textContent + text).slice(-60_000);
  if (atEnd) pre.scrollTop = pre.scrollHeight;
}

function watch(root) {
  const list = root.querySelector('[data-steps]');
  const now = root.querySelector('[data-job-now]');
  const said = root.querySelector('[data-job-said]');
  // The stream begins with everything there is, so what the page brought along is replaced, not doubled.
  const printed = new Set();

  const find = id => [...list.children].find(item => item.dataset.step === id);
  const paint = step => {
    let item = find(step.id);
    if (!item) {
      item = makeStep(step);
      list.append(item);
      const wait = root.querySelector('[data-steps-wait]');
      if (wait?.contains(list)) wait.replaceWith(list);
    }
    paintStep(item, step);
    if (now && step.state === 'running') now.textContent = `${step.why}. You may close this page: the work goes on without it.`;
  };
  const settle = job => {
    if (said) {
      said.className = `state tone-${TONES[job.state] ?? 'off'}`;
      said.querySelector('strong').textContent = WORDS[job.state] ?? job.state;
    }
    if (now && job.state === 'queued' && job.message) now.textContent = job.message;
    if (job.state === 'done' || job.state === 'failed') end();
  };
  const end = () => {
    source.close();
    clearInterval(ticking);
    setTimeout(() => location.reload(), 600);
  };

  const source = new EventSource(root.dataset.job);
  source.addEventListener('step', event => paint(JSON.parse(event.data)));
  source.addEventListener('job', event => settle(JSON.parse(event.data)));
  source.addEventListener('output', event => {
    const { id, text } = JSON.parse(event.data);
    const item = find(id);
    if (!item) return;
    if (!printed.has(id)) {
      printed.add(id);
      const pre = item.querySelector('pre');
      if (pre) pre.textContent = '';
    }
    addOutput(item, text);
  });
  source.addEventListener('error', () => {
    if (now) now.textContent = source.readyState === EventSource.CLOSED ? 'The panel no longer answers; load the page again in a moment.' : 'The connection was lost; trying again by itself.';
  });
  const ticking = setInterval(() => {
    for (const item of list.querySelectorAll('li[data-state="running"]')) {
      const since = Number(item.dataset.since);
      if (since) item.querySelector('[data-time]').textContent = took(Math.max(0, Date.now() - since));
    }
  }, 500);
  addEventListener('pagehide', () => source.close());
}

for (const root of document.querySelectorAll('[data-job]')) if (root.dataset.jobState === 'queued' || root.dataset.jobState === 'running') watch(root);
