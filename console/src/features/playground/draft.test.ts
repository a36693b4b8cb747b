import { expect, test } from 'vitest'
import { bodyOf, curlOf, type Draft, placeOf, slimOf } from './draft'

const draft: Draft = {
  model: 'doubao-seedance-2',
  prompt: "a kitten's yawn",
  references: [
    { id: 4, kind: 'image', role: 'first_frame', url: ' https://a.example/1.png ' },
    { id: 9, kind: 'video', role: 'reference_video', url: 'asset://a-1' },
  ],
  parameters: { duration: '5', seed: '', watermark: 'false', priority: 'high', resolution: '720p' },
  isWebSearch: true,
}

test('a create has what is filled in, and nothing else', () => {
  expect(bodyOf(draft)).toEqual({
    model: 'doubao-seedance-2',
    content: [
      { type: 'text', text: "a kitten's yawn" },
      { type: 'image_url', image_url: { url: 'https://a.example/1.png' }, role: 'first_frame' },
      { type: 'video_url', video_url: { url: 'asset://a-1' }, role: 'reference_video' },
    ],
    resolution: '720p',
    duration: 5,
    watermark: false,
    priority: 'high',
    tools: [{ type: 'web_search' }],
  })
})

test.each([
  ['content', 'prompt'],
  ['content[0].text', 'prompt'],
  ['content[1].image_url.url', 'reference 4'],
  ['content[2].role', 'reference 9'],
  ['duration', 'duration'],
  ['tools[0].type', 'tools'],
  ['model', 'model'],
  ['other', null],
  [null, null],
])('an error about %s belongs to %s', (param, place) => {
  expect(placeOf(param, draft)).toBe(place)
})

test('without a prompt the first item is a reference', () => {
  expect(placeOf('content[0].role', { ...draft, prompt: ' ' })).toBe('reference 4')
})

test('the command quotes what a shell would read', () => {
  expect(curlOf(bodyOf(draft), 'https://g.example')).toContain(`"text":"a kitten'\\''s yawn"`)
})

test('a dry run has everything but the megabytes of an upload', () => {
  const url = `data:image/png;base64,${'A'.repeat(2_000_000)}`
  const upload = { id: 1, kind: 'image' as const, role: 'last_frame', url, fileName: 'a.png' }
  const body = bodyOf({ ...draft, references: [...draft.references, upload] })
  const slim = slimOf(body)
  expect(JSON.stringify(slim).length).toBeLessThan(2_000)
  const item = { type: 'image_url', image_url: { url: url.slice(0, 256) }, role: 'last_frame' }
  expect(slim).toEqual({ ...body, content: [...body.content.slice(0, -1), item] })
})
