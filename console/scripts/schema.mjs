// Writes the types of the API from the description that the gateway of this checkout serves, to the file that is named.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import openapiTS, { astToString } from 'openapi-typescript'

const root = new URL('../../', import.meta.url)
const describe = [
  'import json',
  'from app.main import create_app',
  'from app.settings import Settings',
  'print(json.dumps(create_app(Settings(_env_file=None)).openapi()))',
].join('\n')
const json = execFileSync('.venv/bin/python', ['-c', describe], {
  cwd: root,
  encoding: 'utf8',
  maxBuffer: 64e6,
})
const types = astToString(await openapiTS(JSON.parse(json)))
writeFileSync(
  process.argv[2] ?? new URL('console/src/api/schema.d.ts', root),
  `// Made by \`npm run schema\` from /openapi.json. Do not edit.\n\n${types}`,
)
