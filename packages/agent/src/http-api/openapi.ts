import {
  ACKNOWLEDGED,
  ACKS,
  EXPLANATION,
  LOOKUP,
  MEMBERS,
  object,
  OPEN_OBJECT,
  PLAN,
  PROBLEM,
  RING,
  TAGS,
  type JsonSchema,
} from './schemas.ts'

const TEXT: JsonSchema = { type: 'string' }
const FLAG: JsonSchema = { type: 'boolean' }

interface Operation {
  readonly summary: string
  readonly parameters?: readonly object[]
  readonly [rest: string]: unknown
}

function answers(status: number, schema: JsonSchema): object {
  return {
    [status]: { description: 'Done', content: { 'application/json': { schema } } },
    default: { description: 'Refused', content: { 'application/json': { schema: PROBLEM } } },
  }
}

function read(summary: string, schema: JsonSchema, ...parameters: readonly object[]): Operation {
  return { summary, parameters, responses: answers(200, schema) }
}

function change(
  summary: string,
  body: JsonSchema,
  schema: JsonSchema,
  status: number = 200,
): Operation {
  return {
    summary,
    security: [{ bearer: [] }],
    requestBody: { required: true, content: { 'application/json': { schema: body } } },
    responses: answers(status, schema),
  }
}

function text(summary: string, type: string, ...parameters: readonly object[]): Operation {
  return {
    summary,
    parameters,
    responses: {
      200: { description: 'Done', content: { [type]: { schema: TEXT } } },
      default: { description: 'Refused', content: { 'application/json': { schema: PROBLEM } } },
    },
  }
}

function parameter(place: 'query' | 'path' | 'header', name: string, schema: JsonSchema): object {
  return { in: place, name, required: place === 'path', schema }
}

const LAST_ID = parameter('header', 'Last-Event-ID', TEXT)
const KEY = parameter('path', 'key', TEXT)
const NAMES: JsonSchema = { type: 'array', items: TEXT }

/** What the API is, for tools that make clients. */
export const OPENAPI: {
  readonly openapi: string
  readonly info: object
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: object
} = {
  openapi: '3.1.0',
  info: { title: 'libring agent', version: '1', license: { name: 'MIT', identifier: 'MIT' } },
  paths: {
    '/v1/health': {
      get: read('Whether the process answers', object({ status: TEXT, member: TEXT })),
    },
    '/v1/ready': {
      get: read(
        'Whether the member is alive and the ring has members (503 otherwise)',
        object({ ready: FLAG, ringMembers: { type: 'integer' } }),
      ),
    },
    '/v1/members': { get: read('Members, as Serf shows them', MEMBERS) },
    '/v1/ring': {
      get: read('Who holds what', RING, parameter('query', 'partition', { type: 'integer' })),
    },
    '/v1/lookup/{key}': { get: read('Who holds a key, primary first', LOOKUP, KEY) },
    '/v1/explain/{key}': { get: read('Why a key is where it is', EXPLANATION, KEY) },
    '/v1/plan': {
      get: read(
        'What would move if members came (name or name:weight) and went',
        PLAN,
        parameter('query', 'join', NAMES),
        parameter('query', 'leave', NAMES),
      ),
    },
    '/v1/tags': {
      get: read('Tags of the local member', TAGS),
      put: change('Replace the tags of the local member', TAGS, TAGS),
    },
    '/v1/events': {
      get: text('Member and user events from now on', 'text/event-stream', LAST_ID),
      post: change(
        'Tell every member of something; payload in base64',
        object({ name: TEXT }, { payload: TEXT, coalesce: FLAG }),
        object({ sent: FLAG }),
        202,
      ),
    },
    '/v1/partitions': {
      get: {
        ...text(
          'Attach as the consumer, or resume: steps of what the agent holds',
          'text/event-stream',
          parameter('query', 'session', TEXT),
          parameter('query', 'takeover', FLAG),
          LAST_ID,
        ),
        security: [{ bearer: [] }],
      },
    },
    '/v1/partitions/acks': {
      post: change('Acknowledge steps, or say that they failed', ACKS, ACKNOWLEDGED),
    },
    '/v1/partitions/detach': {
      post: change('End as a consumer', object({ session: TEXT }), object({ detached: FLAG })),
    },
    '/v1/drain': {
      post: change('Hand everything over, then leave', object({}), object({ draining: FLAG }), 202),
    },
    '/v1/forget': {
      post: change(
        'Have a failed member count as left; prune to erase it',
        object({ name: TEXT }, { prune: FLAG }),
        object({ forgotten: TEXT }),
        202,
      ),
    },
    '/v1/metrics': { get: text('Metrics for Prometheus', 'text/plain') },
    '/v1/openapi.json': { get: read('This description', OPEN_OBJECT) },
  },
  components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
}
