// Opens `/docs` in a Chromium that reaches nothing but the gateway, and does what a tenant and an operator do there.
// Prints one line of JSON: what the page asked for, said and kept, and what the answers were.

import { chromium } from "playwright-core";

const { SEEDGATE_URL: url, SEEDGATE_API_KEY: key, SEEDGATE_ADMIN_TOKEN: token, PREFIX: prefix } = process.env;
const [, , executablePath, screenshot] = process.argv;

const browser = await chromium.launch({
  executablePath,
  // No name is resolved, so no other host can be reached. Chromium does not run as root with its own sandbox.
  args: ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", ...(process.getuid() === 0 ? ["--no-sandbox"] : [])],
});

// Fills in one security scheme of the dialog and applies it.
async function authorize(page, scheme, secret) {
  const form = page.locator(".auth-container").filter({ has: page.getByText(scheme, { exact: true }) });
  await form.locator("input").fill(secret);
  await form.getByRole("button", { name: "Apply credentials" }).click();
}

// Opens an operation, sends it as the page fills it in, and returns what the page shows of the answer.
async function tryOut(page, operationId) {
  const block = page.locator(`[id$="-${operationId}"].opblock`);
  await block.locator(".opblock-summary-control").click();
  await block.getByRole("button", { name: "Try it out" }).click();
  await block.getByRole("button", { name: "Execute" }).click();
  const answer = block.locator(".live-responses-table");
  await answer.waitFor();
  const status = (await answer.locator("tbody .response-col_status").first().innerText()).trim();
  const body = await answer.locator("tbody .response-col_description .highlight-code").first().innerText();
  return { status: Number.parseInt(status, 10), body };
}

try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1600 } });
  // Who runs this ends it when it hangs; a busy machine is no failure.
  context.setDefaultTimeout(0);
  const requests = [];
  const complaints = [];
  context.on("request", (request) => requests.push(request.url()));
  context.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
  context.on("weberror", (error) => complaints.push(String(error.error())));
  context.on("console", (message) => {
    // The page's own library says so of every operation with an underscore in its name.
    if (message.type() === "error" && !message.text().startsWith("Deprecated: escaping deep link whitespace")) {
      complaints.push(message.text());
    }
  });
  // What a proxy with a path prefix does.
  await context.route(`${url}${prefix}/**`, (route) =>
    route.continue({ url: route.request().url().replace(`${url}${prefix}`, url) }),
  );

  const page = await context.newPage();
  await page.goto(`${url}${prefix}/docs`);
  await page.getByRole("button", { name: "Authorize" }).first().click();
  await authorize(page, "TenantKey", key);
  await authorize(page, "AdminToken", token);
  await page.getByRole("button", { name: "Close" }).last().click();

  const operations = ["create_task", "CreateAssetGroup", "ListAssetGroups", "admin_list_tenants", "admin_create_tenant"];
  const answers = {};
  for (const operation of operations) {
    answers[operation] = await tryOut(page, operation);
  }
  await page.locator('[id$="-create_task"].opblock').evaluate((block) => block.scrollIntoView());
  await page.screenshot({ path: screenshot });

  const storage = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]));
  const address = page.url();
  await page.reload();
  await page.getByRole("button", { name: "Authorize" }).first().click();
  const typed = await page.locator(".auth-container input").evaluateAll((inputs) => inputs.map((input) => input.value));
  console.log(JSON.stringify({ requests, complaints, answers, storage, address, typed }));
} finally {
  await browser.close();
}
