// Verifies a person's face, with the older SDK: npm install @volcengine/openapi

import { setTimeout as sleep } from "node:timers/promises";

import { Service } from "@volcengine/openapi";

const POLL_SECONDS = 1;
const TOKEN_SECONDS = 120; // so long can the person take

// The SDK signs its requests, so the API key goes where the access key id belongs; any secret does.
const { protocol, host } = new URL(process.env.SEEDGATE_URL);
const ark = new Service({
  protocol,
  host,
  region: "cn-beijing",
  serviceName: "ark",
  defaultVersion: "2024-01-01",
  accessKeyId: process.env.SEEDGATE_API_KEY,
  secretKey: "unused",
});

const createSession = ark.createJSONAPI("CreateVisualValidateSession");
const getResult = ark.createJSONAPI("GetVisualValidateResult");

// This SDK throws nothing when the answer is an error.
function fail(answer) {
  const { Code, Message } = answer.ResponseMetadata.Error;
  throw new Error(`${Code}: ${Message}`);
}

const opened = await createSession({ CallbackURL: "https://www.example.com/callback" });
if (opened.ResponseMetadata.Error) {
  fail(opened);
}
// On the person's own device. It leads to CallbackURL when they are done, with resultCode=10000 if all went well.
console.log("open", opened.Result.H5Link);

const giveUpAt = Date.now() + TOKEN_SECONDS * 1000;
let verified;
while (!(verified = await getResult({ BytedToken: opened.Result.BytedToken })).Result) {
  // Not found means that the person has not finished.
  if (!verified.ResponseMetadata.Error.Code.startsWith("NotFound") || Date.now() > giveUpAt) {
    fail(verified);
  }
  await sleep(POLL_SECONDS * 1000);
}
// Assets of this person go into this group.
console.log("verified", verified.Result.GroupId);
