import superagent from "superagent";

import { authorization, baseUrl, makeVideo } from "../javascript/making.mjs";

await makeVideo(
  async (method, path, { body, ids }) => {
    const query = ids && { "filter.task_ids": ids };
    const answer = await superagent(method, baseUrl + path).set("authorization", authorization).query(query).send(body);
    return answer.body;
  },
  async (link) => (await superagent.get(link).responseType("blob")).body,
);
