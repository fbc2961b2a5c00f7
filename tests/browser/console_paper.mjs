// What goes onto paper and into sheets at the desk: orders, supervisions, the ledger; and what comes
// in from a hotline as a workbook. Nothing cut, nothing taken for a formula or for markup.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ENFORCEMENT, staffed } from './office.mjs';
import { until } from './run.mjs';
import { PHOTOS } from './world.mjs';

const EVIL = '<img src=x onerror="document.title=1"><script>document.title=2</script>';

/** The text of a PDF, and its pages. */
function paper(bytes, folder) {
  const file = path.join(folder, 'paper.pdf');
  fs.writeFileSync(file, bytes);
  const out = spawnSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' });
  assert.equal(out.status, 0, `pdftotext: ${out.stderr ?? out.error}`);
  return { text: out.stdout.replace(/\s+/g, ''), pages: out.stdout.split('\f').length - 1 };
}

/** No box of the paper is wider than the paper, as it is printed. */
async function isWhole(page, where) {
  await page.emulateMedia({ media: 'print' });
  const cut = await page.evaluate(() => {
    const side = document.querySelector('.paper').getBoundingClientRect().right + 1;
    return [...document.querySelectorAll('.paper *')].filter((one) => one.getBoundingClientRect().right > side || one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflow !== 'visible').map((one) => one.className || one.tagName);
  });
  assert.deepEqual(cut, [], `${where}: cut at the side`);
  await page.emulateMedia({ media: null });
}

/** A workbook, made by python's own means: rows of cells, each a text, a number or [formula, value]. */
function workbook(folder, rows, { merge = [], shared = true } = {}) {
  const file = path.join(folder, 'orders.xlsx');
  const script = `
import json, sys, zipfile
from xml.sax.saxutils import escape
rows, merge = json.loads(sys.stdin.read())
def name(at): return chr(65 + at)
out, strings = [], []
for n, row in enumerate(rows, 1):
    cells = []
    for at, value in enumerate(row):
        ref = name(at) + str(n)
        if value is None: continue
        if isinstance(value, dict): cells.append('<c r="%s" t="str"><f>%s</f><v>%s</v></c>' % (ref, escape(value['f']), escape(value['v'])))
        elif isinstance(value, list): cells.append('<c r="%s" s="1"><v>%s</v></c>' % (ref, value[0]))
        elif isinstance(value, (int, float)): cells.append('<c r="%s"><v>%s</v></c>' % (ref, value))
        else:
            cells.append('<c r="%s" t="s"><v>%d</v></c>' % (ref, len(strings)))
            strings.append(value)
    out.append('<row r="%d">%s</row>' % (n, ''.join(cells)))
M = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
R = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
P = 'http://schemas.openxmlformats.org/package/2006/relationships'
head = '<?xml version="1.0" encoding="UTF-8"?>'
merged = '<mergeCells count="%d">%s</mergeCells>' % (len(merge), ''.join('<mergeCell ref="%s"/>' % m for m in merge)) if merge else ''
with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as z:
    z.writestr('[Content_Types].xml', head + '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/><Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>')
    z.writestr('_rels/.rels', head + '<Relationships xmlns="%s"><Relationship Id="rId1" Type="%s/officeDocument" Target="xl/workbook.xml"/></Relationships>' % (P, R))
    z.writestr('xl/workbook.xml', head + '<workbook xmlns="%s" xmlns:r="%s"><sheets><sheet name="工单" sheetId="1" r:id="rId1"/></sheets></workbook>' % (M, R))
    z.writestr('xl/_rels/workbook.xml.rels', head + '<Relationships xmlns="%s"><Relationship Id="rId1" Type="%s/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="%s/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="rId3" Type="%s/styles" Target="styles.xml"/></Relationships>' % (P, R, R, R))
    z.writestr('xl/styles.xml', head + '<styleSheet xmlns="%s"><fonts count="1"><font/></fonts><fills count="1"><fill/></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>' % M)
    z.writestr('xl/worksheets/sheet1.xml', head + '<worksheet xmlns="%s"><sheetData>%s</sheetData>%s</worksheet>' % (M, ''.join(out), merged))
    z.writestr('xl/sharedStrings.xml', head + '<sst xmlns="%s" count="%d" uniqueCount="%d">%s</sst>' % (M, len(strings), len(strings), ''.join('<si><t xml:space="preserve">%s</t></si>' % escape(s) for s in strings)))
`;
  const made = spawnSync('python3', ['-c', script, file], { input: JSON.stringify([rows, merge]), encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  return file;
}

/** Cells of a workbook that the server wrote. */
function cellsOf(file) {
  const script = `
import json, re, sys, zipfile
from xml.etree import ElementTree as E
N = '{http://schemas.openxmlformats.org/spreadsheetml/2006/main}'
z = zipfile.ZipFile(sys.argv[1])
texts = [''.join(t.text or '' for t in si.iter(N + 't')) for si in E.fromstring(z.read('xl/sharedStrings.xml'))]
sheet = E.fromstring(z.read('xl/worksheets/sheet1.xml'))
rows = []
for row in sheet.iter(N + 'row'):
    cells = []
    for c in row:
        v = c.find(N + 'v')
        cells.append(None if v is None else texts[int(v.text)] if c.get('t') == 's' else v.text)
    rows.append(cells)
json.dump([rows, len(list(sheet.iter(N + 'f')))], sys.stdout)`;
  const read = spawnSync('python3', ['-c', script, file], { encoding: 'utf8', maxBuffer: 64 << 20 });
  assert.equal(read.status, 0, read.stderr);
  return JSON.parse(read.stdout);
}

async function chooseSheet(page, file, columns) {
  await page.locator('.sheet-take input').setInputFiles(file);
  await page.locator('.sheet-columns').waitFor();
  for (const [column, field] of columns) await page.getByLabel(column, { exact: true }).selectOption(field);
  await page.getByRole('button', { name: '预览' }).click();
  await page.locator('.table tbody tr').first().waitFor();
}

export const tests = {
  'orders, supervisions and the ledger come out whole, whatever was written in them': async (t) => {
    const world = await staffed(t, 'd9');
    const device = world.enrol('a', 'w1');
    const long = `长长的地址${'兰山区通达路'.repeat(24)}尽头`;
    const { id } = device.one(['incident', 'category=env-garbage', `address=${long}`, `description=${EVIL} ${'垃圾满溢，'.repeat(60)}到此为止`, 'position=35.05,118.35', '--photo', `${path.join(PHOTOS, 'has-lens-info.jpg')}:before`]);
    device.one(['incident', 'category=env-trade', `address=${'x'.repeat(180)}END`, 'description==HYPERLINK("http://x","y")']);
    device.sync();
    for (const words of [['accept'], ['file'], ['dispatch', `unit=${ENFORCEMENT}`, 'board=environment', 'post=cg-1'], ['supervise', `why=${EVIL}居民多次反映`]])
      world.serverAsk(['do', world.data, id, ...words, '--as', 'd9', '--unsigned'], { codes: [0, 5] });
    const page = await t.desk(world, 'd9', { at: `#/print/order/${id}` });
    for (const [at, head, more] of [[`#/print/order/${id}`, '交办单', '签收：'], [`#/print/supervise/${id}`, '督办单', '居民多次反映']]) {
      await t.go(page, at);
      await page.locator('.paper-table').waitFor();
      await t.settled(page);
      await isWhole(page, head);
      await t.accessible(page, head);
      const { text, pages } = paper(await page.pdf({ preferCSSPageSize: true }), world.folder);
      for (const part of [head, '尽头', '到此为止', more, '<script>', '未改动']) assert.ok(text.includes(part), `${head}: ${part} in ${text.slice(0, 400)}`);
      if (process.env.XG_SHOTS) fs.copyFileSync(path.join(world.folder, 'paper.pdf'), path.join(process.env.XG_SHOTS, `${head}.pdf`));
      assert.doesNotMatch(text, /待人决定|退出|跳到正文/, 'what is about it stays on the screen');
      assert.match(text, /派遣陈静（调度员）/, 'a paper names who, whoever prints it');
      assert.ok(pages <= 2, `${pages} pages`);
    }
    await t.go(page, '#/cases');
    await page.locator('.desk-row').first().waitFor();
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Excel' }).click();
    const file = path.join(world.folder, 'ledger.xlsx');
    await (await saved).saveAs(file);
    const [rows, formulas] = cellsOf(file);
    assert.equal(formulas, 0, 'text stays text');
    assert.equal(rows.length, 3);
    assert.ok(rows.flat().some((cell) => cell?.includes('=HYPERLINK')), 'as it was written');
    assert.ok(rows.flat().some((cell) => cell?.includes('综合行政执法局')));
    // Made while the board lagged it says so, and the page beside the button.
    const lag = page.getByText('这份表还差 3 件没算进来，截至日志第 41 条');
    assert.equal(await lag.count(), 0);
    await page.route('**/api/data', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, headers: { ...response.headers(), 'xunge-at': '41', 'xunge-behind': '3' } });
    });
    for (const [at, button] of [['#/cases', 'CSV'], ['#/review', 'XLSX'], ['#/figures', 'CSV']]) {
      await t.go(page, at);
      await page.getByRole('button', { name: button }).click();
      await lag.waitFor();
      await t.accessible(page, `${at}: a sheet that lags`);
    }
    await page.unroute('**/api/data');
    await page.getByRole('button', { name: 'CSV' }).click();
    await lag.waitFor({ state: 'detached' });
    // What is printed is asked again until it is whole.
    let lags = 2;
    await page.route('**/api/run', async (route) => {
      const answer = await route.fetch();
      const late = route.request().postDataJSON().run === 'list' && lags-- > 0;
      await route.fulfill({ response: answer, body: (await answer.text()).replace(/"behind":0(?=\}\s*$)/, `"behind":${late ? 3 : 0}`) });
    });
    await t.go(page, '#/print/ledger?case=1');
    await page.locator('.paper').getByText('还差 3 件没算进来').waitFor();
    await page.locator('.paper').getByText('还差 3 件没算进来').waitFor({ state: 'detached' });
    await page.unroute('**/api/run');
    await t.go(page, '#/cases');
    await page.getByRole('link', { name: '打印台账' }).click();
    await page.locator('.paper-ledger tbody tr').nth(1).waitFor();
    await isWhole(page, 'the ledger');
    await t.accessible(page, 'the ledger');
    const ledger = paper(await page.pdf({ preferCSSPageSize: true }), world.folder).text;
    for (const part of ['案件台账', '长长的', '综合', '制表：']) assert.ok(ledger.includes(part), part);
    await t.shot(page, 'console-ledger');
    assert.match(await page.title(), /巡格|台账/);

    // A name that was looked for is in no address.
    await t.go(page, '#/cases');
    await page.locator('input[type=search]').first().fill('通达路');
    await page.waitForFunction(() => document.querySelectorAll('.desk-row').length === 1);
    await page.getByRole('link', { name: '打印台账' }).click();
    await page.locator('.paper-ledger tbody tr').first().waitFor();
    assert.equal(await page.locator('.paper-ledger tbody tr').count(), 1);
    assert.doesNotMatch(decodeURIComponent(page.url()), /通达路/);
  },

  "a hotline's workbook: merged cells, dates, formulas, markup, thousands of lines, and the same file again": async (t) => {
    const world = await staffed(t, 'd9');
    const page = await t.desk(world, 'd9', { at: '#/intake/sheet' });
    const file = workbook(
      world.folder,
      [
        ['工单号', '类别', '内容', '地址', '时间'],
        [20260001, 'env-garbage', '垃圾满溢', '书香苑1号楼', [46348.5]],
        [null, null, '合并的一行', '书香苑2号楼', [46348.75]],
        ['R-3', 'env-trade', { f: 'CONCATENATE("摊","位")', v: '摊位占道' }, { f: 'HYPERLINK("http://x","y")', v: 'y' }, 'x'],
        ['R-4', EVIL, EVIL, EVIL, EVIL],
        ['R-5', 'env-garbage', EVIL, '书香苑5号楼', null],
      ],
      { merge: ['A2:A3', 'B2:B3'] },
    );
    const columns = [['工单号', 'external'], ['类别', 'category'], ['内容', 'description'], ['地址', 'address'], ['时间', '']];
    await chooseSheet(page, file, columns);
    const summary = await page.locator('p[role=status]', { hasText: '行可收' }).innerText();
    assert.match(summary, /5 行：3 行可收[^]*2 行有问题/, summary);
    await t.accessible(page, 'lines with a problem');
    await t.shot(page, 'console-workbook');
    await page.getByRole('button', { name: '收入 3 件' }).click();
    await until(() => world.serverAsk(['list', world.data, 'incident']).length === 3, 'three taken in');
    const rows = world.serverAsk(['list', world.data, 'incident']);
    const words = rows.map((row) => `${row.fields.description}|${row.fields.address}`).sort();
    assert.ok(words.includes('摊位占道|y'), words.join('\n'));
    assert.ok(words.includes(`${EVIL}|书香苑5号楼`), 'markup is text');
    await chooseSheet(page, file, columns);
    await page.getByText(/5 行：0 行可收，3 行已收过/).waitFor();
    for (const row of rows) {
      await t.go(page, `#/case/${row.id}`);
      await page.locator('.move-bar').waitFor();
    }
    await t.go(page, '#/cases');
    await page.locator('.desk-row').nth(2).waitFor();
    assert.doesNotMatch(await page.title(), /^[12]$/);

    // Five thousand: seen before they are taken, and told by line.
    await t.go(page, '#/intake/sheet');
    const many = workbook(world.folder, [['工单号', '类别', '内容', '地址'], ...Array.from({ length: 5000 }, (_, i) => [`M-${i}`, i % 100 === 7 ? '没有这一类' : 'env-garbage', `第${i}件`, `书香苑${i}号`])]);
    await chooseSheet(page, many, columns.slice(0, 4));
    await page.getByText(/5000 行：4950 行可收，0 行已收过，50 行有问题/).waitFor({ timeout: 60000 });
    const [first] = await page.locator('.table tbody tr').allInnerTexts();
    assert.match(first, /^9\s/, 'the first bad line, by the number that the sheet shows');

    for (const [name, bytes] of [[`${EVIL}.xlsx`, 'PK\x03\x04 not a workbook'], ['empty.csv', ''], ['<b>.csv', '\0\0\0']]) {
      await page.locator('.sheet-take input').setInputFiles({ name: name.replaceAll('/', '_'), mimeType: 'application/octet-stream', buffer: Buffer.from(bytes, 'latin1') });
      await page.getByRole('alert').first().waitFor();
    }
    t.faults = t.faults.filter((fault) => !/"run":"intake"|eyJ/.test(fault));
    assert.equal(world.serverAsk(['list', world.data, 'incident', '--count'])[0].count, 3, 'nothing came of it');
  },
};
