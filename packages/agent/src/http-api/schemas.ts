/** The part of JSON Schema 2020-12 that the description uses. */
export interface JsonSchema {
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object'
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
}

const TEXT: JsonSchema = { type: 'string' }
const WHOLE: JsonSchema = { type: 'integer' }
const FLAG: JsonSchema = { type: 'boolean' }

/** An object with these properties and no others. */
export function object(
  required: Readonly<Record<string, JsonSchema>>,
  optional: Readonly<Record<string, JsonSchema>> = {},
): JsonSchema {
  return {
    type: 'object',
    properties: { ...required, ...optional },
    required: Object.keys(required),
    additionalProperties: false,
  }
}

function list(items: JsonSchema): JsonSchema {
  return { type: 'array', items }
}

export const OPEN_OBJECT: JsonSchema = { type: 'object', additionalProperties: true }

const STRINGS_BY_NAME: JsonSchema = { type: 'object', additionalProperties: TEXT }

const MEMBER = { name: TEXT, host: TEXT, port: WHOLE, tags: STRINGS_BY_NAME, status: TEXT }

const RING_MEMBER = object({ ...MEMBER, weight: WHOLE, zone: TEXT }, { url: TEXT })

const CAUSE = list(object({ type: TEXT, members: list(TEXT) }))

export const PROBLEM: JsonSchema = object({ error: object({ code: TEXT, message: TEXT }) })

export const TAGS: JsonSchema = object({ tags: STRINGS_BY_NAME })

export const MEMBERS: JsonSchema = object({ local: TEXT, members: list(object(MEMBER)) })

export const RING: JsonSchema = object({
  partitions: WHOLE,
  redundancy: WHOLE,
  configuration: TEXT,
  members: list(RING_MEMBER),
  assignment: list(object({ partition: WHOLE, holders: list(TEXT) })),
})

export const LOOKUP: JsonSchema = object({
  key: TEXT,
  partition: WHOLE,
  holders: list(RING_MEMBER),
})

export const EXPLANATION: JsonSchema = object(
  { key: TEXT, partition: WHOLE, holders: list(TEXT), cause: CAUSE, moves: list(OPEN_OBJECT) },
  {
    acting: TEXT,
    home: TEXT,
    sinceMs: { type: 'number' },
    local: object({ replica: WHOLE, isReady: FLAG, isServing: FLAG }, { token: TEXT }),
  },
)

export const PLAN: JsonSchema = object({
  moves: list(object({ partition: WHOLE, replica: WHOLE }, { from: TEXT, to: TEXT })),
  members: list(
    object({
      name: TEXT,
      partitionsIn: WHOLE,
      partitionsOut: WHOLE,
      primariesIn: WHOLE,
      primariesOut: WHOLE,
    }),
  ),
})

export const ACKS: JsonSchema = object({
  session: TEXT,
  acks: list(object({ id: WHOLE }, { error: TEXT, state: TEXT })),
})

export const ACKNOWLEDGED: JsonSchema = object({ acknowledged: WHOLE, unknown: list(WHOLE) })
