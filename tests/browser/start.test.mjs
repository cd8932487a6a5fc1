// First start and log-in, with and without JavaScript.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { start, browser, page, accessible, setUp, PASSWORD } from "./support.mjs";

let app, chrome;
before(async () => {
  app = await start();
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  await app?.stop();
});

test("the first start leads to the main tenant", async () => {
  const tab = await page(chrome);
  await tab.goto(app.url);
  await accessible(tab);
  await setUp(tab, app.url);
  assert.match(await tab.title(), /Example Group/);
  await accessible(tab);
});

test("log-in works without JavaScript, in German, on a narrow screen", async () => {
  const tab = await page(chrome, { javaScriptEnabled: false, locale: "de-DE", viewport: { width: 320, height: 700 } });
  await tab.goto(app.url);
  assert.equal(await tab.textContent("h1"), "Anmelden");
  await tab.fill("#email", "anna@example.com");
  await tab.fill("#password", "wrong horse battery");
  await tab.click("button[type=submit]");
  assert.match(await tab.textContent("[role=alert]"), /passen nicht zusammen/);
  assert.equal(await tab.inputValue("#email"), "anna@example.com");
  await tab.fill("#password", PASSWORD);
  await tab.click("button[type=submit]");
  await tab.waitForURL("**/t/main");
});

test("nothing is wider than a narrow screen", async () => {
  const tab = await page(chrome, { viewport: { width: 320, height: 700 } });
  await tab.goto(app.url);
  await tab.fill("#email", "anna@example.com");
  await tab.fill("#password", PASSWORD);
  await tab.click("button[type=submit]");
  await tab.waitForURL("**/t/main");
  assert.equal(await tab.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), true);
});
