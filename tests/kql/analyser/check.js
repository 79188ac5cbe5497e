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
  const columns = lines.slice(from + 1).map((line) => line.match(/^ {2}'?([^':]+)'?: (\w+)/)).filter(Boolean);
  return TableSymbol.From('(' + columns.map((column) => `${column[1]}: ${column[2]}`).join(', ') + ')').WithName(name);
}

const schemas = path.join(__dirname, '../../../src/schema');
// Sentinel has what Defender has under the same name, and more.
const tables = ['sentinel.yaml', 'asim.yaml'].map((file) => table(path.join(schemas, file)));
function globals() {
  return GlobalState.Default.WithDatabase(new DatabaseSymbol.$ctor3('db', null, tables, false));
}

module.exports = { KustoCode, globals };

if (require.main === module) {
  const state = globals();
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
