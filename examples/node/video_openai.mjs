// Makes a video by OpenAI's own calls, `client.videos`: npm install openai, on Node.js 22 or newer.

import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import OpenAI from "openai";

const POLL_SECONDS = 1; // 5 to 10 is right for real videos, which take minutes

const client = new OpenAI({ baseURL: `${process.env.SEEDGATE_URL}/v1`, apiKey: process.env.SEEDGATE_API_KEY });

// A picture would be `input_reference: fs.createReadStream("kitten.png")`.
const created = await client.videos.create({
  model: "doubao-seedance-2",
  prompt: "A kitten stretches in the morning light",
  seconds: "5",
  size: "1280x720",
});
console.log("created", created.id);

let video;
while (["queued", "in_progress"].includes((video = await client.videos.retrieve(created.id)).status)) {
  console.log("status", video.status, `${video.progress} %`);
  await sleep(POLL_SECONDS * 1000);
}
if (video.status !== "completed") {
  throw new Error(`${video.id} ended ${video.status}: ${JSON.stringify(video.error)}`);
}

// The clip is kept for a day.
const clip = Buffer.from(await (await client.videos.downloadContent(video.id)).arrayBuffer());
await writeFile(`${video.id}.mp4`, clip);
console.log("saved", `${video.id}.mp4`, `(${clip.length} bytes)`);

const page = await client.videos.list({ limit: 10 });
console.log("listed", page.data.length);

await client.videos.delete(video.id);
console.log("deleted", video.id);
