// Times: local for the reader, UTC on focus, and "3 minutes ago" that stays true while the page is open.
const STEPS = [
  [86_400, 'day'],
  [3600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
];

/** How long ago a moment is, in words. */
export function ago(at, now = Date.now()) {
  const seconds = (now - at) / 1000;
  if (Math.abs(seconds) < 10) return 'just now';
  const [size, word] = STEPS.find(([size]) => Math.abs(seconds) >= size) ?? STEPS[3];
  const number = Math.floor(Math.abs(seconds) / size);
  const words = `${number} ${word}${number === 1 ? '' : 's'}`;
  return seconds > 0 ? `${words} ago` : `in ${words}`;
}

/** How long something took. */
export function took(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

const pad = number => String(number).padStart(2, '0');

/** A moment's time of day where the reader is. */
export function clock(at) {
  return `${pad(at.getHours())}:${pad(at.getMinutes())}:${pad(at.getSeconds())}`;
}

/** Writes every time below a node as it should be read now. */
export function settle(node) {
  const now = Date.now();
  for (const time of node.querySelectorAll('time[datetime]')) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const words = 'clock' in time.dataset ? clock(at) : ago(at.getTime(), now);
    if (time.textContent !== words) time.textContent = words;
    if (!time.dataset.exact.includes('·')) time.dataset.exact = `${at.toLocaleString()} · ${time.dataset.exact}`;
  }
}
