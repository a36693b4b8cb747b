import { request } from "undici";

import { authorization, baseUrl, makeVideo } from "../javascript/making.mjs";

await makeVideo(
  async (method, path, { body, ids }) => {
    const answer = await request(baseUrl + path, {
      method,
      headers: { authorization, ...(body && { "content-type": "application/json" }) },
      query: ids && { "filter.task_ids": ids },
      body: body && JSON.stringify(body),
    });
    return answer.body.json();
  },
  async (link) => Buffer.from(await (await request(link)).body.arrayBuffer()),
);
