// The page as somebody uses it: by mouse and by keys.
import { after, before, beforeEach, afterEach, test } from 'node:test';
import { assert, browser, figure, folder, goTo, join, lines, made, nothingWrong, number, opened, quell, readFileSync, reported, writeFileSync } from './harness.js';

let chromium;
let context;
let sample;
let tab;

before(async () => {
  chromium = await browser();
  context = await chromium.newContext({ viewport: { width: 1440, height: 1200 }, acceptDownloads: true, permissions: ['clipboard-read', 'clipboard-write'] });
  sample = made('use', ['samples/action1-hunt.csv'], ['documented']);
});
after(() => chromium.close());
beforeEach(async () => { tab = await opened(context, sample); });
afterEach(async () => {
  nothingWrong(tab);
  await tab.close({ runBeforeUnload: false });
});

const rowCount = async () => Number(await tab.getAttribute('[role="grid"]', 'aria-rowcount')) - 1;
const frame = () => tab.evaluate(() => new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); }));
const verdicts = () => tab.$$eval('.line', (rows) => rows.map((row) => row.children[1].textContent));

async function saved(click) {
  const [download] = await Promise.all([tab.waitForEvent('download'), click()]);
  const file = join(folder, download.suggestedFilename());
  await download.saveAs(file);
  return file;
}

test('a switch changes everything at once, says so, and stands in the address', async () => {
  const before = await figure(tab, 'kept');
  await tab.click('[data-key="on-0"]');
  await frame();
  const off = (await lines(tab)).find((line) => line.id === 'sccm-software-update');
  assert.deepEqual(off.numbers.slice(0, 2), [48, 0]);
  assert.equal(await figure(tab, 'kept'), before + 43);
  assert.match(await tab.textContent('#said'), /43 rows came back, 0 went/);
  assert.match(tab.url(), /#off=sccm-software-update$/);
  assert.ok(!(await tab.textContent('pre')).includes('setup.exe'));
  await tab.click('[data-key="show-changed"]');
  assert.equal(await rowCount(), 43);
  const other = await opened(context, sample, new URL(tab.url()).hash);
  assert.equal(await figure(other, 'kept'), before + 43);
  await other.close();
  await tab.click('[data-key="reset"]');
  assert.equal(await figure(tab, 'kept'), before);
});

test('all off is every row, and an entry and a reading have switches of their own', async () => {
  await tab.click('[data-key="all"]');
  assert.equal(await figure(tab, 'kept'), 320);
  await tab.click('[data-key="all"]');
  await tab.click('[data-key="open-0"]');
  await tab.check('[data-key="reading-0-true"]');
  const scoped = (await lines(tab)).find((line) => line.id === 'sccm-software-update').numbers;
  const did = sample.report.exclusions.find((one) => one.id === 'sccm-software-update');
  assert.equal(scoped[0], did.scoped_matches);
  await tab.check('[data-key="reading-0-false"]');
  await tab.click('[data-key="entry-0"]');
  await frame();
  assert.match(tab.url(), /without=sccm-software-update:1/);
});

test('the row at the top stays there when something is switched', async () => {
  await goTo(tab, 'show=all');
  await tab.evaluate(() => { document.querySelector('.cells').scrollTop = 2400; });
  await frame();
  const top = await tab.evaluate(() => quell.grid.top);
  await tab.click('[data-key="on-1"]');
  await tab.click('[data-key="on-2"]');
  assert.equal(await tab.evaluate(() => quell.grid.top), top);
  await tab.click('[data-key="view-kept"]');
  assert.equal(await tab.evaluate(() => quell.grid.host.scrollTop), 0);
});

test('the chart is brushed by mouse and by keys, and everything follows', async () => {
  const box = await (await tab.$('svg.time')).boundingBox();
  await tab.mouse.move(box.x + 200, box.y + 40);
  await tab.mouse.down();
  await tab.mouse.move(box.x + 500, box.y + 40, { steps: 4 });
  await tab.mouse.up();
  const span = await tab.evaluate(() => quell.state.span);
  const [kept, read] = [await figure(tab, 'kept'), await figure(tab, 'read')];
  assert.ok(read > 20 && read < 200);
  assert.equal(await rowCount(), kept);
  assert.equal((await lines(tab)).reduce((sum, line) => sum + line.numbers[1], 0) >= await figure(tab, 'suppressed'), true);
  await frame();
  assert.match(tab.url(), new RegExp(`span=${span[0]}-${span[1]}`));
  await tab.focus('svg.time');
  await tab.keyboard.press('Escape');
  assert.equal(await figure(tab, 'read'), 320);
  await tab.keyboard.press('Home');
  await tab.keyboard.press('Shift+ArrowRight');
  assert.deepEqual(await tab.evaluate(() => quell.state.span), [0, 1]);
  assert.match(await tab.textContent('#said'), /kept, \d+ suppressed/);
  await tab.keyboard.press('Escape');
  await tab.click('.astable summary');
  await frame();
  const sums = await tab.$$eval('.astable tbody tr', (rows) => rows.map((row) => [...row.querySelectorAll('td')].slice(0, 2).map((cell) => Number(cell.textContent))));
  assert.deepEqual(sums.reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]), [206, 114]);
});

test('rows are searched in every column', async () => {
  await goTo(tab, 'show=all');
  await tab.keyboard.press('/');
  await tab.keyboard.type('SVCHOSTS.exe');
  await tab.waitForFunction(() => quell.state.search !== '');
  const text = readFileSync('samples/action1-hunt.csv', 'utf8').split('\n').slice(1);
  const wanted = await tab.evaluate(() => quell.filteredRows.length);
  assert.ok(wanted > 0 && wanted <= text.filter((line) => /svchosts\.exe/i.test(line)).length);
  const found = await tab.evaluate(() => [...quell.filteredRows].every((row) => quell.columns.some((column) => /svchosts\.exe/i.test(column.cell(row) ?? ''))));
  const missed = await tab.evaluate(() => Array.from({ length: 320 }, (_, row) => row).filter((row) => !quell.filteredRows.includes(row) && quell.columns.some((column) => /svchosts\.exe/i.test(column.cell(row) ?? ''))));
  assert.ok(found);
  assert.deepEqual(missed, []);
});

test('rows are sorted by a column, numbers as numbers', async () => {
  await goTo(tab, 'show=all');
  const port = await tab.evaluate(() => quell.columns.findIndex((column) => column.name === 'RemotePort'));
  await tab.click(`[data-sort="${port}"]`);
  const ports = () => tab.evaluate((column) => [...quell.filteredRows].map((row) => Number(quell.columns[column].cell(row) || 0)), port);
  const up = await ports();
  assert.deepEqual(up, up.slice().sort((a, b) => a - b));
  assert.equal(await tab.getAttribute(`[data-sort="${port}"]`, 'aria-sort'), 'ascending');
  await tab.click(`[data-sort="${port}"]`);
  const down = await ports();
  assert.deepEqual(down, up.slice().sort((a, b) => b - a));
});

test('values are taken in and out, and add up', async () => {
  const first = '#facets li:first-child';
  const rows = number(await tab.textContent(`${first} .number`));
  await tab.click(`${first} .pick >> nth=0`);
  assert.equal(await rowCount(), rows);
  await tab.click('.chip button');
  await tab.click(`${first} .pick >> nth=1`);
  assert.equal(await rowCount(), 206 - rows);
});

test('rows are grouped by any column and by process and network', async () => {
  await tab.selectOption('[data-key="groupby"]', '-1');
  const groups = await tab.$$eval('.groups tbody tr', (all) => all.map((row) => Number(row.querySelector('td.number').textContent)));
  assert.equal(groups.reduce((a, b) => a + b, 0), 206);
  const port = await tab.evaluate(() => quell.columns.findIndex((column) => column.name === 'RemotePort'));
  await tab.selectOption('[data-key="groupby"]', String(port));
  const ports = await tab.$$eval('.groups tbody tr', (all) => all.map((row) => [row.querySelector('th').textContent, Number(row.querySelector('td.number').textContent)]));
  assert.equal(ports.reduce((sum, [, rows]) => sum + rows, 0), 206);
  await tab.click('.groups tbody tr:first-child th button');
  assert.equal(await rowCount(), ports[0][1]);
});

test('a row opens to what `quell explain` says', async () => {
  for (let row = 1; row <= 320; row += 7) {
    await goTo(tab, `show=all&row=${row}`);
    const explained = JSON.parse(quell(['explain', 'samples/action1-hunt.csv', '--row', String(row), '--format', 'json', '--today', '2026-11-25']));
    const shown = await tab.evaluate(() => {
      const why = [...document.querySelectorAll('.why')].map((one) => ({ text: one.querySelector('p').textContent, conditions: [...one.querySelectorAll('.condition')].map((each) => [each.querySelector('.stands').textContent, each.querySelector('code').textContent, each.querySelector('.seen').textContent]) }));
      return { verdict: document.querySelector('.verdict').className, why };
    });
    assert.equal(shown.verdict.includes('suppressed'), explained.suppressed, `row ${row}`);
    if (explained.suppressed) {
      const covering = explained.exclusions.filter((one) => one.outcome === 'met').map((one) => one.id).sort();
      const hiding = shown.why.filter((one) => / hides it/.test(one.text)).map((one) => one.text.split(' ')[0]).sort();
      assert.deepEqual(hiding, covering, `row ${row}`);
    } else {
      const near = shown.why.at(-1);
      assert.ok(near.text.startsWith(explained.nearest.id), `row ${row}: ${near.text} is not ${explained.nearest.id}`);
      const unmet = near.conditions.filter(([stands]) => stands !== 'met').map(([, key]) => key.split('|')[0]);
      assert.deepEqual(unmet, explained.nearest.missing.map((one) => one.field), `row ${row}`);
    }
  }
});

test('rows are marked by one key, and labels come back', async () => {
  await tab.focus('[role="grid"]');
  await tab.keyboard.press('m');
  await tab.keyboard.press('ArrowDown');
  await tab.keyboard.press('Space');
  await tab.keyboard.press('Shift+ArrowDown');
  await tab.keyboard.press('b');
  assert.deepEqual(await tab.evaluate(() => [...quell.labels.values()]), ['malicious', 'benign', 'benign']);
  const file = await saved(() => tab.click('[data-key="export"]'));
  const review = JSON.parse(readFileSync(file, 'utf8'));
  assert.equal(review.format, 'quell-review/1');
  assert.deepEqual(review.labels.map((one) => [one.line - one.row, one.label]), [[1, 'malicious'], [1, 'benign'], [1, 'benign']]);
  assert.equal(review.labels[0].cells['process.name'], 'svchosts.exe');
  const other = await opened(context, sample);
  await other.setInputFiles('[data-key="import"]', file);
  await other.waitForFunction(() => quell.labels.size === 3);
  assert.deepEqual(await other.evaluate(() => [...quell.labels]), await tab.evaluate(() => [...quell.labels]));
  nothingWrong(other);
  await other.close();
});

test('rows that are marked malicious are what `quell probe` reads', async () => {
  await tab.focus('[role="grid"]');
  await tab.keyboard.press('m');
  const file = await saved(() => tab.click('[data-key="malicious"]'));
  const probed = JSON.parse(quell(['probe', '--malicious', file, '--format', 'json']));
  assert.ok(JSON.stringify(probed).includes('sccm-software-update'));
});

test('chosen rows become a draft that hides just what the page says', async () => {
  await tab.fill('[data-key="search"]', 'MsMpEng.exe');
  await tab.waitForFunction(() => quell.state.search !== '');
  await tab.focus('[role="grid"]');
  await tab.keyboard.press('Space');
  await tab.click('[data-key="exclude"]');
  const hides = await tab.evaluate(() => [quell.tuning.hides, quell.tuning.others]);
  assert.ok(hides[0] >= 1);
  // Without the address it hides more, and says so before it is done.
  const without = number((await tab.textContent('.tuple li:has([data-key="chip-destination.ip"]) .muted')).replace('without it', ''));
  await tab.click('[data-key="chip-destination.ip"]');
  assert.equal(await tab.evaluate(() => quell.tuning.hides), without);
  assert.ok(without > hides[0]);
  await tab.fill('[data-key="draft-reason"]', 'CHG-1: it\'s "Defender"');
  await tab.press('[data-key="draft-reason"]', 'Tab');
  await tab.click('[data-key="copy-draft"]');
  const yaml = await tab.evaluate(() => navigator.clipboard.readText());
  const report = reported(sample, yaml);
  const draft = await tab.evaluate(() => ({ id: quell.tuning.id, covers: quell.tuning.covers }));
  assert.deepEqual([report.exclusions[0].id, report.exclusions[0].matches], [draft.id, draft.covers]);
  assert.match(quell(['test', '-e', join(folder, 'switched.yaml')]), /pass|0 fail|ok/i);
  await tab.click('[data-key="keep-draft"]');
  assert.ok((await tab.textContent('tr.draft')).includes(draft.id));
  await tab.click('[data-key="view-draft"]');
  await tab.fill('[data-key="search"]', '');
  await tab.waitForFunction(() => quell.state.search === '');
  assert.equal(await rowCount(), without);
  assert.ok((await verdicts()).every((text) => text === `draft ${draft.id}`));
  const review = JSON.parse(readFileSync(await saved(() => tab.click('[data-key="export"]')), 'utf8'));
  assert.equal(review.drafts[0].yaml, yaml);
});

test('a group becomes a draft', async () => {
  await tab.selectOption('[data-key="groupby"]', '-1');
  await tab.click('.groups [data-key^="exclude-"]');
  const rows = number((await tab.$$eval('.groups tbody tr td.number', (cells) => cells[0].textContent)));
  assert.equal(await tab.evaluate(() => quell.tuning.rows.length), rows);
  assert.ok(await tab.evaluate(() => quell.tuning.hides >= quell.tuning.rows.length && quell.tuning.missed === 0));
});

test('KQL, YAML and ticket are copied as they stand', async () => {
  await goTo(tab, 'off=kaseya-scheduled-backup');
  for (const which of ['kql', 'yaml', 'ticket']) {
    await tab.click(`[data-key="take-${which}"]`);
    await tab.click('[data-key="copy"]');
    const text = await tab.evaluate(() => navigator.clipboard.readText());
    assert.ok(text.includes('sccm-software-update') && (which === 'ticket' || !text.includes('kaseya-scheduled-backup')), which);
    if (which === 'ticket') assert.match(text, /kaseya-scheduled-backup is off/);
  }
});

test('columns are chosen', async () => {
  await tab.click('[data-key="columns"]');
  const names = () => tab.$$eval('[data-sort]', (all) => all.map((head) => head.textContent));
  const before = await names();
  const place = await tab.evaluate(() => quell.columns.findIndex((column) => column.name === 'ReportId'));
  await tab.click(`[data-key="column-${place}"]`);
  assert.deepEqual((await names()).filter((name) => !before.includes(name)), ['ReportId']);
  await frame();
  assert.match(tab.url(), /columns=/);
});

test('keys alone reach a cell, a row, a filter', async () => {
  const grid = '[role="grid"]';
  await tab.focus(grid);
  const active = () => tab.evaluate(() => document.getElementById(document.querySelector('[role="grid"]').getAttribute('aria-activedescendant'))?.textContent);
  await tab.keyboard.press('ArrowRight');
  await tab.keyboard.press('ArrowRight');
  await tab.keyboard.press('ArrowRight');
  assert.equal(await active(), 'svchosts.exe');
  await tab.keyboard.press('Control+End');
  assert.equal(await tab.evaluate(() => quell.grid.cursor.at), 205);
  assert.notEqual(await active(), undefined);
  await tab.keyboard.press('PageUp');
  await tab.keyboard.press('Control+Home');
  await tab.keyboard.press('Enter');
  assert.equal(await tab.textContent('#row h2'), 'Row 1');
  await tab.keyboard.press('Escape');
  assert.ok(await tab.isHidden('#row'));
  for (let step = 0; step < 3; step++) await tab.keyboard.press('ArrowRight');
  const name = await active();
  await tab.keyboard.press('+');
  assert.ok(await rowCount() < 206);
  assert.ok((await tab.textContent('.chips')).includes(name));
});
