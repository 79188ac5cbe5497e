// Compares queries before and after a splice: `node gains.js FOLDER` reads FOLDER/before and FOLDER/after. A query
// that the splice gave a diagnostic of Microsoft's analyser, which it did not have before, is a failure.
'use strict';
const fs = require('fs');
const path = require('path');
const { KustoCode, globals } = require('./check.js');

const state = globals();

/** How often each diagnostic occurs. Queries without a semicolon or table are told apart by what they already had. */
function diagnostics(file) {
  const text = fs.readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  const found = KustoCode.ParseAndAnalyze(text, state).GetDiagnostics();
  const counts = new Map();
  for (let place = 0; place < found.Count; place += 1) {
    const { Code, Message } = found.getItem(place);
    const key = `${Code}: ${Message}`;
    counts.set(key, (counts.get(key) || 0) + 1);
  }
  return counts;
}

const folder = process.argv[2];
const files = fs.readdirSync(path.join(folder, 'before')).filter((name) => name.endsWith('.kql'));
let gained = 0;
for (const file of files) {
  const before = diagnostics(path.join(folder, 'before', file));
  const after = diagnostics(path.join(folder, 'after', file));
  const more = [...after].filter(([key, count]) => count > (before.get(key) || 0)).map(([key]) => key);
  if (more.length > 0) {
    gained += 1;
    console.error(`${file}: ${more.join('; ')}`);
  }
}
console.log(`${files.length} queries, ${gained} gained a diagnostic`);
process.exit(gained > 0 || files.length === 0 ? 1 : 0);
