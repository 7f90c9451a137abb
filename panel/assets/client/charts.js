// Small charts on one time axis. Sleeping is a shaded band, a limit a line, a limit that was hit a red tick.
const uPlot = globalThis.uPlot;
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const MB = 1_048_576;

function sizes(bytes) {
  if (bytes >= 1024 * MB) return `${(bytes / 1024 / MB).toFixed(1)} GB`;
  return `${Math.round(bytes / MB)} MB`;
}
const millis = ms => (ms >= 1000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms)} ms`);

/** What each chart reads from a point, how its figures are written, and which limit is its line. */
const KINDS = {
  cpu: { label: 'CPU', of: point => point.cpuPercent, words: value => `${Math.round(value)} %`, limit: data => data.limits?.cpuPercent, least: 10 },
  memory: { label: 'Memory', of: point => point.memoryBytes, words: sizes, limit: data => data.limits?.memoryBytes, least: 32 * MB, steps: Array.from({ length: 24 }, (_, i) => MB * 2 ** i) },
  requests: { label: 'Requests a minute', of: (point, step) => (point.requests * 60) / step, words: value => (value < 10 && !Number.isInteger(value) ? value.toFixed(1) : String(Math.round(value))), least: 5, bars: true },
  p95: { label: 'p95', of: point => point.p95Ms, words: millis, least: 50 },
  load: { label: 'Load', of: point => (Array.isArray(point.load) ? point.load[0] : point.load), words: value => value.toFixed(1), limit: data => data.limits?.cores, least: 1 },
};

function moment(seconds, span) {
  const at = new Date(seconds * 1000);
  if (span > 172_800) return at.toLocaleDateString([], { day: 'numeric', month: 'short' });
  return at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false });
}

/** A colour of the page as a canvas understands it (light-dark() is resolved by an element). */
function resolved(value) {
  const probe = document.createElement('span');
  probe.style.color = value;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

function palette() {
  return {
    line: resolved(colour('--tblr-link-color')),
    text: resolved(colour('--tblr-secondary-color')),
    grid: resolved(colour('--tblr-border-color')),
    asleep: resolved('light-dark(#dfe5f2, #2a3348)'),
    bad: resolved(colour('--bad')),
  };
}

/** Runs of points without a process, as [first, last] moments. */
function naps(points) {
  const found = [];
  for (const [i, point] of points.entries()) {
    if (!point.asleep) continue;
    if (points[i - 1]?.asleep) found.at(-1)[1] = point.at;
    else found.push([point.at, point.at]);
  }
  return found;
}

function behind(data, paint) {
  return plot => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.fillStyle = paint.asleep;
    for (const [first, last] of naps(data.points)) {
      const from = Math.max(bbox.left, plot.valToPos(first / 1000 - data.step / 2, 'x', true));
      const to = Math.min(bbox.left + bbox.width, plot.valToPos(last / 1000 + data.step / 2, 'x', true));
      if (to > from) ctx.fillRect(from, bbox.top, to - from, bbox.height);
    }
    ctx.restore();
  };
}

function above(data, paint, limit) {
  return plot => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = paint.bad;
    ctx.fillStyle = paint.bad;
    if (limit && limit <= plot.scales.y.max) {
      const y = plot.valToPos(limit, 'y', true);
      ctx.setLineDash([6, 4]);
      ctx.lineWidth = 1.5 * devicePixelRatio;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    for (const point of data.points) {
      if (!point.limitHits) continue;
      ctx.fillRect(plot.valToPos(point.at / 1000, 'x', true) - devicePixelRatio, bbox.top, 3 * devicePixelRatio, 10 * devicePixelRatio);
    }
    ctx.restore();
  };
}

function ceiling(values, limit, least) {
  const top = Math.max(least, ...values.filter(value => Number.isFinite(value)));
  // The limit's line is worth its room only when use comes near it, except where a small limit is the point.
  return limit && (top > limit * 0.2 || limit <= least * 20) ? Math.max(top * 1.05, limit * 1.08) : top * 1.15;
}

function options(kind, data, values, box, paint) {
  const limit = kind.limit?.(data);
  const from = data.from / 1000;
  const to = data.to / 1000;
  const axis = { stroke: paint.text, font: '12px system-ui, sans-serif', ticks: { show: false }, grid: { stroke: paint.grid, width: 1 } };
  return {
    width: box.clientWidth,
    height: box.clientHeight,
    padding: [12, 18, 0, 0],
    cursor: { y: false, points: { size: 7 }, sync: { key: 'berth' } },
    legend: { show: false },
    scales: { x: { time: true, range: () => [from, to] }, y: { range: () => [0, ceiling(values, limit, kind.least)] } },
    axes: [
      { ...axis, grid: { show: false }, size: 26, space: 64, values: (_plot, ticks) => ticks.map(tick => moment(tick, to - from)) },
      { ...axis, size: 58, space: 34, ...(kind.steps ? { incrs: kind.steps } : {}), values: (_plot, ticks) => ticks.map(kind.words) },
    ],
    series: [
      {},
      {
        label: kind.label,
        stroke: paint.line,
        width: kind.bars ? 0 : 2,
        fill: paint.line.replace('rgb(', 'rgba(').replace(')', kind.bars ? ', 0.75)' : ', 0.14)'),
        points: { show: false },
        paths: kind.bars ? uPlot.paths.bars({ size: [0.7, 14, 1] }) : uPlot.paths.linear(),
        spanGaps: false,
      },
    ],
    hooks: { drawClear: [behind(data, paint)], draw: [above(data, paint, limit)], setCursor: [readout(kind)] },
  };
}

/** The figure under the pointer, as text in the chart's corner. */
function readout(kind) {
  return plot => {
    const index = plot.cursor.idx;
    const value = index === null || index === undefined ? null : plot.data[1][index];
    let note = plot.root.querySelector('.chart-note');
    if (!note) {
      note = document.createElement('div');
      note.className = 'chart-note';
      plot.root.append(note);
    }
    const at = value === null ? '' : new Date(plot.data[0][index] * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    note.textContent = value === null || value === undefined ? '' : `${at} · ${kind.words(value)}`;
  };
}

/** The app's state in the page's head is refreshed with the charts. */
function paintState(said) {
  const state = document.querySelector('[data-app-state]');
  if (!state) return;
  state.className = `state tone-${said.tone}`;
  state.querySelector('strong').textContent = said.word;
  const fact = state.querySelector('.state-fact');
  if (fact) fact.textContent = said.fact;
}

function start(root) {
  const plots = new Map();
  const state = document.querySelector('[data-charts-state]');
  let data = null;

  const drawOne = box => {
    const kind = KINDS[box.dataset.chart];
    const values = data.points.map(point => kind.of(point, data.step) ?? null);
    plots.get(box)?.destroy();
    plots.set(box, new uPlot(options(kind, data, values, box, palette()), [data.points.map(point => point.at / 1000), values], box));
  };
  const drawAll = () => {
    if (data) for (const box of root.querySelectorAll('[data-chart]')) drawOne(box);
  };
  const refresh = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(`${root.dataset.charts}?range=${root.dataset.range}`, { headers: { Accept: 'application/json' } });
      if (!answer.ok) throw new Error(String(answer.status));
      data = await answer.json();
      drawAll();
      if (data.said) paintState(data.said);
      if (state) state.textContent = data.sentence ?? '';
    } catch {
      if (state) state.textContent = 'The host did not answer; the charts try again every 10 seconds.';
    }
  };

  refresh();
  setInterval(refresh, 10_000);
  document.addEventListener('berth:theme', drawAll);
  document.addEventListener('visibilitychange', refresh);
  let width = root.clientWidth;
  new ResizeObserver(() => {
    if (Math.abs(root.clientWidth - width) < 4) return;
    width = root.clientWidth;
    drawAll();
  }).observe(root);
}

for (const root of document.querySelectorAll('[data-charts]')) start(root);
