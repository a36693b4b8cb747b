// Makes an asset and a video with it, with the core of the SDK: npm install @volcengine/sdk-core

import { setTimeout as sleep } from "node:timers/promises";

import { Client, Command } from "@volcengine/sdk-core";

const POLL_SECONDS = 1; // 5 to 10 is right for real assets
const ASSET_URL = "https://example.com/reference.png";
const { SEEDGATE_URL, SEEDGATE_API_KEY } = process.env;

// The SDK signs its requests, so the API key goes where the access key id belongs; any secret does. The endpoint has
// no path: this SDK would put it into the Host header.
const { protocol, host } = new URL(SEEDGATE_URL);
const client = new Client({
  protocol: protocol.replace(":", ""),
  host,
  region: "cn-beijing",
  accessKeyId: SEEDGATE_API_KEY,
  secretAccessKey: "unused",
});

async function call(action, input) {
  const command = new Command(input);
  const params = { Action: action, Version: "2024-01-01" };
  command.requestConfig = { method: "POST", serviceName: "ark", contentType: "application/json", params };
  try {
    return (await client.send(command)).Result;
  } catch (error) {
    // The SDK's own error contains the whole request with the key, so it must not be logged.
    const message = error.data?.ResponseMetadata?.Error?.Message ?? error.message;
    throw Object.assign(new Error(`${action}: ${message}`), { status: error.status });
  }
}

const group = await call("CreateAssetGroup", { Name: "kittens", Description: "References", GroupType: "AIGC" });
console.log("group", group.Id);

const created = await call("CreateAsset", {
  GroupId: group.Id,
  URL: ASSET_URL,
  Name: "grey kitten",
  AssetType: "Image",
});
console.log("asset", created.Id);

let asset;
while ((asset = await call("GetAsset", { Id: created.Id })).Status === "Processing") {
  await sleep(POLL_SECONDS * 1000);
}
if (asset.Status !== "Active") {
  throw new Error(`${asset.Id} is ${asset.Status}: ${JSON.stringify(asset.Error)}`);
}
console.log("active", asset.Id);

// Video tasks have a path of their own, and take the same key as a Bearer token.
const answer = await fetch(`${SEEDGATE_URL}/api/v3/contents/generations/tasks`, {
  method: "POST",
  headers: { Authorization: `Bearer ${SEEDGATE_API_KEY}`, "Content-Type": "application/json" },
  body: JSON.stringify({
    model: "doubao-seedance-2",
    content: [
      { type: "text", text: "The kitten stretches" },
      { type: "image_url", image_url: { url: `asset://${asset.Id}` }, role: "reference_image" },
    ],
    resolution: "720p",
    ratio: "16:9",
    duration: 5,
  }),
});
const task = await answer.json();
if (!answer.ok) {
  throw new Error(`${task.error.code}: ${task.error.message}`);
}
console.log("created", task.id);

const page = await call("ListAssets", {
  Filter: { GroupType: "AIGC", GroupIds: [group.Id], Statuses: ["Active"] },
  PageNumber: 1,
  PageSize: 10,
});
console.log("listed", page.TotalCount);

await call("UpdateAsset", { Id: asset.Id, Name: "white kitten" });
await call("UpdateAssetGroup", { Id: group.Id, Name: "cats", Description: "More references" });
console.log("renamed", (await call("GetAsset", { Id: asset.Id })).Name);

await call("DeleteAsset", { Id: asset.Id });
await call("DeleteAssetGroup", { Id: group.Id });
console.log("deleted", group.Id);
