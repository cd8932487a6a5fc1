// Invitation and second factor as somebody clicks them.
import { test, after, before } from "node:test";
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { start, browser, page, accessible, setUp, logIn, PASSWORD } from "./support.mjs";

let app, chrome;
before(async () => {
  app = await start();
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  await app?.stop();
});

/** The code that an authenticator app shows for a key, so many half minutes from now. */
function code(key, off = 0) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...key.replace(/\s/g, "")].map((c) => alphabet.indexOf(c).toString(2).padStart(5, "0")).join("");
  const secret = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigInt64BE(BigInt(Math.floor(Date.now() / 30000) + off));
  const hash = createHmac("sha1", secret).update(step).digest();
  const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(number % 1000000).padStart(6, "0");
}

test("somebody is invited by a link, sets a password, switches on the second factor and logs in with it", { timeout: 120_000 }, async () => {
  const anna = await page(chrome);
  await setUp(anna, app.url);
  await anna.goto(`${app.url}/t/main/users/new`);
  await anna.fill("#email", "ina@example.com");
  await anna.fill("#name", "Ina");
  await anna.click("main form.form button[type=submit]");
  await anna.waitForSelector("#link");
  await accessible(anna);
  const link = await anna.inputValue("#link");
  assert.ok(link.startsWith(`${app.url.replace(/\/$/, "")}/invitation/`), link);
  await anna.click("text=I have it");
  assert.match(await anna.textContent("#invitation"), /not yet accepted/);
  await accessible(anna);

  const ina = await page(chrome);
  await ina.goto(link);
  await accessible(ina);
  await ina.fill("#password", "password123");
  await ina.waitForFunction(() => document.querySelector("#password-strength")?.textContent === "Guessed at once.");
  await ina.click("main form.form button[type=submit]");
  await ina.waitForSelector("#password-error");
  await ina.fill("#password", PASSWORD);
  await ina.waitForFunction(() => /ard to guess/.test(document.querySelector("#password-strength")?.textContent ?? ""));
  await ina.click("main form.form button[type=submit]");
  await ina.waitForURL("**/login");
  await logIn(ina, app.url.replace(/\/$/, ""), "ina@example.com");

  await ina.goto(`${app.url}/profile/second-factor`);
  await accessible(ina);
  await ina.fill("#password", PASSWORD);
  await ina.click("main form.form button[type=submit]");
  await ina.waitForSelector("svg.qr");
  await accessible(ina);
  const key = await ina.textContent("#secret");
  await ina.fill("#code", code(key));
  await ina.click("text=Switch on");
  await ina.waitForSelector("#codes");
  await accessible(ina);
  const recovery = await ina.locator("#codes code").allTextContents();
  assert.equal(recovery.length, 10);
  await ina.click("text=I have kept them");
  await accessible(ina);

  const again = await page(chrome);
  await again.goto(`${app.url}/login`);
  await again.fill("#email", "ina@example.com");
  await again.fill("#password", PASSWORD);
  await again.click("main form.form button[type=submit]");
  await again.waitForSelector("#code");
  await accessible(again);
  // The next one: that of the confirmation is used up.
  await again.fill("#code", code(key, 1));
  await again.check("#trust");
  await again.click("main form.form button[type=submit]");
  await again.waitForURL("**/t/main");
  await again.click("text=Log out");
  await again.waitForURL("**/login");
  await logIn(again, app.url.replace(/\/$/, ""), "ina@example.com");
  await again.goto(`${app.url}/profile/second-factor`);
  assert.equal(await again.locator("#devices tbody tr").count(), 1);
  await accessible(again);
});
