import { writeFile } from "node:fs/promises";

import { createByteDance } from "@ai-sdk/bytedance";
import { experimental_generateVideo as generateVideo } from "ai";

const byteDance = createByteDance({
  baseURL: `${process.env.SEEDGATE_URL}/api/v3`,
  apiKey: process.env.SEEDGATE_API_KEY,
});

// Its own download refuses addresses of this machine and of private networks, where this clip happens to be.
const download = async ({ url }) => {
  const answer = await fetch(url);
  return { data: new Uint8Array(await answer.arrayBuffer()), mediaType: answer.headers.get("content-type") };
};

const { video, providerMetadata } = await generateVideo({
  model: byteDance.video("seedance-1-0-pro-250528"),
  prompt: process.env.PROMPT,
  aspectRatio: "16:9",
  duration: 5,
  providerOptions: { bytedance: { watermark: false, pollIntervalMs: 500 } },
  download,
});

console.log("created", providerMetadata.bytedance.taskId);
await writeFile("clip.mp4", video.uint8Array);
console.log("saved clip.mp4");
