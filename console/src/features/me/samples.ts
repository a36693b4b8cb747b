/** How a client is pointed at the gateway. */
export interface Sample {
  name: string
  code: string
}

/**
 * Returns what each SDK needs; `docs/sdks.md` has whole programs.
 *
 * @param origin of the gateway, as `https://gateway.example`.
 * @param publicPart of the key: what follows is the secret, which its owner fills in.
 */
export function samplesFor(origin: string, publicPart: string): Sample[] {
  const key = `sg-${publicPart}-…`
  return [
    {
      name: 'curl',
      code: `export SEEDGATE_API_KEY='${key}'
curl ${origin}/api/v3/contents/generations/tasks \\
  -H "Authorization: Bearer $SEEDGATE_API_KEY" -H 'Content-Type: application/json' \\
  -d '{"model":"doubao-seedance-2","content":[{"type":"text","text":"a kitten yawns"}],"duration":5}'`,
    },
    {
      name: 'Python: volcengine-ark-runtime',
      code: `from volcenginesdkarkruntime import Ark

client = Ark(base_url="${origin}/api/v3", api_key="${key}")
created = client.content_generation.tasks.create(
    model="doubao-seedance-2", content=[{"type": "text", "text": "a kitten yawns"}]
)`,
    },
    {
      name: 'Go: volcengine-go-sdk',
      code: `client := arkruntime.NewClientWithApiKey("${key}", arkruntime.WithBaseUrl("${origin}/api/v3"))`,
    },
    {
      name: 'Java: volcengine-java-sdk-ark-runtime',
      code: `ArkService service = ArkService.builder().apiKey("${key}").baseUrl("${origin}/api/v3").build();`,
    },
    {
      name: 'Python: openai',
      code: `from openai import OpenAI

client = OpenAI(base_url="${origin}/v1", api_key="${key}")
video = client.videos.create_and_poll(model="doubao-seedance-2", prompt="a kitten yawns", seconds="5")`,
    },
    {
      name: 'Node: openai',
      code: `import OpenAI from 'openai'

const client = new OpenAI({ baseURL: '${origin}/v1', apiKey: '${key}' })
const video = await client.videos.create({ model: 'doubao-seedance-2', prompt: 'a kitten yawns', seconds: '5' })`,
    },
  ]
}
