// Makes a video over plain HTTP, with the fetch that comes with Node.js 20: nothing to install.

import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const POLL_SECONDS = 1; // 5 to 10 is right for real videos, which take minutes
const TASKS = `${process.env.SEEDGATE_URL}/api/v3/contents/generations/tasks`;

async function request(method, path = "", body = undefined) {
  const answer = await fetch(TASKS + path, {
    method,
    headers: { Authorization: `Bearer ${process.env.SEEDGATE_API_KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const answered = await answer.json();
  if (!answer.ok) {
    throw new Error(`${method} answered ${answer.status} ${answered.error.code}: ${answered.error.message}`);
  }
  return answered;
}

const created = await request("POST", "", {
  model: "doubao-seedance-2",
  content: [{ type: "text", text: "A kitten stretches in the morning light" }],
  resolution: "720p",
  ratio: "16:9",
  duration: 5,
});
console.log("created", created.id);

let task;
while (["queued", "running"].includes((task = await request("GET", `/${created.id}`)).status)) {
  console.log("status", task.status);
  await sleep(POLL_SECONDS * 1000);
}
if (task.status !== "succeeded") {
  throw new Error(`${task.id} ended ${task.status}: ${JSON.stringify(task.error)}`);
}

// The link ends after a day: keep the clip, not the link.
const answer = await fetch(task.content.video_url);
if (!answer.ok) {
  throw new Error(`the clip is not there: ${answer.status}`);
}
const clip = Buffer.from(await answer.arrayBuffer());
await writeFile(`${task.id}.mp4`, clip);
console.log("saved", `${task.id}.mp4`, `(${clip.length} bytes)`);

const page = await request("GET", "?filter.status=succeeded&page_size=10");
console.log("listed", page.total);

await request("DELETE", `/${task.id}`);
console.log("deleted", task.id);
