// The figures of the worker's page, as one line of JSON: how soon it is of use on a
// processor four times slower, how a list of 10,000 cases scrolls, and what all of it takes of memory
// beside the browser.
//
//     node tests/bench/page.mjs BUILD [CASES]
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';

const build = path.resolve(process.argv[2]);
const cases = Number(process.argv[3] ?? 10000);
process.env.XG_BIN = path.join(build, 'bin');
process.env.XG_SOURCE ??= path.resolve(build, '..');

const { World, SOURCE } = await import('../browser/world.mjs');
const { ARGUMENTS, SCREENS } = await import('../browser/run.mjs');
const need = createRequire(path.join(SOURCE, 'tests/npm/package.json'));
const { chromium } = need('playwright-core');

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** Incidents around the device's own grid, the same each time. */
function incidents(file) {
  const lines = [];
  for (let at = 0; at < cases; at++)
    lines.push(
      JSON.stringify({
        id: `bench-${at}`,
        kind: 'incident',
        worker: 'w1',
        t: 1790000000 + at * 60,
        category: ['env-garbage', 'env-trade', 'fire_passage'][at % 3],
        urgency: ['normal', 'priority', 'urgent'][at % 7 === 0 ? 2 : at % 2],
        address: `解放路 ${at % 900} 号院 ${(at % 6) + 1} 单元`,
        description: `第 ${at} 件：楼道堆放杂物，已口头告知，需要复查。`,
        lat: 35.05 + (at % 100) * 0.0004,
        lon: 118.33 + Math.floor(at / 100) * 0.0004,
      }),
    );
  fs.writeFileSync(file, `${lines.join('\n')}\n`);
}

/** Memory of a process and of its children, in kB; what they share counts once (PSS). */
function resident(pid) {
  let sum = 0;
  const add = (one) => {
    try {
      sum += Number(/^Pss:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
      for (const task of fs.readdirSync(`/proc/${one}/task`))
        for (const child of fs.readFileSync(`/proc/${one}/task/${task}/children`, 'utf8').split(' '))
          if (child) add(Number(child));
    } catch {
      /* it ended meanwhile */
    }
  };
  add(pid);
  return sum;
}

const world = new World();
const browser = await chromium.launch({ executablePath: process.env.XG_CHROMIUM ?? '/usr/bin/chromium', args: ARGUMENTS });
const figures = { cases };
try {
  await world.start();
  const device = world.enrol('a', 'w1');
  incidents(path.join(world.folder, 'cases.jsonl'));
  device.do(['import', path.join(world.folder, 'cases.jsonl')]);
  const ui = await device.ui();

  let peak = 0;
  const sampler = setInterval(() => (peak = Math.max(peak, resident(ui.child.pid))), 5);
  const paints = [];
  let page;
  for (let round = 0; round < 5; round++) {
    const context = await browser.newContext({ ...SCREENS.phone, locale: 'zh-CN' });
    page = await context.newPage();
    const slow = await context.newCDPSession(page);
    await slow.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    await page.goto(`file://${ui.file}`, { waitUntil: 'commit' });
    await page.waitForURL((url) => url.origin === ui.url, { waitUntil: 'commit' });
    // Of use: the capture button is there. Counted from the page's own beginning.
    await page.locator('a[href^="#/new/"]').first().waitFor();
    paints.push(await page.evaluate(() => performance.now()));
    if (round < 4) await context.close();
    else await slow.send('Emulation.setCPUThrottlingRate', { rate: 1 });
  }
  figures.useful_ms = Math.round(median(paints));
  figures.useful_runs_ms = paints.map(Math.round);

  await page.evaluate(() => (location.hash = '#/cases'));
  await page.locator('.long-row[data-full]').first().waitFor();
  const frames = await page.evaluate(async () => {
    const gaps = [];
    let last = performance.now();
    for (let at = 0; at < 300; at++) {
      scrollBy(0, at < 200 ? 400 : 6000);
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      gaps.push(now - last);
      last = now;
    }
    return gaps;
  });
  frames.sort((a, b) => a - b);
  figures.frame_median_ms = frames[150].toFixed(1);
  figures.frame_99_ms = frames[297].toFixed(1);
  figures.frame_worst_ms = frames[299].toFixed(1);
  const shown = Date.now();
  await page.waitForFunction(() => document.querySelectorAll('.long-row:not([data-full])').length === 0);
  figures.rows_after_stop_ms = Date.now() - shown;
  figures.rows_in_document = await page.locator('.long-row').count();
  clearInterval(sampler);
  figures.memory_peak_kb = peak;
  figures.memory_idle_kb = resident(ui.child.pid);
  await ui.end();
} finally {
  await browser.close();
  await world.close();
}
console.log(JSON.stringify(figures));
