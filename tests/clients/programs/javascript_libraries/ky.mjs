import ky from "ky";

import { authorization, baseUrl, makeVideo } from "../javascript/making.mjs";

const client = ky.create({ prefixUrl: baseUrl, headers: { authorization } });

await makeVideo(
  (method, path, { body, ids }) => {
    const searchParams = ids && ids.map((id) => ["filter.task_ids", id]);
    return client(path.slice(1), { method, json: body, searchParams }).json();
  },
  async (link) => new Uint8Array(await ky(link).arrayBuffer()),
);
