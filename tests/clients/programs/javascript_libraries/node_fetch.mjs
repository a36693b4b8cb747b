import fetch from "node-fetch";

import { authorization, baseUrl, makeVideo } from "../javascript/making.mjs";

await makeVideo(
  async (method, path, { body, ids = [] }) => {
    const query = new URLSearchParams(ids.map((id) => ["filter.task_ids", id]));
    // A text as the body of a request without a content type goes as text/plain.
    const answer = await fetch(`${baseUrl}${path}?${query}`, {
      method,
      headers: { authorization },
      body: body && JSON.stringify(body),
    });
    return answer.json();
  },
  async (link) => Buffer.from(await (await fetch(link)).arrayBuffer()),
);
