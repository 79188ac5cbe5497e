// Validates lists with a JSON Schema as an editor does: node validate.mjs SCHEMA LIST...
// A list whose first line is `# wrong: WORD` must be marked at WORD, every other one must not be marked.
import Ajv2020 from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

const [schema, ...lists] = process.argv.slice(2)
const ajv = new Ajv2020({ allErrors: true, formats: { uint64: true }, allowMatchingProperties: true })
const validate = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')))
let failed = 0
for (const list of lists) {
  const text = readFileSync(list, 'utf8')
  const wrong = text.match(/^# wrong: (.*)$/m)?.[1]
  const valid = validate(parse(text))
  const marked = (validate.errors ?? []).map((error) => error.params.additionalProperty ?? error.instancePath)
  if (wrong ? !marked.includes(wrong) : !valid) {
    failed += 1
    console.error(`${list}: ${wrong ? `not marked: ${wrong}` : ajv.errorsText(validate.errors)}`)
  }
}
console.log(`${lists.length} lists, ${failed} not as an editor should show them`)
process.exit(failed ? 1 : 0)
