// The import: few clicks, a new field on the way, nothing that looks amiss. With JavaScript and without.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { start, browser, page, accessible, setUp, logIn } from "./support.mjs";

const FILE = {
  name: "shop.csv",
  mimeType: "text/csv",
  buffer: Buffer.from("E-Mail;Umsatz;Geburtstag\na@example.org;1.234,50;24.12.99\nb@example.org;7,00;1.2.1970\nnobody;1,00;\n"),
};

let app, chrome;
before(async () => {
  app = await start();
  chrome = await browser();
  await setUp(await page(chrome), app.url);
});
after(async () => {
  await chrome?.close();
  await app?.stop();
});

for (const javaScriptEnabled of [true, false]) {
  test(`four clicks import a file and make a field (JavaScript: ${javaScriptEnabled})`, async () => {
    const tab = await page(chrome, { javaScriptEnabled });
    await logIn(tab, app.url, "anna@example.com");
    const slug = javaScriptEnabled ? "nord" : "sued";
    await tab.goto(`${app.url}/t/main/tenants/new`);
    await tab.fill("#name", slug);
    await tab.click("main form.form button[type=submit]");
    await tab.waitForURL(`**/t/${slug}`);
    let clicks = 0;
    const click = async (selector) => {
      clicks += 1;
      await tab.locator(selector).first().click();
      await tab.waitForLoadState();
    };
    const until = async (selector) => {
      for (let i = 0; i < 60 && !(await tab.locator(selector).count()); i++) {
        await tab.waitForTimeout(250);
        await tab.reload();
      }
      assert.ok(await tab.locator(selector).count(), `${selector} on ${tab.url()}`);
    };
    const look = async () => javaScriptEnabled && (await accessible(tab));

    await click('a[href$="/imports"]:visible');
    await look();
    await tab.setInputFiles("#file", FILE);
    await click("form.upload button");
    assert.match(tab.url(), /mapping$/);
    await look();
    await tab.selectOption("#column_1", "new");
    await click("main form.form .btn-primary");
    await until('form[action$="/run"]');
    assert.match(await tab.textContent("table.examples"), /1\.234,50/);
    await look();
    await click('form[action$="/run"] button');
    await until('a[href$="/errors"]');
    assert.equal(clicks, 4);
    await look();
    const numbers = await tab.locator("dl.pairs dd").allTextContents();
    assert.deepEqual(numbers.slice(0, 2), ["3", "2"]);

    await tab.goto(`${app.url}/t/${slug}/recipients?rule=umsatz+%3E+1000`);
    assert.equal(await tab.locator("tbody tr").count(), 1);
    await tab.context().close();
  });
}

test("the page of the mapping folds away what a new field needs, and opens it at a fault", async () => {
  const tab = await page(chrome);
  await logIn(tab, app.url, "anna@example.com");
  await tab.goto(`${app.url}/t/main/imports/new`);
  await tab.setInputFiles("#file", FILE);
  await tab.click("main form.form button[type=submit]");
  await tab.waitForURL("**/mapping");
  assert.equal(await tab.locator("#new_key_1").isVisible(), false);
  await tab.locator("details.fold summary").first().click();
  await tab.fill("#new_key_1", "Not a key");
  assert.equal(await tab.inputValue("#column_1"), "new", "who describes a field wants it");
  await tab.keyboard.press("Enter");
  await tab.locator("#new_key_1-error").waitFor();
  assert.equal(await tab.locator("#new_key_1").isVisible(), true);
  assert.equal(await tab.inputValue("#new_key_1"), "Not a key");
  await accessible(tab);
  await tab.context().close();
});
