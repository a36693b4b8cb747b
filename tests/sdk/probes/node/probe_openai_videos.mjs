// Drives `client.videos` of `openai`, in the release that the argument names.

import { answer } from "./probing.mjs";

const { default: OpenAI, toFile } = await import(process.argv[2]);

function shown({ id, status, progress, seconds, size, model }) {
  return { id, status, progress, seconds, size, model };
}

async function body({ picture, ...parameters }) {
  if (picture === undefined) {
    return parameters;
  }
  return { ...parameters, input_reference: await toFile(Buffer.from(picture, "hex"), "kitten") };
}

const operations = {
  create: async (videos, given) => shown(await videos.create(await body(given))),
  create_and_poll: async (videos, given) => shown(await videos.createAndPoll(await body(given))),
  retrieve: async (videos, { id }) => shown(await videos.retrieve(id)),
  remix: async (videos, { id }) => shown(await videos.remix(id, { prompt: "another" })),
  async list(videos, given) {
    const ids = [];
    // The page asks for the next ones by itself.
    for await (const video of videos.list(given)) {
      ids.push(video.id);
    }
    return { ids };
  },
  async download_content(videos, { id }) {
    const clip = Buffer.from(await (await videos.downloadContent(id)).arrayBuffer());
    return { head: clip.subarray(0, 12).toString("hex") };
  },
  async delete(videos, { id: wanted }) {
    const { id, deleted, object } = await videos.delete(wanted);
    return { id, deleted, object };
  },
};

function call(request) {
  const client = new OpenAI({
    baseURL: `${request.base_url}/v1`,
    apiKey: request.api_key,
    timeout: request.timeout_seconds * 1000,
  });
  return operations[request.operation](client.videos, request.arguments);
}

function explain(error) {
  return {
    class: error.constructor.name,
    status: error.status ?? null,
    code: error.code ?? null,
    message: error.message,
    request_id: error.requestID ?? null,
  };
}

await answer(call, explain);
