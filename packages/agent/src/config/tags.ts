import * as v from 'valibot'

/** Names of tags and their values. A list would pass for one whose names are numbers. */
export const tagsSchema: v.GenericSchema<Record<string, string>> = v.pipe(
  v.custom<Record<string, string>>(
    (value) => !Array.isArray(value),
    'must be tags and their values',
  ),
  v.record(v.string(), v.string()),
)
