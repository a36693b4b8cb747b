// Makes an asset and a video with it, with the older SDK: npm install @volcengine/openapi

import { setTimeout as sleep } from "node:timers/promises";

import { Service } from "@volcengine/openapi";

const POLL_SECONDS = 1; // 5 to 10 is right for real assets
const ASSET_URL = "https://example.com/reference.png";
const { SEEDGATE_URL, SEEDGATE_API_KEY } = process.env;

// The SDK signs its requests, so the API key goes where the access key id belongs; any secret does.
const { protocol, host } = new URL(SEEDGATE_URL);
const ark = new Service({
  protocol,
  host,
  region: "cn-beijing",
  serviceName: "ark",
  defaultVersion: "2024-01-01",
  accessKeyId: SEEDGATE_API_KEY,
  secretKey: "unused",
});

async function call(action, input) {
  const answer = await ark.createJSONAPI(action)(input).catch((error) => {
    // The SDK's own error contains the whole request with the key, so it must not be logged.
    throw new Error(`${action}: ${error.message}`);
  });
  // The SDK does not throw for an answer that reports an error.
  const failure = answer.ResponseMetadata.Error;
  if (failure) {
    throw Object.assign(new Error(`${action}: ${failure.Message}`), { code: failure.Code });
  }
  return answer.Result;
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
