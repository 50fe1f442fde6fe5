'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const items = data.items;
const $ = (id) => document.getElementById(id);

// el makes an element: text and attributes are values and never markup.
function el(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'on') for (const [event, f] of Object.entries(value)) e.addEventListener(event, f);
    else e.setAttribute(name, value === true ? '' : value);
  }
  e.append(...children.filter((c) => c !== null && c !== undefined));
  return e;
}
function svg(tag, attributes, ...children) {
  const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(attributes || {})) e.setAttribute(name, value);
  e.append(...children);
  return e;
}
const plural = (n, word) => n + ' ' + word + (n === 1 ? '' : 's');
function duration(s) {
  if (!s) return '–';
  if (s < 10) return s.toFixed(s < 1 ? 2 : 1) + ' s';
  if (s < 120) return Math.round(s) + ' s';
  if (s < 7200) return Math.round(s / 60) + ' min';
  return Math.floor(s / 3600) + ' h ' + Math.round(s % 3600 / 60) + ' min';
}
const bytes = (n) => n > 1e6 ? (n / 1e6).toFixed(1) + ' MB' : Math.max(1, Math.round(n / 1e3)) + ' kB';
const stateOf = (i) => i.state === 'committed' ? 'done' : i.state === 'failed' ? 'failed' : 'open';
const value = (i, name) => name === 'seed' ? i.seed : name === 'workflow' ? i.workflow : name === 'character' ? i.character : i.values[name];
const promptOf = (i) => i.values.prompt || '';

// What is shown, kept in the address so that a link shows the same.
const view = { tab: 'pictures', states: new Set(), workflow: '', sort: 'plan', find: '', x: '', y: '' };

function chosen() {
  const words = view.find.toLowerCase().split(/\s+/).filter(Boolean);
  const list = items.filter((i) => {
    if (view.states.size && !view.states.has(stateOf(i))) return false;
    if (view.workflow && i.workflow !== view.workflow) return false;
    if (!words.length) return true;
    i.text = i.text || [i.id, i.seed, i.workflow, i.character, i.backend, i.reason, ...Object.entries(i.values).flat(), ...i.files.map((f) => f.name)].join(' ').toLowerCase();
    return words.every((w) => i.text.includes(w));
  });
  const rank = { failed: 0, open: 1, done: 2 };
  if (view.sort === 'slow') list.sort((a, b) => b.took - a.took);
  if (view.sort === 'id') list.sort((a, b) => a.id.localeCompare(b.id, undefined, { numeric: true }));
  if (view.sort === 'state') list.sort((a, b) => rank[stateOf(a)] - rank[stateOf(b)]);
  return list;
}

function picture(i) {
  if (i.thumb) return el('img', { src: i.thumb, alt: promptOf(i) || i.id, loading: 'lazy', decoding: 'async', width: i.width, height: i.height });
  const state = stateOf(i);
  if (state === 'failed') return el('span', {}, i.reason || i.code || 'failed');
  if (state === 'open') return el('span', {}, i.state === 'planned' ? 'not run yet' : i.state);
  const kind = i.files.length ? i.files[0].kind || 'file' : 'no file';
  return el('span', { class: 'muted' }, kind);
}

// The parameters in which items differ: what tells a picture from its neighbours.
const varying = (() => {
  const names = ['workflow', 'character', ...data.names];
  if (items.some((i) => i.seed) && !names.includes('seed')) names.push('seed');
  return names.map((name) => {
    const seen = new Map();
    for (const i of items) { const v = value(i, name); if (v !== undefined && v !== '') seen.set(v, (seen.get(v) || 0) + 1); }
    return { name, values: [...seen.keys()], most: Math.max(0, ...seen.values()) };
  }).filter((a) => a.values.length > 1);
})();
const axes = varying.filter((a) => a.values.length <= 60 && a.values.length < items.length || a.values.length <= 12);
for (const a of axes) a.values.sort((p, q) => {
  const x = Number(p), y = Number(q);
  return Number.isNaN(x) || Number.isNaN(y) ? p.localeCompare(q) : x - y;
});

// What has most values tells most, and comes first where there is room for little.
const telling = varying.filter((a) => a.name !== 'prompt' && a.name !== 'seed').sort((a, b) => a.most - b.most);
function differences(i) {
  return telling.map((a) => {
    const v = value(i, a.name);
    return v === undefined || v === '' ? '' : a.name + ' ' + v;
  }).filter(Boolean).join(' · ') || promptOf(i) || i.workflow;
}

const tabs = {
  pictures: { title: 'Pictures', draw(list, main) {
    if (!list.length) return empty(main);
    main.append(el('div', { class: 'sheet' }, ...list.map((i, n) => el('button', {
      class: 'tile ' + stateOf(i), type: 'button', title: promptOf(i) || i.id, on: { click: () => open(list, n) },
    }, el('div', { class: 'pic' }, picture(i)), el('div', { class: 'cap' },
      el('div', { class: 'id' }, i.id), el('div', { class: 'sub' }, differences(i)))))));
  } },
  grid: { title: 'Grid', draw(list, main) {
    if (!view.x) [view.x, view.y] = bestAxes();
    const pick = (key, label) => el('label', {}, label, el('select', { on: { change: (e) => { view[key] = e.target.value; draw(); } } },
      el('option', { value: '' }, '–'), ...axes.map((a) => el('option', { value: a.name, selected: view[key] === a.name }, a.name + ' (' + a.values.length + ')'))));
    main.append(el('div', { class: 'axes' }, pick('x', 'across'), pick('y', 'down'),
      el('span', { class: 'muted' }, 'each parameter in which items differ can be an axis')));
    if (!list.length) return empty(main);
    const across = valuesOn(view.x, list), down = valuesOn(view.y, list);
    const cells = new Map();
    list.forEach((i, n) => {
      const key = JSON.stringify([view.x && value(i, view.x) || '', view.y && value(i, view.y) || '']);
      if (!cells.has(key)) cells.set(key, []);
      cells.get(key).push(n);
    });
    const corner = [view.y && view.y + ' ↓', view.x && view.x + ' →'].filter(Boolean).join('  ');
    const button = (n) => el('button', {
      type: 'button', class: stateOf(list[n]), title: list[n].id, 'aria-label': list[n].id, on: { click: () => open(list, n) },
    }, list[n].thumb ? picture(list[n]) : stateOf(list[n]));
    const cell = (x, y) => el('td', {}, el('div', { class: 'cell' }, ...(cells.get(JSON.stringify([x, y])) || []).slice(0, 24).map(button)));
    const head = el('tr', {}, el('th', {}, corner), ...across.map((x) => el('th', { scope: 'col' }, x || '–')));
    const body = down.map((y) => el('tr', {}, el('th', { scope: 'row' }, y || '–'), ...across.map((x) => cell(x, y))));
    main.append(el('div', { class: 'scroll' }, el('table', { class: 'matrix' }, el('thead', {}, head), el('tbody', {}, ...body))));
  } },
  failures: { title: 'Failures', draw(list, main) {
    const groups = new Map();
    list.forEach((i, n) => {
      if (stateOf(i) !== 'failed') return;
      const key = i.code + '\n' + i.reason.replace(/\d+/g, '0');
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(n);
    });
    if (!groups.size) return empty(main, 'Nothing failed.');
    for (const group of [...groups.values()].sort((a, b) => b.length - a.length)) {
      const first = list[group[0]];
      main.append(el('section', { class: 'why' }, el('h2', {}, first.reason || first.code),
        el('p', {}, [plural(group.length, 'item'), first.code, [...new Set(group.map((n) => list[n].backend).filter(Boolean))].join(', ')].filter(Boolean).join(' · ')),
        el('div', { class: 'ids' }, ...group.map((n) => el('button', { type: 'button', on: { click: () => open(list, n) } }, list[n].id)))));
    }
  } },
  timings: { title: 'Timings', draw(list, main) {
    const done = list.filter((i) => i.took > 0);
    if (!done.length) return empty(main, 'No times are known.');
    const backends = groupBy(done, (i) => i.backend || '–'), workflows = groupBy(done, (i) => i.workflow || '–');
    const slowest = [...done].sort((a, b) => b.took - a.took).slice(0, 10);
    const panel = (title, content) => el('section', { class: 'panel' }, el('h2', {}, title), content);
    main.append(el('div', { class: 'two' },
      el('div', { class: 'stack' }, panel('How long an item computes', histogram(done.map((i) => i.took))),
        panel('By backend', summary('backend', backends)), panel('By workflow', summary('workflow', workflows))),
      panel('Slowest items', listOf(slowest, [['item', (i) => i.id, 'mono'], ['backend', (i) => i.backend], ['time', (i) => duration(i.took), 'num']], slowest))));
  } },
  table: { title: 'Table', draw(list, main) {
    if (!list.length) return empty(main);
    const columns = [['item', (i) => i.id, 'mono'], ['state', (i) => el('span', { class: 'state ' + stateOf(i) }, stateOf(i))],
      ...varying.map((a) => [a.name, (i) => value(i, a.name) || '', a.name === 'seed' ? 'mono' : a.values.some((v) => v.length > 24) ? 'long' : '']),
      ['backend', (i) => i.backend], ['time', (i) => duration(i.took), 'num'], ['files', (i) => i.files.map((f) => f.name).join(', '), 'long']];
    main.append(el('div', { class: 'scroll' }, listOf(list, columns, list)));
  } },
};

function empty(main, text) { main.append(el('p', { class: 'empty' }, text || 'No item fits the filters.')); }
function groupBy(list, key) {
  const groups = new Map();
  for (const i of list) { const k = key(i); if (!groups.has(k)) groups.set(k, []); groups.get(k).push(i); }
  return groups;
}
function quantile(sorted, q) { return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]; }
function listOf(rows, columns, list) {
  return el('table', { class: 'list' }, el('thead', {}, el('tr', {}, ...columns.map(([name, , kind]) => el('th', { class: kind === 'num' ? 'num' : null }, name)))),
    el('tbody', {}, ...rows.map((i) => el('tr', { tabindex: 0, on: {
      click: () => open(list, list.indexOf(i)), keydown: (e) => { if (e.key === 'Enter') open(list, list.indexOf(i)); },
    } }, ...columns.map(([, of, kind]) => el('td', { class: kind || null }, of(i)))))));
}
function summary(name, groups) {
  return el('table', { class: 'list' }, el('thead', {}, el('tr', {}, el('th', {}, name), el('th', { class: 'num' }, 'items'), el('th', { class: 'num' }, 'together'), el('th', { class: 'num' }, 'median'), el('th', { class: 'num' }, '95 %'))),
    el('tbody', {}, ...[...groups].map(([key, list]) => {
      const took = list.map((i) => i.took).sort((a, b) => a - b);
      return el('tr', { style: 'cursor:default' }, el('td', {}, key), el('td', { class: 'num' }, String(list.length)), el('td', { class: 'num' }, duration(took.reduce((a, b) => a + b, 0))),
        el('td', { class: 'num' }, duration(quantile(took, .5))), el('td', { class: 'num' }, duration(quantile(took, .95))));
    })));
}
function histogram(took) {
  const low = Math.min(...took), high = Math.max(...took), bins = Math.min(28, Math.max(6, Math.ceil(Math.sqrt(took.length) * 2)));
  const width = (high - low) / bins || 1, counts = Array(bins).fill(0);
  for (const t of took) counts[Math.min(bins - 1, Math.floor((t - low) / width))]++;
  const most = Math.max(...counts), w = 560, h = 190, each = w / bins;
  const chart = svg('svg', { viewBox: '0 -24 ' + w + ' ' + (h + 46), role: 'img', 'aria-label': 'Distribution of times' });
  counts.forEach((n, k) => {
    const bar = svg('rect', { x: k * each + 1, y: h - n / most * h, width: Math.max(1, each - 2), height: n / most * h, rx: 2.5 });
    bar.append(svg('title', {}, plural(n, 'item') + ': ' + duration(low + k * width) + ' to ' + duration(low + (k + 1) * width)));
    chart.append(bar);
  });
  const sorted = [...took].sort((a, b) => a - b), median = quantile(sorted, .5), at = high > low ? (median - low) / (high - low) * w : w / 2;
  chart.append(svg('line', { x1: at, x2: at, y1: -14, y2: h, stroke: 'var(--ink)', 'stroke-width': 1.2, 'stroke-dasharray': '4 3' }),
    svg('text', { x: Math.min(w - 100, at + 6), y: -8 }, 'median ' + duration(median)),
    svg('line', { x1: 0, x2: w, y1: h + .5, y2: h + .5, stroke: 'var(--line)' }),
    svg('text', { x: 0, y: h + 17 }, duration(low)), svg('text', { x: w, y: h + 17, 'text-anchor': 'end' }, duration(high)));
  return chart;
}
function bestAxes() {
  // The pair whose cells are filled best by the most items; a sweep fills all of them.
  let best = [axes[0] ? axes[0].name : '', axes[1] ? axes[1].name : ''], top = -1;
  const usable = axes.filter((a) => a.values.length <= 24);
  for (const a of usable) for (const b of usable) {
    if (a === b || a.values.length < b.values.length) continue;
    const cells = new Set(items.map((i) => JSON.stringify([value(i, a.name), value(i, b.name)]))).size;
    const fill = cells / (a.values.length * b.values.length);
    const score = fill * Math.log2(1 + cells) - (a.name === 'seed' || b.name === 'seed' ? 2 : 0) - (a.name === 'prompt' || b.name === 'prompt' ? .25 : 0);
    if (score > top) { top = score; best = [a.name, b.name]; }
  }
  return best;
}
function valuesOn(name, list) {
  if (!name) return [''];
  const there = new Set(list.map((i) => value(i, name) || ''));
  const known = (varying.find((a) => a.name === name) || { values: [] }).values.filter((v) => there.has(v));
  return there.has('') ? [...known, ''] : known;
}

// One item, large, with all that is known of it.
let shown = { list: [], at: 0 };
function open(list, at) { shown = { list, at }; drawItem(); if (!$('view').open) $('view').showModal(); }
function step(by) { const n = shown.at + by; if (n >= 0 && n < shown.list.length) { shown.at = n; drawItem(); } }
function drawItem() {
  const i = shown.list[shown.at], stage = $('stage'), side = $('side');
  stage.replaceChildren(); side.replaceChildren();
  const file = i.files.find((f) => f.kind === 'image' || !f.kind);
  if (i.thumb) {
    stage.append(el('img', { src: i.thumb, alt: promptOf(i) || i.id }));
    if (file && file.url) { const large = el('img', { src: file.url, alt: '' }); large.onerror = () => large.remove(); stage.append(large); }
  } else stage.append(el('p', { class: stateOf(i) === 'failed' ? 'msg' : 'muted' }, i.reason || (i.files[0] ? i.files[0].name : i.state)));
  if (shown.at > 0) stage.append(el('button', { class: 'icon step prev', type: 'button', 'aria-label': 'Previous', on: { click: () => step(-1) } }, '‹'));
  if (shown.at < shown.list.length - 1) stage.append(el('button', { class: 'icon step next', type: 'button', 'aria-label': 'Next', on: { click: () => step(1) } }, '›'));
  const facts = el('dl', {});
  const fact = (name, v, mono) => { if (v !== undefined && v !== null && v !== '') facts.append(el('dt', {}, name), el('dd', { class: mono ? 'mono' : null }, v)); };
  fact('state', el('span', { class: 'state ' + stateOf(i) }, stateOf(i)));
  if (i.reason) fact('why', i.reason);
  fact('workflow', i.workflow); fact('character', i.character);
  for (const [name, v] of Object.entries(i.values)) if (name !== 'seed') fact(name, v);
  fact('seed', i.seed, true); fact('backend', i.backend);
  if (i.took) fact('computed', duration(i.took) + (i.attempts > 1 ? ', ' + plural(i.attempts, 'attempt') : ''));
  if (i.usd) fact('cost', '$' + i.usd.toFixed(4));
  side.append(el('h2', {}, i.id), el('p', { class: 'muted' }, (shown.at + 1) + ' of ' + shown.list.length), facts);
  for (const f of i.files) side.append(el('p', {}, f.url ? el('a', { href: f.url, class: 'mono' }, f.name) : el('span', { class: 'mono' }, f.name),
    el('br'), el('span', { class: 'muted' }, [f.width ? f.width + ' × ' + f.height : '', f.bytes ? bytes(f.bytes) : '', f.kind].filter(Boolean).join(' · '))));
  for (const w of i.warnings || []) side.append(el('p', { class: 'muted' }, '⚠ ' + w));
}

function draw() {
  const main = $('main'), list = chosen();
  main.replaceChildren();
  for (const tab of $('tabs').children) {
    tab.setAttribute('aria-selected', String(tab.dataset.tab === view.tab));
    if (tab.dataset.tab === view.tab) $('tabs').scrollLeft = tab.offsetLeft - $('tabs').offsetLeft - 40;
  }
  for (const chip of $('chips').children) chip.setAttribute('aria-pressed', String(view.states.has(chip.dataset.state)));
  tabs[view.tab].draw(list, main);
  const address = new URLSearchParams();
  address.set('view', view.tab);
  if (view.find) address.set('find', view.find);
  if (view.tab === 'grid' && view.x) { address.set('x', view.x); address.set('y', view.y); }
  try { history.replaceState(null, '', '#' + address); } catch { /* a page without an address */ }
}

function begin() {
  const c = data.counts;
  document.title = data.name + ' – batch report';
  $('title').textContent = data.name;
  const day = (t) => new Date(t).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  $('when').textContent = [plural(c.total, 'item'), data.created && 'begun ' + day(data.created), data.updated && 'last one ended ' + day(data.updated)].filter(Boolean).join(' · ');
  $('foot').textContent = 'easel ' + data.easel;
  const ring = svg('svg', { viewBox: '0 0 42 42', role: 'img', 'aria-label': c.done + ' of ' + c.total + ' done' }, svg('circle', { cx: 21, cy: 21, r: 16, fill: 'none', stroke: 'var(--sunken)', 'stroke-width': 7 }));
  let from = 0;
  for (const [n, colour] of [[c.done, 'var(--ok)'], [c.failed, 'var(--bad)'], [c.open, 'var(--open)']]) {
    const part = c.total ? n / c.total * 100.53 : 0;
    if (part) ring.append(svg('circle', { cx: 21, cy: 21, r: 16, fill: 'none', stroke: colour, 'stroke-width': 7, 'stroke-dasharray': part + ' 100.53', 'stroke-dashoffset': -from }));
    from += part;
  }
  const li = (n, word, colour) => el('li', { style: '--c:' + colour }, n + ' ' + word);
  $('facts').append(el('div', { class: 'fact progress' }, ring, el('ul', {}, li(c.done, 'done', 'var(--ok)'), li(c.failed, 'failed', 'var(--bad)'), c.open ? li(c.open, 'open', 'var(--open)') : null)));
  const fact = (name, text) => { if (text && text !== '–') $('facts').append(el('div', { class: 'fact' }, el('dt', {}, name), el('dd', {}, text))); };
  fact('GPU time', duration(data.seconds)); fact('median', duration(data.median)); fact('95 % within', duration(data.p95));
  fact('cost', data.usd ? '$' + data.usd.toFixed(2) : ''); fact('per item', data.usd && c.done ? '$' + (data.usd / c.done).toFixed(4) : '');
  fact('files', String(items.reduce((n, i) => n + i.files.length, 0)));
  for (const [key, tab] of Object.entries(tabs)) {
    if (key === 'grid' && axes.length === 0 || key === 'failures' && !c.failed) continue;
    $('tabs').append(el('button', { role: 'tab', type: 'button', 'data-tab': key, on: { click: () => { view.tab = key; draw(); } } }, tab.title, key === 'failures' ? el('b', {}, String(c.failed)) : null));
  }
  for (const state of ['done', 'failed', 'open']) if (c[state] && c[state] < c.total) $('chips').append(el('button', { class: 'chip', type: 'button', 'data-state': state, on: { click: () => {
    if (!view.states.delete(state)) view.states.add(state);
    draw();
  } } }, c[state] + ' ' + state));
  const workflows = [...new Set(items.map((i) => i.workflow).filter(Boolean))];
  $('workflow').append(el('option', { value: '' }, 'all workflows'), ...workflows.map((w) => el('option', { value: w }, w)));
  $('workflow').hidden = workflows.length < 2;
  $('workflow').addEventListener('change', (e) => { view.workflow = e.target.value; draw(); });
  $('sort').addEventListener('change', (e) => { view.sort = e.target.value; draw(); });
  let typing;
  $('search').addEventListener('input', (e) => { clearTimeout(typing); typing = setTimeout(() => { view.find = e.target.value; draw(); }, 120); });
  $('tabs').addEventListener('keydown', (e) => {
    const all = [...$('tabs').children], n = all.indexOf(document.activeElement);
    const to = e.key === 'ArrowRight' ? n + 1 : e.key === 'ArrowLeft' ? n - 1 : -1;
    if (all[to]) { all[to].focus(); all[to].click(); }
  });
  $('theme').addEventListener('click', () => {
    const root = document.documentElement, dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
  });
  const dialog = $('view');
  dialog.querySelector('.close').addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', (e) => { if (e.target === dialog) dialog.close(); });
  dialog.addEventListener('keydown', (e) => { if (e.key === 'ArrowRight') step(1); if (e.key === 'ArrowLeft') step(-1); });
  document.addEventListener('keydown', (e) => { if (e.key === '/' && document.activeElement.tagName !== 'INPUT' && !dialog.open) { e.preventDefault(); $('search').focus(); } });
  const address = new URLSearchParams(location.hash.slice(1));
  if (tabs[address.get('view')]) view.tab = address.get('view');
  view.find = $('search').value = address.get('find') || '';
  if (varying.some((a) => a.name === address.get('x'))) { view.x = address.get('x'); view.y = address.get('y') || ''; }
  if (address.get('theme')) document.documentElement.dataset.theme = address.get('theme');
  draw();
  if (items.some((i) => i.id === address.get('item'))) { const list = chosen(); open(list, list.findIndex((i) => i.id === address.get('item'))); }
}
begin();
