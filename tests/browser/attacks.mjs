// Those who mean harm, as the page meets them: what others wrote, other pages of the browser, other
// programs of the device, and whoever finds it after the worker has gone.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { until } from './run.mjs';
import { PHOTOS } from './world.mjs';

const PASSPHRASE = '老槐树 blue 37 坡道';
const SECRET = '机密巷子陈某某';

/** Texts that would do something wherever a text is taken for more than a text. */
const RUNS = [
  '<img src=x onerror="window.ran=1"><script>window.ran=1</script>',
  '"><svg onload=window.ran=1><iframe srcdoc="<script>parent.ran=1</script>">',
  'javascript:window.ran=1//${window.ran=1}{{window.ran=1}}',
  '<a href="https://evil.example/?q=" style="position:fixed;inset:0;background:url(https://evil.example/)">x</a>',
];
/** Texts that would steer what stands beside them, or break its lines. */
const STEERS = [
  '\u202e\u202e付已\u2066\u2067abc',
  '\u200b\u200d\ufeff\u2060\u200b',
  'Z\u0351\u036b\u0343\u036a\u0302'.repeat(8),
  '长'.repeat(60),
  'x'.repeat(190),
  '\u2028\u2029\u0085 a',
];
const HOSTILE = [...RUNS, ...STEERS];

/** Codes and numbers of a kind that cannot be a text of anybody's choice. */
const NEEDED = {
  incident: ['category=env-garbage'],
  visit: [],
  assessment: ['score=3', 'subject=w1', 'period=2026-05'],
  subject: ['list=person'],
  alarm: ['type=smoke'],
};

/** A text as long as its field takes. */
function fitted(text, most) {
  let kept = text;
  while (Buffer.byteLength(kept) > most) kept = [...kept].slice(0, -1).join('');
  return kept;
}

/** One record of each kind and hostile text, in every field that takes a text. */
function writeHostile(device) {
  const { kinds } = device.one(['describe']);
  const written = [];
  for (const kind of kinds.filter((one) => one.captured))
    for (const text of HOSTILE) {
      const words = [...(NEEDED[kind.name] ?? [])];
      const given = new Set(words.map((word) => word.split('=')[0]));
      for (const field of kind.fields) {
        if (field.machine || field.by_move || field.code || given.has(field.name)) continue;
        if (field.type === 'text' && field.name !== 'why') words.push(`${field.name}=${fitted(text, field.most ?? 64)}`);
        else if (field.needed && field.choices) words.push(`${field.name}=${field.choices[0].name}`);
        else if (field.needed && field.type === 'code') words.push(`${field.name}=p1`);
      }
      const done = device.try(['--json', kind.name, ...words]);
      if (done.code === 0) written.push(JSON.parse(done.out.split('\n')[0]));
      else if (!/control character|不可见|character|字符/.test(done.err)) throw new Error(`${kind.name} ${words.join(' | ')}: ${done.err}`);
    }
  return written;
}

/** Nothing ran, nothing was made of it, and it steers nothing but itself. */
async function harmless(t, page, where) {
  const found = await page.evaluate(() => {
    const bad = [];
    if ('ran' in globalThis) bad.push('a script ran');
    for (const one of document.querySelectorAll('script:not([src]), iframe, object, embed, base, [onerror], [onload], [style*=evil]'))
      bad.push(`made of a text: ${one.outerHTML.slice(0, 200)}`);
    for (const one of document.querySelectorAll('a[href], img[src], use[href]')) {
      const target = one.getAttribute('href') ?? one.getAttribute('src');
      if (!/^(#|blob:|tel:[\d+*#]*$|\/assets\/|data:image\/)/.test(target)) bad.push(`leads away: ${target.slice(0, 200)}`);
    }
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      if (!/[\u202a-\u202e\u2066-\u2069]/.test(walk.currentNode.data)) continue;
      const around = walk.currentNode.parentElement;
      const style = getComputedStyle(around);
      if (!around.checkVisibility() || around.closest('option, textarea')) continue;
      const apart = style.display !== 'inline' || /isolate|plaintext/.test(style.unicodeBidi);
      if (!apart) bad.push(`turns what stands beside it: ${around.outerHTML.slice(0, 200)}`);
    }
    return bad;
  });
  assert.deepEqual([...new Set(found)], [], where);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(wide <= 0, `${where}: ${wide} px too wide`);
}

export const tests = {
  'what others wrote runs nowhere, loads nothing, breaks no line': async (t) => {
    const world = await t.world();
    const evil = world.enrol('evil', 'w2');
    const written = writeHostile(evil);
    const first = written[0].id;
    for (const text of RUNS) evil.try(['note', first, text]);
    // A photo that is markup by another name.
    const fake = path.join(world.folder, 'fake.jpg');
    for (const bytes of ['<svg xmlns="http://www.w3.org/2000/svg" onload="window.ran=1"><script>window.ran=1</script></svg>', '<!doctype html><script>window.ran=1</script>']) {
      fs.writeFileSync(fake, bytes);
      assert.notEqual(evil.try(['photo', first, `${fake}:near`]).code, 0, 'markup for a photo');
    }
    const mixed = path.join(world.folder, 'mixed.jpg');
    fs.writeFileSync(mixed, Buffer.concat([fs.readFileSync(path.join(PHOTOS, 'f1-exif.jpg')), Buffer.from('<script>window.ran=1</script>')]));
    evil.do(['photo', first, `${mixed}:near`]);
    evil.sync();
    const mine = world.enrol('mine', 'w1');
    const rows = [...mine.ask(['list', '--limit', '1000']), ...mine.ask(['list', 'contact', '--limit', '1000'])];
    assert.ok(rows.length >= 0.9 * written.length, `${rows.length} of ${written.length} came over`);
    const ui = await mine.ui();
    const page = await t.open(ui, { screen: 'small' });
    page.on('dialog', (dialog) => (t.faults.push(`a dialog: ${dialog.message()}`), dialog.dismiss()));
    for (const at of ['#/', '#/cases', '#/cases?view=map', '#/due', '#/notices', '#/conflicts', '#/patrol', '#/sync', '#/me', '#/settings', '#/new', '#/draft', '#/new/incident', '#/new/visit']) {
      await t.go(page, at);
      await harmless(t, page, at);
    }
    await t.go(page, '#/cases');
    await t.shot(page, 'attack-cases');
    const kinds = new Map();
    for (const row of rows) kinds.set(row.kind, [...(kinds.get(row.kind) ?? []), row.id]);
    for (const [kind, ids] of kinds)
      for (const [at, id] of ids.entries()) {
        if (kind !== 'incident' && at % 3 !== 0) continue; // all texts once, and each kind
        await t.go(page, `#/case/${id}`);
        await harmless(t, page, `#/case/${id} (${kind})`);
        if (id !== ids[0]) continue;
        await t.shot(page, `attack-${kind}`);
        for (const field of ['description', 'name', 'address', 'title'])
          if (mine.one(['show', id]).fields?.[field] !== undefined) {
            await t.go(page, `#/case/${id}/set/${field}`);
            await harmless(t, page, `#/case/${id}/set/${field}`);
          }
      }
    // An address that somebody sends her.
    for (const at of [...RUNS.map((text) => `#/cases?text=${encodeURIComponent(text)}`), `#/new/visit?place=${encodeURIComponent(RUNS[0])}&of=${encodeURIComponent(RUNS[1])}`, '#/case/%00', '#/case/--yes', `#/${'x'.repeat(5000)}`, '#/draft/../../x', '#/case/constructor', '#/__proto__', '#/constructor']) {
      await page.evaluate((hash) => (location.hash = hash), at);
      await page.locator('h1').first().waitFor();
      await t.settled(page);
      await harmless(t, page, at.slice(0, 60));
    }
    t.faults = t.faults.filter((fault) => !/^(400|404) /.test(fault));
    await page.context().close();
    await ui.end();
  },

  'locked: nothing of a case is left in the tab, and what the browser keeps never held it': async (t) => {
    const world = await t.world();
    const device = world.enrol('a', 'w1');
    device.do(['incident', 'category=env-garbage', `address=${SECRET}`, `description=${SECRET}`, '--photo', `${path.join(PHOTOS, 'f1-exif.jpg')}:near`]);
    device.do(['contact', `name=${SECRET}`, 'phone=13900000000']);
    device.do(['passphrase', 'set'], { input: `${PASSPHRASE}\n` });
    device.do(['unlock', '--for', '60'], { input: `${PASSPHRASE}\n` });
    const { id } = device.ask(['list', 'incident'])[0];
    const ui = await device.ui();
    const page = await t.open(ui, { screen: 'small', at: '#/cases', quiet: (text) => /"exit":6|ERR_FILE_NOT_FOUND|404/.test(text) });
    const kept = [];
    const note = async () => kept.push(await page.evaluate(() => `${location.href} ${document.title} ${JSON.stringify(history.state)}`));
    await page.getByRole('searchbox').fill(SECRET);
    await until(async () => (await page.locator('.case-link').count()) === 1 && page.evaluate(() => history.state?.searched !== undefined), 'the case that was looked for');
    await note();
    const thumb = page.locator('.thumb img').first();
    await thumb.waitFor();
    const address = await thumb.getAttribute('src');
    const drawn = (at) =>
      new Promise((done) => {
        const image = new Image();
        image.onload = () => done(true);
        image.onerror = () => done(false);
        image.src = at;
      });
    assert.equal(await page.evaluate(drawn, address), true);
    await t.go(page, `#/case/${id}`);
    await page.getByText(SECRET).first().waitFor();
    await note();
    await page.goBack();
    await page.getByRole('searchbox').waitFor();
    assert.equal(await page.getByRole('searchbox').inputValue(), SECRET, 'Back finds what was looked for');
    await t.go(page, '#/cases?overdue=1');
    assert.equal(await page.getByRole('searchbox').inputValue(), '', 'a link from elsewhere does not');
    await t.go(page, `#/case/${id}/set/description`);
    await page.getByText(SECRET).or(page.locator('textarea')).first().waitFor();
    await note();
    const second = await page.context().newPage();
    await second.goto(`${ui.url}/#/case/${id}`);
    await second.getByText(SECRET).first().waitFor();
    // By another program: the page hears of it all the same.
    device.do(['lock']);
    for (const one of [page, second]) {
      await one.getByRole('heading', { name: '已上锁' }).waitFor();
      for (const step of one === page ? ['goBack', 'goForward', 'reload'] : ['reload']) {
        await one[step]();
        await one.getByRole('heading', { name: '已上锁' }).waitFor();
        const left = await one.evaluate(() => `${document.documentElement.outerHTML} ${document.title} ${location.href}`);
        assert.ok(!left.includes(SECRET), `${step} after the lock`);
        assert.equal(await one.locator('img').count(), 0);
        if (step === 'goBack' && one === page)
          assert.equal(await one.evaluate(drawn, address), false, 'a photo that was shown');
      }
    }
    const stored = await page.evaluate(async () =>
      JSON.stringify([
        { ...localStorage },
        { ...sessionStorage },
        (await indexedDB.databases()).length,
        (await caches.keys()).length,
        (await navigator.serviceWorker.getRegistrations()).length,
        document.cookie,
      ]),
    );
    assert.ok(![...kept, stored].some((text) => text.includes(SECRET) || text.includes(encodeURIComponent(SECRET))), `${kept} ${stored}`);
    assert.match(stored, /,0,0,0,""\]$/);
    await page.context().close();
    await ui.end();
  },

  'a page of another address gets nothing: no answer, no frame, no token, no act': async (t) => {
    const device = (await t.world()).enrol('a', 'w1');
    const ui = await device.ui();
    const page = await t.open(ui);
    const before = device.one(['status']).records;
    const foreign = http.createServer((_, answer) => answer.setHeader('Content-Type', 'text/html').end('<!doctype html><title>x</title><iframe name="f"></iframe>'));
    await new Promise((resolve) => foreign.listen(0, '127.0.0.1', resolve));
    const evil = await page.context().newPage();
    await evil.goto(`http://127.0.0.1:${foreign.address().port}/`);
    const got = await evil.evaluate(async (home) => {
      const out = {};
      const heard = [];
      for (const name of ['xunge', 'xunge-touch', 'xunge-settings']) {
        const channel = new BroadcastChannel(name);
        channel.onmessage = (event) => heard.push(event.data);
        channel.postMessage({ ask: true });
      }
      const body = '{"run":"incident","words":["category=env-garbage"]}';
      const tries = {
        plain: { method: 'POST', body },
        quiet: { method: 'POST', mode: 'no-cors', body },
        typed: { method: 'POST', headers: { 'Content-Type': 'application/json' }, body },
        token: { method: 'POST', headers: { 'Content-Type': 'application/json', Authorization: 'Bearer x' }, body },
      };
      for (const [name, how] of Object.entries(tries))
        out[name] = await fetch(`${home}/api/run`, how).then((answer) => answer.type + answer.status, () => 'refused');
      out.read = await fetch(`${home}/`).then(() => 'read', () => 'refused');
      out.script = await new Promise((resolve) => {
        const script = document.createElement('script');
        script.onload = () => resolve('loaded');
        script.onerror = () => resolve('refused');
        script.src = `${home}/assets/index.js`;
        document.head.append(script);
      });
      const form = document.createElement('form');
      form.method = 'post';
      form.enctype = 'text/plain';
      form.target = 'f';
      form.action = `${home}/api/run`;
      const field = document.createElement('input');
      field.name = body.slice(0, -1);
      field.value = '}';
      form.append(field);
      document.body.append(form);
      form.submit();
      const frame = document.createElement('iframe');
      frame.src = `${home}/`;
      document.body.append(frame);
      const opened = open(`${home}/`);
      await new Promise((resolve) => setTimeout(resolve, 1500));
      try {
        out.opened = opened && !opened.closed ? String(opened.document?.title) : 'cut off';
      } catch {
        out.opened = 'refused';
      }
      out.heard = heard.length;
      return out;
    }, ui.url);
    assert.deepEqual(
      { ...got, opened: undefined },
      { plain: 'refused', quiet: 'opaque0', typed: 'refused', token: 'refused', read: 'refused', script: 'refused', opened: undefined, heard: 0 },
    );
    assert.match(got.opened, /^(refused|cut off)$/);
    for (const frame of evil.frames().slice(1)) assert.ok(!(await frame.locator('#app').count().catch(() => 0)), 'the page in a frame');
    assert.deepEqual(device.one(['status']).records, before);
    foreign.close();
    await page.context().close();
    await ui.end();
  },
};
