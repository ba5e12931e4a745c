import type { JsonSchema } from '../../packages/agent/src/http-api/schemas.ts'

/** Where the value differs from the schema; empty where it does not. */
export function differencesFrom(schema: JsonSchema, value: unknown, path = '$'): string[] {
  if (typeOf(value) !== schema.type && !(schema.type === 'number' && typeOf(value) === 'integer')) {
    return [`${path}: ${typeOf(value)} instead of ${schema.type}`]
  }
  if (Array.isArray(value)) {
    return value.flatMap((item, at) => differencesFrom(schema.items!, item, `${path}[${at}]`))
  }
  if (schema.type !== 'object') return []
  const { properties = {}, required = [], additionalProperties = true } = schema
  const missing = required.filter((name) => !Object.hasOwn(value as object, name))
  return [
    ...missing.map((name) => `${path}.${name}: missing`),
    ...Object.entries(value as object).flatMap(([name, item]) => {
      const known = properties[name]
      if (known !== undefined) return differencesFrom(known, item, `${path}.${name}`)
      if (additionalProperties === false) return [`${path}.${name}: unknown`]
      if (additionalProperties === true) return []
      return differencesFrom(additionalProperties, item, `${path}.${name}`)
    }),
  ]
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
