// Verifies a person's face, with the older SDK: npm install @volcengine/openapi

import { setTimeout as sleep } from "node:timers/promises";

import { Service } from "@volcengine/openapi";

const POLL_SECONDS = 1;
const TOKEN_SECONDS = 120; // the time that the person has

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

const session = await call("CreateVisualValidateSession", { CallbackURL: "https://www.example.com/callback" });
// On the person's own device. It leads to CallbackURL when they are done, with resultCode=10000 if all went well.
console.log("open", session.H5Link);

const giveUpAt = Date.now() + TOKEN_SECONDS * 1000;
let verified;
while (!verified) {
  try {
    verified = await call("GetVisualValidateResult", { BytedToken: session.BytedToken });
  } catch (error) {
    // Not found means that the person has not finished.
    if (!error.code?.startsWith("NotFound") || Date.now() > giveUpAt) {
      throw error;
    }
    await sleep(POLL_SECONDS * 1000);
  }
}
// Assets of this person go into this group.
console.log("verified", verified.GroupId);
