// The console's first view, as one line of JSON: how soon the way in is there, and how soon after the
// password was found right the first case of the inbox. What the person types, and what the password
// itself costs, is not counted.
//
//     node tests/bench/console.mjs URL CODE PASSWORD
import { createRequire } from 'node:module';
import path from 'node:path';

const [url, code, password] = process.argv.slice(2);
const { SOURCE } = await import('../browser/world.mjs');
const { ARGUMENTS, SCREENS } = await import('../browser/run.mjs');
const need = createRequire(path.join(SOURCE, 'tests/npm/package.json'));
const { chromium } = need('playwright-core');
const RUNS = 5;

const median = (list) => Math.round([...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]);
const browser = await chromium.launch({ executablePath: process.env.XG_CHROMIUM ?? '/usr/bin/chromium', args: ARGUMENTS });
const way_in = [];
const proven = [];
const rows = [];
try {
  for (let round = 0; round < RUNS; round++) {
    const context = await browser.newContext({ ...SCREENS.laptop, locale: 'zh-CN', ignoreHTTPSErrors: true });
    const page = await context.newPage();
    await page.goto(`${url}/`, { waitUntil: 'commit' });
    await page.locator('#code').waitFor();
    way_in.push(await page.evaluate(() => performance.now()));
    await page.locator('#code').fill(code);
    await page.locator('#password').fill(password);
    // When the answer came, and when the first row stood there, by the page's own clock.
    await page.evaluate(() => {
      window.shown = new Promise((resolve) => {
        const look = () => {
          if (!document.querySelector('main a[href^="#/case/"]')) return requestAnimationFrame(look);
          return resolve(performance.now());
        };
        look();
      });
    });
    const began = await page.evaluate(() => performance.now());
    await page.locator('form button[type=submit]').click();
    const shown = await page.evaluate(() => window.shown);
    const answered = await page.evaluate(() => {
      const [entry] = performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/api/login'));
      return entry.responseEnd;
    });
    proven.push(answered - began);
    rows.push(shown - answered);
    await context.close();
  }
} finally {
  await browser.close();
}
console.log(
  JSON.stringify({
    runs: RUNS,
    login_ms: median(way_in),
    password_ms: median(proven),
    rows_ms: median(rows),
    inbox_ms: median(way_in.map((ms, i) => ms + rows[i])),
  }),
);
