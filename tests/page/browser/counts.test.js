// The numbers on the page against `quell apply --format json` over the list that the page itself writes, for random
// choices of exclusions, entries and readings.
import { after, before, test } from 'node:test';
import { CASES, ROOT, assert, browser, figure, folder, goTo, join, keptGroups, lines, made, nothingWrong, opened, quell, random, readFileSync, reported, writeFileSync } from './harness.js';
import { shown } from '../../../src/report/page/text.js';

const ROUNDS = Number(process.env.QUELL_ROUNDS ?? 60);
let chromium;
let context;

before(async () => {
  chromium = await browser();
  context = await chromium.newContext({ viewport: { width: 1440, height: 1200 } });
});
after(() => chromium.close());

// A random choice as an address.
function choice(list, pick) {
  const off = list.exclusions.filter(() => pick(3) === 0).map((one) => one.id);
  const without = list.entries.filter((entry) => list.entryCounts[entry.id] > 1 && pick(4) === 0).map((entry) => `${entry.id}:${entry.number}`);
  const scoped = list.exclusions.filter(() => pick(4) === 0).map((one) => one.id);
  const part = (key, values) => (values.length > 0 ? [`${key}=${values.join(',')}`] : []);
  return [...part('off', off), ...part('without', without), ...part('scoped', scoped), 'groupby=-'].join('&');
}

async function listOf(tab) {
  return tab.evaluate(() => ({
    exclusions: quell.list.exclusions.map(({ id }) => ({ id })),
    entries: quell.list.entries.map((entry) => ({ id: quell.list.exclusions[entry.exclusion].id, number: entry.number + 1 })),
    entryCounts: Object.fromEntries(quell.list.exclusions.map((one) => [one.id, one.entries.length])),
  }));
}

async function same(tab, page, report) {
  const { totals } = report;
  for (const key of ['kept', 'suppressed', 'undecidable']) assert.equal(await figure(tab, key), totals[key], `${page.name} ${tab.url()}: ${key}`);
  assert.equal(await figure(tab, 'read'), totals.read - totals.duplicates);
  const isScoped = await tab.evaluate(() => quell.list.exclusions.filter((one) => quell.state.choice.scoped[one.place]).map((one) => one.id));
  const onLines = new Map((await lines(tab)).map(({ id, numbers }) => [id, numbers]));
  for (const one of report.exclusions) {
    const [matches, hides, alone, loose] = onLines.get(one.id);
    assert.deepEqual([matches, hides, alone], [one.matches, one.matches, one.sole], `${page.name} ${tab.url()}: ${one.id}`);
    if (!isScoped.includes(one.id)) assert.equal(loose, one.matches - one.scoped_matches, `${page.name} ${tab.url()}: loose of ${one.id}`);
  }
  for (const [id, [, hides]] of onLines) if (!report.exclusions.some((one) => one.id === id)) assert.equal(hides, 0, `${id} is off`);
  const groups = report.kept_groups.map(({ process, destination, rows }) => `${shown(process)} → ${destination} ${rows}`);
  const onPage = (await keptGroups(tab)).map(([label, rows]) => `${label} ${rows}`);
  assert.deepEqual(onPage.sort(), groups.slice(0, 300).sort(), `${page.name} ${tab.url()}: groups`);
}

async function rounds(page, count, seed) {
  const tab = await opened(context, page, '#groupby=-');
  await same(tab, page, page.report);
  const list = await listOf(tab);
  const pick = random(seed);
  for (let round = 0; round < count; round++) {
    await goTo(tab, choice(list, pick));
    await tab.click('[data-key="take-yaml"]');
    const yaml = await tab.evaluate(() => quell.takeYaml());
    await same(tab, page, reported(page, yaml));
  }
  nothingWrong(tab);
  await tab.close();
}

test('the sample hunt, for random choices', () => rounds(made('sample', ['samples/action1-hunt.csv'], ['documented']), ROUNDS, 1));

test('rows as JSON Lines, with malformed and repeated ones', async () => {
  const file = join(folder, 'broken.csv');
  const row = '2026-11-16T00:06:14Z,d1,dev,setup.exe,10.10.10.10,443,7\n';
  writeFileSync(file, `Timestamp,DeviceId,DeviceName,InitiatingProcessFileName,RemoteIP,RemotePort,ReportId\n${row}${row}${row.replace(',7', ',8')}only,three,cells\n,,,,,,\n"un"closed,a,b,c,d,e,f\n`);
  await rounds(made('malformed', [file], ['documented'], ['--dedupe']), 12, 5);
  await rounds(made('jsonl', ['samples/action1-hunt.jsonl'], ['documented']), 6, 6);
});

test('random lists and rows of the laws, for random choices', async () => {
  for (let number = 0; number < ROUNDS / 2; number++) {
    await rounds(made(`law${number}`, [join(CASES, `${number}.csv`)], [join(CASES, `${number}.yaml`)]), 3, 100 + number);
  }
});

test('a span of time counts what quell counts in the rows of that time', async () => {
  const page = made('span', ['samples/action1-hunt.jsonl'], ['documented']);
  const rows = readFileSync(join(ROOT, 'samples/action1-hunt.jsonl'), 'utf8').trim().split('\n').map((line) => [Date.parse(JSON.parse(line).Timestamp) / 1000, line]);
  const tab = await opened(context, page);
  const { start, width, bins } = await tab.evaluate(() => quell.data.time);
  const pick = random(77);
  for (let round = 0; round < 10; round++) {
    const from = pick(bins);
    const to = from + pick(bins - from);
    const inside = rows.filter(([seconds]) => seconds >= start + from * width && seconds < start + (to + 1) * width).map(([, line]) => line);
    if (inside.length === 0) continue;
    await goTo(tab, `span=${from}-${to}`);
    const part = join(folder, 'span.jsonl');
    writeFileSync(part, `${inside.join('\n')}\n`);
    const { totals } = JSON.parse(quell(['apply', part, '-e', 'documented', '--format', 'json', '--quiet', '--allow-missing-columns']));
    for (const key of ['read', 'kept', 'suppressed', 'undecidable']) assert.equal(await figure(tab, key), totals[key], `${from}-${to}: ${key}`);
  }
  nothingWrong(tab);
  await tab.close();
});

test('counts of all rows are exact when only a sample of them is held', async () => {
  const page = made('sample-of', ['samples/action1-hunt.csv', 'samples/lab-network-events.csv'].slice(0, 1), ['documented'], ['--report-rows', '40']);
  page.more = [];
  const tab = await opened(context, page);
  assert.ok((await tab.textContent('#notices')).includes('sample of 40 out of 320'));
  await tab.close();
  await rounds(page, 10, 3);
});

test('a review that is exported is applied by `quell apply --review`', async () => {
  const page = made('review', ['samples/action1-hunt.csv'], ['documented']);
  const tab = await opened(context, page);
  const pick = random(9);
  const all = await tab.evaluate(() => quell.list.exclusions.map((one) => one.id));
  for (let round = 0; round < 8; round++) {
    await goTo(tab, `off=${all.filter(() => pick(2) === 0).join(',')}`);
    const file = join(folder, 'quell-review.json');
    writeFileSync(file, await tab.evaluate(() => quell.reviewText()));
    const { totals } = JSON.parse(quell(['apply', 'samples/action1-hunt.csv', '-e', 'documented', '--review', file, '--format', 'json']));
    for (const key of ['kept', 'suppressed', 'undecidable']) assert.equal(await figure(tab, key), totals[key], `${tab.url()}: ${key}`);
  }
  await tab.close();
});

test('a sample has a row of every exclusion and of every set of them', async () => {
  const page = made('kinds', ['samples/action1-hunt.csv'], ['documented'], ['--report-rows', '200']);
  const tab = await opened(context, page);
  const kinds = await tab.evaluate(() => [new Set(quell.rows.set).size, quell.counts.sets.length]);
  assert.equal(kinds[0], kinds[1]);
  await tab.close();
});

test('the clause of the page is the clause of `quell kql`', async () => {
  const lists = ['documented', 'tests/lint/expired/triggers.yaml'];
  const page = made('kql', ['samples/action1-hunt.csv'], lists);
  const tab = await opened(context, page);
  const kql = (names) => quell(['kql', ...names.flatMap((list) => ['-e', list]), '--today', '2026-11-25']);
  assert.equal(await tab.evaluate(() => quell.takeKql()), kql(lists));
  // In part it is said in the same words, laid out more simply.
  await goTo(tab, 'off=sccm-software-update&without=altiris-inventory-check:1');
  const text = await tab.evaluate(() => quell.takeKql());
  writeFileSync(join(folder, 'clause.yaml'), await tab.evaluate(() => quell.takeYaml()));
  const body = (clause) => clause.replace(/^\/\/.*\n/gm, '').replace(/\s+/g, ' ');
  assert.equal(body(text), body(kql([join(folder, 'clause.yaml')])));
  await tab.close();
});
