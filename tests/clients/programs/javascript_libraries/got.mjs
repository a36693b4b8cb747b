import got from "got";

import { authorization, baseUrl, makeVideo } from "../javascript/making.mjs";

const client = got.extend({ prefixUrl: baseUrl, headers: { authorization } });

await makeVideo(
  (method, path, { body, ids }) => {
    const searchParams = ids && new URLSearchParams(ids.map((id) => ["filter.task_ids", id]));
    return client(path.slice(1), { method, json: body, searchParams }).json();
  },
  (link) => got(link).buffer(),
);
