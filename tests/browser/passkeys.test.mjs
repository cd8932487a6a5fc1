// Passkeys as somebody uses them, with the browser's own authenticator in software.
import { test, after, before } from "node:test";
import assert from "node:assert/strict";
import { start, browser, page, accessible, setUp, PASSWORD } from "./support.mjs";

let app, chrome, url;
before(async () => {
  app = await start();
  // A passkey needs a host name.
  url = app.url.replace(/\/$/, "").replace("127.0.0.1", "localhost");
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  await app?.stop();
});

/** Gives the page a device with passkeys, whose user always says yes. */
async function device(tab) {
  const client = await tab.context().newCDPSession(tab);
  await client.send("WebAuthn.enable");
  const { authenticatorId } = await client.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true },
  });
  return {
    passkeys: async () => (await client.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
  };
}

const submit = "main form.form button[type=submit]";
const button = "[data-passkey-button]";

async function firstStep(tab) {
  await tab.goto(`${url}/login`);
  await tab.fill("#email", "anna@example.com");
  await tab.fill("#password", PASSWORD);
  await tab.click(submit);
  await tab.waitForSelector("#code");
}

test("somebody adds a passkey, logs in with it, proves with it, and removes it", { timeout: 180_000 }, async () => {
  const anna = await page(chrome);
  await setUp(anna, url);
  const own = await device(anna);

  await anna.goto(`${url}/profile/second-factor`);
  await accessible(anna);
  await anna.click("#passkeys a.btn");
  await accessible(anna);
  await anna.fill("#name", "Laptop");
  await anna.fill("#password", PASSWORD);
  await anna.click(submit);
  await anna.waitForSelector(`${button}:visible`);
  await accessible(anna);
  await anna.click(button);
  await anna.waitForSelector("#codes");
  assert.equal(await anna.locator("#codes code").count(), 10);
  assert.equal((await own.passkeys()).length, 1);
  await anna.click("text=I have kept them");
  assert.match(await anna.textContent("#passkeys tbody"), /Laptop.*never/s);
  await accessible(anna);

  // The device that has one makes no second one.
  await anna.goto(`${url}/profile/second-factor/passkeys/new`);
  await anna.fill("#name", "Again");
  await anna.fill("#password", PASSWORD);
  await anna.click(submit);
  await anna.click(button);
  await anna.waitForFunction(() => /has a passkey/.test(document.querySelector("[data-passkey-says]").textContent));
  await accessible(anna);

  await anna.goto(`${url}/t/main`);
  await anna.locator('form[action="/logout"] button').first().evaluate((out) => out.click());
  await anna.waitForURL("**/login");
  await firstStep(anna);
  await anna.waitForSelector(`${button}:visible`);
  await accessible(anna);
  await anna.click(button);
  await anna.waitForURL("**/t/main");

  // Other recovery codes take the passkey alone: the button of the form asks for it.
  await anna.goto(`${url}/profile/second-factor`);
  assert.doesNotMatch(await anna.textContent("#passkeys tbody"), /never/);
  await anna.click("text=Make new codes");
  await anna.waitForSelector("#codes");

  // Before a critical act, in a session that has not proved for long.
  await anna.goto(`${url}/login/prove?next=${encodeURIComponent("/profile/second-factor")}`);
  await anna.waitForSelector(`${button}:visible`);
  await accessible(anna);
  await anna.click(button);
  await anna.waitForURL("**/profile/second-factor");

  await anna.click("#passkeys tbody a");
  await accessible(anna);
  assert.match(await anna.textContent(".intro"), /switched off/);
  await anna.fill("#password", PASSWORD);
  await anna.click(button);
  await anna.waitForURL("**/profile/second-factor");
  assert.match(await anna.textContent("main"), /second factor is switched off/i);
  assert.equal(await anna.locator("#passkeys tbody tr").count(), 0);
});

test("where no passkey can be used the page says so, and the code is asked", { timeout: 120_000 }, async () => {
  const anna = await page(chrome);
  await anna.goto(`${url}/login`);
  await anna.fill("#email", "anna@example.com");
  await anna.fill("#password", PASSWORD);
  await anna.click(submit);
  await anna.waitForURL("**/t/main");
  await device(anna);
  await anna.goto(`${url}/profile/second-factor/passkeys/new`);
  await anna.fill("#name", "Laptop");
  await anna.fill("#password", PASSWORD);
  await anna.click(submit);
  await anna.click(button);
  await anna.waitForSelector("#codes");
  const recovery = await anna.locator("#codes code").first().textContent();

  // Under the address that has no host name.
  const there = await page(chrome);
  await there.goto(`${app.url}/login`);
  await there.fill("#email", "anna@example.com");
  await there.fill("#password", PASSWORD);
  await there.click(submit);
  await there.waitForSelector("#code");
  assert.equal(await there.isVisible(button), false);
  assert.match(await there.textContent("[data-passkey-says]"), /only at http:\/\/localhost/);
  await accessible(there);
  await there.fill("#code", recovery);
  await there.click(submit);
  await there.waitForURL("**/t/main");

  // Without scripts.
  const plain = await page(chrome, { javaScriptEnabled: false });
  await plain.goto(`${url}/login`);
  await plain.fill("#email", "anna@example.com");
  await plain.fill("#password", PASSWORD);
  await plain.click(submit);
  await plain.waitForSelector("#code");
  assert.equal(await plain.isVisible(button), false);
  assert.match(await plain.textContent("[data-passkey-says]"), /takes JavaScript/);
});
