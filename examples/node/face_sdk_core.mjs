// Verifies a person's face, with the core of the SDK: npm install @volcengine/sdk-core

import { setTimeout as sleep } from "node:timers/promises";

import { Client, Command } from "@volcengine/sdk-core";

const POLL_SECONDS = 1;
const TOKEN_SECONDS = 120; // the time that the person has
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
    if (error.status !== 404 || Date.now() > giveUpAt) {
      throw error;
    }
    await sleep(POLL_SECONDS * 1000);
  }
}
// Assets of this person go into this group.
console.log("verified", verified.GroupId);
