// Opens a page of another origin in Chromium, and does what its user does: start, save the clip, finish.

import { chromium } from "playwright-core";

const { SEEDGATE_URL: url, SEEDGATE_API_KEY: key, PROMPT: prompt, EARLIER_TASK: earlier, PAGE_ORIGIN } = process.env;

const browser = await chromium.launch({
  executablePath: process.argv[2],
  // Chromium does not run as root with its own sandbox.
  args: process.getuid() === 0 ? ["--no-sandbox"] : [],
});
try {
  const page = await browser.newPage();
  page.on("console", (message) => console.log(message.text()));
  await page.goto(`${PAGE_ORIGIN}/page.html`);
  // The page can read errors, too.
  const refusal = await page.evaluate((url) => refused(url), url);
  if (refusal !== "401 AuthenticationError") {
    throw new Error(refusal);
  }
  const id = await page.evaluate(([url, key, prompt]) => start(url, key, prompt), [url, key, prompt]);

  // A script of another origin may not read the clip, but its user may save it: a click on the link with Alt does.
  const saving = page.waitForEvent("download");
  await page.getByText("The clip").click({ modifiers: ["Alt"] });
  await (await saving).saveAs("clip.mp4");
  console.log("saved clip.mp4");

  await page.evaluate(([id, earlier]) => finish(id, earlier), [id, earlier]);
} finally {
  await browser.close();
}
