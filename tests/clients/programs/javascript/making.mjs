// A video task from beginning to end with any HTTP library: create, poll, download, list, delete.

import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const TASKS = "/contents/generations/tasks";
const POLL_MS = 500;

export const baseUrl = `${process.env.SEEDGATE_URL}/api/v3`;
export const authorization = `Bearer ${process.env.SEEDGATE_API_KEY}`;

/**
 * Makes one video.
 *
 * @param call sends a request, and returns the JSON of its answer; `body` and `ids`, a filter of a list, may be absent.
 * @param download returns what is behind a link, as a Buffer or Uint8Array.
 */
export async function makeVideo(call, download) {
  const created = await call("POST", TASKS, {
    body: {
      model: "doubao-seedance-2",
      content: [{ type: "text", text: process.env.PROMPT }],
      resolution: "720p",
      ratio: "16:9",
      duration: 5,
    },
  });
  console.log("created", created.id);
  let task;
  while (((task = await call("GET", `${TASKS}/${created.id}`, {})), ["queued", "running"].includes(task.status))) {
    console.log("status", task.status);
    await sleep(POLL_MS);
  }
  console.log("status", task.status);
  await writeFile("clip.mp4", await download(task.content.video_url));
  console.log("saved clip.mp4");
  const page = await call("GET", TASKS, { ids: [created.id, process.env.EARLIER_TASK] });
  console.log("listed", ...page.items.map((each) => each.id));
  await call("DELETE", `${TASKS}/${created.id}`, {});
  console.log("deleted", created.id);
}
