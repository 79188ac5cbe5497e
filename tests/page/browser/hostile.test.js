// Rows and lists that want to be more than text; and axe-core over every part of the page.
import { after, before, test } from 'node:test';
import { createRequire } from 'node:module';
import { assert, browser, folder, goTo, join, made, nothingWrong, opened, readFileSync, writeFileSync } from './harness.js';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let chromium;
let context;

before(async () => {
  chromium = await browser();
  context = await chromium.newContext({ viewport: { width: 1440, height: 1200 } });
});
after(() => chromium.close());

const EVIL = [
  '</script><script>window.evil=1</script>', '<img src=x onerror=window.evil=1>', '</SCRIPT >', '<!--<script>', ']]>', '{{script}}', '{{rows}}', '\u2028window.evil=1\u2029',
  '"><svg onload=window.evil=1>', "';window.evil=1;//", 'javascript:window.evil=1', 'http://127.0.0.1:9/evil.png', '\u202efdp.exe', '\u0007\u001b[2J', '\u200b', '\ufeff', '\\u003cscript>',
  '&lt;b&gt;&#x3c;script&#x3e;', '${window.evil=1}', '`', '\u{e0001}\u{e0041}', 'e\u0301\u0335\u0336', '=cmd()', '<base href=//evil>', '<meta http-equiv=refresh content=0>', '__proto__', 'constructor', 'a'.repeat(1 << 20),
];

const quoted = (text) => `"${text.replaceAll('"', '""')}"`;

function hostile() {
  const rows = join(folder, `${EVIL[9].replace(/\W/g, '')}'<b>.csv`);
  const cells = EVIL.map((text, place) => ['2026-11-16T00:06:14Z', quoted(text), quoted(text), `10.10.10.${place}`, quoted(text)].join(','));
  writeFileSync(rows, `Timestamp,DeviceName,InitiatingProcessFileName,RemoteIP,${quoted('<script>window.evil=1</script>')}\n${cells.join('\n')}\n`);
  const list = join(folder, 'hostile.yaml');
  const exclusion = (text, place) => `  - id: hostile-${place}\n    scenario: ${JSON.stringify(text)}\n    reason: ${JSON.stringify(text)}\n    owner: ${JSON.stringify(text)}\n    when: {process.name: ${JSON.stringify(text)}}\n`;
  writeFileSync(list, `exclusions:\n${EVIL.slice(0, 10).map(exclusion).join('')}`);
  return made('hostile', [rows], [list]);
}

test('hostile rows and lists stay text', async () => {
  const page = hostile();
  const source = readFileSync(page.file, 'utf8');
  assert.equal(source.match(/<\/script/gi).length, 3, 'nothing ends a script that is not one of the three of the page');
  const tab = await opened(context, page, '#show=all');
  for (const hash of ['show=all', 'show=suppressed', 'show=all&groupby=InitiatingProcessFileName', 'show=all&groupby=-', ...EVIL.map((_, row) => `show=all&row=${row + 1}`)]) {
    await goTo(tab, hash);
  }
  for (const place of [0, 3, 7]) await tab.click(`[data-key="open-${place}"]`);
  for (const which of ['yaml', 'ticket', 'kql']) await tab.click(`[data-key="take-${which}"]`);
  assert.equal(await tab.evaluate(() => window.evil), undefined);
  assert.equal(await tab.evaluate(() => document.querySelectorAll('img, iframe, object, embed, link, base, meta[http-equiv="refresh"], svg [onload]').length), 0);
  await goTo(tab, 'show=all');
  const shown = await tab.$$eval('.line', (lines) => lines.map((line) => line.textContent));
  assert.ok(shown.some((text) => text.includes('</script><script>')));
  assert.ok(shown.some((text) => text.includes('\\u{202e}fdp.exe')));
  assert.ok(shown.every((text) => !/[\u202e\u200b\u0007\u001b\ufeff]/.test(text) && text.length < 10_000));
  nothingWrong(tab);
  await tab.close();
});

test('a hostile address is no more than one that cannot be understood', async () => {
  const page = made('address', ['samples/action1-hunt.csv'], ['documented']);
  for (const text of [EVIL[0], EVIL[1], '__proto__=1&constructor=2', '%E0%A4%A', 'off=__proto__&by=constructor&where=__proto__:=x&search=%3Cimg%20src%3Dx%20onerror%3Dwindow.evil%3D1%3E']) {
    const tab = await opened(context, page, `#${text}`);
    assert.equal(await tab.evaluate(() => window.evil), undefined);
    nothingWrong(tab);
    await tab.close();
  }
});

test('a hostile review is refused or stays text', async () => {
  const page = made('review', ['samples/action1-hunt.csv'], ['documented']);
  const tab = await opened(context, page);
  const review = (text) => {
    const file = join(folder, 'review.json');
    writeFileSync(file, text);
    return tab.setInputFiles('[data-key="import"]', file);
  };
  for (const text of ['', '{}', '[]', 'null', '{"format":"quell-review/9"}']) {
    await review(text);
    await tab.waitForFunction(() => document.getElementById('said').textContent.includes('not a review'));
    await tab.evaluate(() => { document.getElementById('said').textContent = ''; });
  }
  const evil = '<img src=x onerror=window.evil=1>';
  await review(JSON.stringify({ format: 'quell-review/1', labels: [{ file: 'samples/action1-hunt.csv', row: 1, label: evil }, { file: evil, row: 1, label: 'benign' }], drafts: [{ id: evil, reason: evil, when: { 'process.name': [evil] }, rows: [] }, { id: 'x', when: { [evil]: ['y'] } }], view: `off=${evil}` }));
  await tab.waitForFunction(() => quell.drafts.length === 1);
  assert.equal(await tab.evaluate(() => quell.labels.size), 0);
  assert.equal(await tab.evaluate(() => window.evil), undefined);
  assert.ok((await tab.textContent('tr.draft')).includes(evil));
  nothingWrong(tab);
  await tab.close();
});

test('the policy forbids what it says', async () => {
  const page = made('policy', ['samples/action1-hunt.csv'], ['documented']);
  const tab = await opened(context, page);
  const outcomes = await tab.evaluate(async () => {
    const blocked = async (what) => what().then(() => false, () => true);
    const script = () => new Promise((done, fail) => {
      const element = document.createElement('script');
      try { element.textContent = 'window.evil=1'; } catch (error) { fail(error); return; }
      document.body.append(element);
      setTimeout(() => (window.evil ? done() : fail(new Error('blocked'))), 50);
    });
    return {
      fetch: await blocked(() => fetch('https://example.invalid/')),
      data: await blocked(() => fetch('data:text/plain,x')),
      markup: await blocked(async () => { document.createElement('div').innerHTML = '<b>'; }),
      script: await blocked(script),
    };
  });
  assert.deepEqual(outcomes, { fetch: true, data: true, markup: true, script: true });
  await tab.close();
});

test('axe-core finds nothing serious, in light and dark and in every part', async () => {
  for (const colorScheme of ['light', 'dark']) {
    const themed = await chromium.newContext({ viewport: { width: 1440, height: 1800 }, colorScheme });
    const page = made('axe', ['samples/action1-hunt.csv'], ['documented', 'tests/lint/expired/triggers.yaml']);
    const tab = await opened(themed, page);
    await tab.evaluate(axe);
    const look = async (what) => {
      const { violations } = await tab.evaluate(() => axe.run(document, { resultTypes: ['violations'] }));
      const serious = violations.filter((one) => ['serious', 'critical'].includes(one.impact));
      assert.deepEqual(serious.map((one) => [one.id, one.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`)]), [], `${colorScheme}: ${what}`);
      console.log(`axe, ${colorScheme}, ${what}: ${violations.length} lesser ${violations.map((one) => one.id).join(' ')}`);
    };
    await look('as it opens');
    await tab.click('[data-key="on-1"]');
    await tab.click('[data-key="open-0"]');
    await goTo(tab, 'show=all&off=altiris-inventory-check&row=27&by=sccm-software-update&span=2-90');
    await look('switched, opened, filtered');
    await goTo(tab, 'groupby=-');
    await look('grouped');
    await goTo(tab, 'row=2');
    await tab.click('[data-key="row-exclude"]');
    await tab.click('[data-key="columns"]');
    await look('a draft');
    await tab.close();
    await themed.close();
  }
});
