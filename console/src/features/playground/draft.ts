import type { BodyOf } from '~/api/types'

export type CreateBody = BodyOf<'/api/v3/contents/generations/tasks', 'post'>

export const REFERENCE_KINDS = ['image', 'video', 'audio'] as const
export type ReferenceKind = (typeof REFERENCE_KINDS)[number]

/** The roles of each kind; the empty one leaves it to the API. */
export const ROLES: Record<ReferenceKind, readonly string[]> = {
  image: ['', 'first_frame', 'last_frame', 'reference_image'],
  video: ['reference_video'],
  audio: ['reference_audio'],
}

export interface Reference {
  /** Tells references apart in the page. */
  id: number
  kind: ReferenceKind
  role: string
  /** A web URL, `asset://…` or, of an upload, a data URI. */
  url: string
  /** The name of the uploaded file, whose data URI is not shown. */
  fileName?: string
}

type ParameterKind = 'integer' | 'switch' | 'text' | 'choice'

export interface Parameter {
  name: string
  kind: ParameterKind
  choices?: readonly string[]
}

/** The parameters beside those that the model's row lists: `app/create_parameters.py`, in its order. */
export const MORE_PARAMETERS = [
  { name: 'seed', kind: 'integer' },
  { name: 'generate_audio', kind: 'switch' },
  { name: 'watermark', kind: 'switch' },
  { name: 'return_last_frame', kind: 'switch' },
  { name: 'service_tier', kind: 'choice', choices: ['default', 'flex'] },
  { name: 'execution_expires_after', kind: 'integer' },
  { name: 'draft', kind: 'switch' },
  { name: 'camera_fixed', kind: 'switch' },
  { name: 'frames', kind: 'integer' },
  { name: 'priority', kind: 'integer' },
  { name: 'omni_reference_task_type', kind: 'choice', choices: ['auto', 'reference', 'edit', 'extend'] },
  { name: 'output_format', kind: 'choice', choices: ['mp4', 'mov'] },
  { name: 'callback_url', kind: 'text' },
  { name: 'safety_identifier', kind: 'text' },
] as const satisfies readonly Parameter[]

const MODEL_PARAMETERS = [
  { name: 'resolution', kind: 'text' },
  { name: 'ratio', kind: 'text' },
  { name: 'duration', kind: 'integer' },
] as const satisfies readonly Parameter[]

export const PARAMETERS: readonly Parameter[] = [...MODEL_PARAMETERS, ...MORE_PARAMETERS]

/** What is in the form. A parameter that is empty is not sent. */
export interface Draft {
  model: string
  prompt: string
  references: readonly Reference[]
  parameters: Readonly<Record<string, string>>
  isWebSearch: boolean
}

/** Returns the body of the create. What is no number is sent as it is, and the API says so. */
export function bodyOf(draft: Draft): CreateBody {
  const body: Record<string, unknown> = { model: draft.model, content: contentOf(draft) }
  for (const { name, kind } of PARAMETERS) {
    const text = draft.parameters[name]?.trim()
    if (text) body[name] = parameterOf(text, kind)
  }
  if (draft.isWebSearch) body.tools = [{ type: 'web_search' }]
  return body as CreateBody
}

const KEPT_CHARACTERS = 256

/**
 * Returns the body for a dry run, with the beginnings of uploads alone: the gateway does not read what is in a picture,
 * so that an estimate is the same without its megabytes.
 */
export function slimOf(body: CreateBody): CreateBody {
  return JSON.parse(JSON.stringify(body), (_name, value) =>
    typeof value === 'string' && value.startsWith('data:') ? value.slice(0, KEPT_CHARACTERS) : value,
  ) as CreateBody
}

function contentOf({ prompt, references }: Draft): unknown[] {
  const text = prompt.trim() === '' ? [] : [{ type: 'text', text: prompt }]
  const media = references.map(({ kind, role, url }) => ({
    type: `${kind}_url`,
    [`${kind}_url`]: { url: url.trim() },
    ...(role === '' ? {} : { role }),
  }))
  return [...text, ...media]
}

function parameterOf(text: string, kind: ParameterKind): unknown {
  if (kind === 'switch') return text === 'true'
  if (kind === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text)
  return text
}

/**
 * Returns where in the form an error of the API belongs: `prompt`, `reference 7` (by its id), the name of a parameter,
 * or null when it is about no field.
 */
export function placeOf(param: string | null, draft: Draft): string | null {
  if (param === null) return null
  const item = param.match(/^content\[(\d+)\]/)
  if (item) {
    const hasPrompt = draft.prompt.trim() !== ''
    const reference = draft.references[Number(item[1]) - (hasPrompt ? 1 : 0)]
    return reference ? `reference ${reference.id}` : 'prompt'
  }
  const name = param.split(/[.[]/)[0] ?? ''
  if (name === 'content') return 'prompt'
  if (name === 'tools') return 'tools'
  return name === 'model' || PARAMETERS.some((parameter) => parameter.name === name) ? name : null
}

/** Returns the create as a command; media that were uploaded are named, not repeated. */
export function curlOf(body: CreateBody, origin: string): string {
  const json = JSON.stringify(body, (_key, value) =>
    typeof value === 'string' && value.startsWith('data:') ? `${value.slice(0, 40)}…` : value,
  )
  return [
    `curl -s ${origin}/api/v3/contents/generations/tasks \\`,
    `  -H "Authorization: Bearer $API_KEY" -H 'Content-Type: application/json' \\`,
    `  -d '${json.replaceAll("'", "'\\''")}'`,
  ].join('\n')
}
