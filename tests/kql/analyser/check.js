// Runs Microsoft's own parser and analyser over every .kql file of the folders given. Each diagnostic is printed;
// any of them is a failure. The columns of the tables come from quell's schema files.
'use strict';
const fs = require('fs');
const path = require('path');

const library = path.dirname(require.resolve('@kusto/language-service-next/package.json'));
const load = (file) => (0, eval)(fs.readFileSync(path.join(library, file), 'utf8'));
load('bridge.min.js');
load('Kusto.Language.Bridge.min.js');
const { GlobalState, KustoCode } = Kusto.Language;
const { TableSymbol, DatabaseSymbol } = Kusto.Language.Symbols;

/** The table of a schema file as `(column: type, ...)`; the files are flat enough to be read by lines. */
function table(file) {
  const lines = fs.readFileSync(file, 'utf8').split('\n');
  const name = (lines.find((line) => line.startsWith('table:')) || '').slice(6).trim();
  const from = lines.findIndex((line) => line === 'columns:');
  const columns = [];
  if (from >= 0) {
    for (const line of lines.slice(from + 1)) {
      const found = line.match(/^ {2}'?([^':]+)'?: (\w+)/);
      if (found) columns.push([found[1], found[2]]);
    }
  } else {
    // By type: `  string: >-` and the names below it.
    let kind = '';
    for (const line of lines.slice(lines.indexOf('types:') + 1)) {
      const head = line.match(/^ {2}(\w+): >-$/);
      if (head) kind = head[1];
      else columns.push(...line.trim().split(' ').filter(Boolean).map((column) => [column, kind]));
    }
  }
  const also = (lines.find((line) => line.startsWith('also:')) || '').slice(5).replace(/[[\]\s]/g, '').split(',').filter(Boolean);
  const symbol = TableSymbol.From('(' + columns.map(([column, of]) => `${column}: ${of}`).join(', ') + ')');
  return [name, ...also].map((each) => symbol.WithName(each));
}

const schemas = path.join(__dirname, '../../../src/schema');
// Sentinel has what Defender has under the same name, and more.
const others = fs.readdirSync(path.join(schemas, 'tables')).map((file) => path.join('tables', file));
const tables = ['sentinel.yaml', 'asim.yaml', ...others].flatMap((file) => table(path.join(schemas, file)));
if (tables.length < 34) {
  throw new Error(`only ${tables.length} tables were read`);
}
function globals() {
  return GlobalState.Default.WithDatabase(new DatabaseSymbol.$ctor3('db', null, tables, false));
}

/** A judge that sees no wrong column judges nothing; that is thrown, not passed over. */
function judge() {
  const state = globals();
  for (const query of ['DeviceNetworkEvents | where remoteip == "192.0.2.1"', 'SecurityEvent | where eventid == 4688', '_Im_Dns | where dnsquery == "x"']) {
    const found = KustoCode.ParseAndAnalyze(query, state).GetDiagnostics();
    if (found.Count !== 1 || found.getItem(0).Code !== 'KS142') {
      throw new Error(`the analyser does not report a column in the wrong case: are its tables loaded? ${query}`);
    }
  }
  return state;
}

module.exports = { KustoCode, judge };

if (require.main === module) {
  const state = judge();
  let files = 0;
  let failures = 0;
  for (const folder of process.argv.slice(2)) {
    for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.kql'))) {
      const text = fs.readFileSync(path.join(folder, file), 'utf8');
      const found = KustoCode.ParseAndAnalyze(text, state).GetDiagnostics();
      files += 1;
      for (let place = 0; place < found.Count; place += 1) {
        const diagnostic = found.getItem(place);
        failures += 1;
        console.error(`${file}: ${diagnostic.Code} ${diagnostic.Severity}: ${diagnostic.Message} at ${JSON.stringify(text.slice(diagnostic.Start, diagnostic.Start + 60))}`);
      }
    }
  }
  console.log(`${files} files, ${failures} diagnostics`);
  // A folder without files checks nothing.
  process.exit(failures > 0 || files === 0 ? 1 : 0);
}
