// How it is to work with: few clicks, little to load, nothing that jumps, two tabs that never mix, a
// keyboard that is enough.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { start, browser, page, logIn, DEMO_PASSWORD } from "./support.mjs";

let app, chrome;
before(async () => {
  app = await start({ demo: true });
  chrome = await browser();
});
after(async () => {
  await chrome?.close();
  await app?.stop();
});

async function admin(options) {
  const tab = await page(chrome, options);
  await logIn(tab, app.url, "admin@example.com", DEMO_PASSWORD);
  return tab;
}

for (const javaScriptEnabled of [true, false]) {
  test(`few clicks from the start page (JavaScript: ${javaScriptEnabled})`, async () => {
    const tab = await admin({ javaScriptEnabled });
    let clicks = 0;
    const click = async (selector) => {
      clicks += 1;
      await tab.locator(selector).first().click();
      await tab.waitForLoadState();
    };
    await tab.goto(`${app.url}/t/nord`);
    await tab.fill("#find", "person1234@");
    await click(".find button");
    assert.equal(await tab.locator("tbody tr").count(), 1);
    assert.equal(clicks, 1);

    clicks = 0;
    await tab.goto(`${app.url}/t/nord`);
    await click('.sections a[href$="/recipients"]');
    const [download] = await Promise.all([tab.waitForEvent("download"), click('a[href*="/recipients/export"]')]);
    assert.match(download.suggestedFilename(), /^recipients-nord-.*\.csv$/);
    assert.equal(clicks, 2);

    clicks = 0;
    await tab.goto(`${app.url}/t/nord/recipients`);
    await click("[data-switcher]");
    await click('#found a[href="/t/sued/recipients"]');
    assert.equal(new URL(tab.url()).pathname, "/t/sued/recipients");
    assert.equal(clicks, 2);
    await tab.context().close();
  });
}

test("Ctrl+K finds a tenant by typing and lands on the same section", async () => {
  const tab = await admin();
  await tab.goto(`${app.url}/t/nord/lists`);
  await tab.keyboard.press("Control+k");
  await tab.waitForURL("**/tenants**");
  await tab.keyboard.type("Alto");
  await tab.waitForFunction(() => document.querySelectorAll("#found a").length === 1);
  await tab.keyboard.press("Enter");
  await tab.waitForURL("**/t/altona/lists");
  await tab.context().close();
});

test("two tabs in two tenants never mix", async () => {
  const north = await admin();
  const south = await north.context().newPage();
  await north.goto(`${app.url}/t/nord/lists/new`);
  await south.goto(`${app.url}/t/sued/lists/new`);
  await north.fill("#name", "Only in the north");
  await south.fill("#name", "Only in the south");
  await north.click("main form.form button[type=submit]");
  await south.click("main form.form button[type=submit]");
  assert.match(await north.textContent("tbody"), /Only in the north/);
  assert.doesNotMatch(await north.textContent("tbody"), /south/);
  assert.match(await south.textContent("tbody"), /Only in the south/);
  // A form of one tenant that is sent to the other is refused.
  await north.goto(`${app.url}/t/nord/lists/new`);
  await north.fill("#name", "Astray");
  await north.evaluate(() => (document.querySelector("main form.form").action = "/t/sued/lists/new"));
  await north.click("main form.form button[type=submit]");
  await north.waitForLoadState();
  await south.goto(`${app.url}/t/sued/lists`);
  assert.doesNotMatch(await south.textContent("tbody"), /Astray/);
  await north.context().close();
});

test("a page loads little, and nothing in it jumps", async () => {
  const tab = await admin();
  await tab.context().close();
  const fresh = await page(chrome);
  const session = await fresh.context().newCDPSession(fresh);
  await session.send("Network.enable");
  let bytes = 0;
  let requests = 0;
  session.on("Network.loadingFinished", (event) => ((bytes += event.encodedDataLength), (requests += 1)));
  await fresh.goto(`${app.url}/login`, { waitUntil: "networkidle" });
  const first = { bytes, requests };
  assert.ok(first.bytes <= 120 * 1024 && first.requests <= 8, JSON.stringify(first));
  await logIn(fresh, app.url, "admin@example.com", DEMO_PASSWORD);
  await fresh.goto(`${app.url}/t/nord/recipients`, { waitUntil: "networkidle" });
  bytes = requests = 0;
  await fresh.goto(`${app.url}/t/nord/recipients`, { waitUntil: "networkidle" });
  assert.ok(bytes <= 20 * 1024, `the list again: ${bytes} bytes`);
  const shift = await fresh.evaluate(
    () =>
      new Promise((resolve) => {
        let sum = 0;
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) sum += entry.value;
        }).observe({ type: "layout-shift", buffered: true });
        setTimeout(() => resolve(sum), 300);
      }),
  );
  assert.ok(shift <= 0.02, `layout shift ${shift}`);
  await fresh.context().close();
});

test("files are compressed, kept and known by their mark", async () => {
  const html = await (await fetch(`${app.url}/login`)).text();
  const css = html.match(/\/assets\/[0-9a-f]+\/css\/app\.css/)[0];
  for (const coding of ["br", "gzip"]) {
    const answer = await fetch(app.url + css, { headers: { "accept-encoding": coding } });
    assert.equal(answer.headers.get("content-encoding"), coding);
    assert.match(answer.headers.get("cache-control"), /immutable/);
    assert.ok(answer.headers.get("etag"));
  }
});

test("the keyboard is enough, and shows where it is", async () => {
  const tab = await admin();
  await tab.goto(`${app.url}/t/nord/lists/new`);
  await tab.keyboard.press("Tab");
  assert.equal(await tab.evaluate(() => document.activeElement.className), "skip");
  await tab.keyboard.press("Enter");
  await tab.keyboard.press("Tab");
  for (let i = 0; i < 12 && (await tab.evaluate(() => document.activeElement.id)) !== "name"; i++) await tab.keyboard.press("Tab");
  assert.equal(await tab.evaluate(() => document.activeElement.id), "name");
  const ring = await tab.evaluate(() => {
    const style = getComputedStyle(document.activeElement);
    return style.outlineStyle !== "none" || style.boxShadow !== "none";
  });
  assert.ok(ring, "the focus is seen");
  await tab.keyboard.type("By keyboard");
  await tab.keyboard.press("Enter");
  await tab.waitForURL("**/t/nord/lists");
  assert.match(await tab.textContent("tbody"), /By keyboard/);
  // The bar of bulk acts wakes when something is chosen.
  await tab.goto(`${app.url}/t/nord/recipients`);
  assert.equal(await tab.locator(".bulk").isVisible(), false);
  await tab.locator("tbody input[type=checkbox]").first().focus();
  await tab.keyboard.press("Space");
  assert.equal(await tab.locator(".bulk").isVisible(), true);
  await tab.context().close();
});
