import axios from "axios";

import { authorization, baseUrl, makeVideo } from "./making.mjs";

const client = axios.create({ baseURL: baseUrl, headers: { Authorization: authorization } });

await makeVideo(
  async (method, path, { body, ids }) => {
    // axios writes an array as filter.task_ids[]=…&filter.task_ids[]=…
    const answer = await client.request({ method, url: path, data: body, params: ids && { "filter.task_ids": ids } });
    return answer.data;
  },
  async (link) => (await axios.get(link, { responseType: "arraybuffer" })).data,
);
