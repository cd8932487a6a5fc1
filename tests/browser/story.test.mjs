// The product's story, done by clicking and typing from the log-in on: a separate tenant with a field of its
// own, a real file, an inner tenant cut out of it, a colleague who sees his part and nothing else. Once with
// JavaScript and once without; with it, every page on the way is judged by day and by night.
import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { start, browser, page, accessible, setUp, logIn, PASSWORD } from "./support.mjs";

const file = fileURLToPath(new URL("../../../shared/data/recipients/kunden-excel.csv", import.meta.url));
const submit = "main form.form button[type=submit]";
const FENCE = "city = 'Genève'";

let app, chrome;
before(async () => {
  app = await start();
  chrome = await browser();
  const tab = await page(chrome);
  await setUp(tab, app.url);
  await tab.context().close();
});
after(async () => {
  await chrome?.close();
  await app?.stop();
});

/** Somebody at a browser, who gets about by clicking only. */
function hand(tab, judges) {
  const look = async () => judges && (await accessible(tab));
  const arrive = async () => {
    await tab.waitForLoadState();
    await look();
  };
  return {
    look,
    /** Follows a section of the navigation. */
    async section(name) {
      const links = tab.locator(".sections li li a, .sections a:only-child").filter({ hasText: new RegExp(`^\\s*${name}`) });
      const link = links.first();
      // A section of another area is two clicks away.
      if (!(await link.isVisible())) await link.locator("xpath=ancestor::li[2]/a").click();
      await link.click();
      await arrive();
    },
    /** Follows a link or presses a button of the page by its name. */
    async press(name) {
      await tab.locator("main").locator("a, button").filter({ hasText: name }).first().click();
      await arrive();
    },
    /** Sends the page's form. */
    async send(where) {
      await tab.click(submit);
      await tab.waitForURL(where);
      await look();
    },
  };
}

/** Waits for an import's page, which loads itself anew, to show `selector`. */
async function until(tab, selector) {
  for (let i = 0; i < 60; i++) {
    if (await tab.locator(selector).count()) return;
    await tab.waitForTimeout(500);
    await tab.reload();
  }
  assert.fail(`${selector} never came on ${tab.url()}`);
}

/** The addresses that a list of recipients shows, on all its pages. */
async function addresses(tab) {
  const all = [];
  for (;;) {
    all.push(...(await tab.locator("tbody a").allInnerTexts()));
    const next = tab.locator('.pager a[rel="next"]');
    if (!(await next.count())) return all.sort();
    await next.click();
    await tab.waitForLoadState();
  }
}

for (const javaScriptEnabled of [true, false]) {
  const slug = javaScriptEnabled ? "nord" : "sued";
  const colleague = `viktor@${slug}.example`;

  test(`a colleague sees exactly his recipients (JavaScript: ${javaScriptEnabled})`, async () => {
    const tab = await page(chrome, { javaScriptEnabled });
    const { look, section, press, send } = hand(tab, javaScriptEnabled);
    await logIn(tab, app.url, "anna@example.com");
    await tab.click("[data-switcher]");
    await tab.waitForURL("**/tenants**");
    await look();
    await press("Example Group");
    await section("Tenants");
    await press("New tenant");
    await tab.fill("#name", slug);
    await send(`**/t/${slug}`);

    // The first steps lead on, one after the other.
    await press("Create the fields your recipients need");
    await tab.fill("#key", "city");
    await tab.fill("#label_en", "City");
    await tab.fill("#label_de", "Ort");
    await tab.fill("#group", "Address");
    await tab.check("#indexed");
    await send(`**/t/${slug}/fields`);
    assert.match(await tab.innerText("main"), /The field “city” was created/);
    await section("Overview");
    await press("Create a mailing list");
    await tab.fill("#name", "Customers");
    await send(`**/t/${slug}/lists`);

    await section("Overview");
    await press("Import your first recipients");
    await tab.setInputFiles("#file", file);
    await send("**/mapping");
    await tab.check('input[name="lists"]');
    await tab.click("main form.form .btn-primary");
    await until(tab, 'form[action$="/run"]');
    await look();
    await tab.click('form[action$="/run"] button');
    await until(tab, 'a[href$="/errors"]');
    assert.match(await tab.textContent("dl.pairs"), /2,946/);
    await look();

    await section("Overview");
    await press("Create an inner tenant");
    await tab.fill("#name", "VIP");
    await tab.fill("#rule", FENCE);
    await send(`**/t/${slug}/vip`);
    await section("Users");
    await press("Add user");
    await tab.fill("#name", "Viktor");
    await tab.fill("#email", colleague);
    await tab.fill("#password", PASSWORD);
    await tab.check('input[name="roles"][value="editor"]');
    await send(`**/t/${slug}/vip/users`);
    assert.ok((await tab.innerText("tbody")).includes(colleague));

    const his = await page(chrome, { javaScriptEnabled });
    const hands = hand(his, javaScriptEnabled);
    await logIn(his, app.url, colleague);
    assert.equal(new URL(his.url()).pathname, `/t/${slug}/vip`);
    await hands.look();
    await hands.section("Recipients");
    const seen = await addresses(his);
    // Told by the whole tenant's own rule, on another way than the fence's.
    const listed = await app.run("recipients", "list", "--tenant", slug, "--where", FENCE, "--limit", "5000", "--json");
    const expected = JSON.parse(listed).map((one) => one.email).sort();
    assert.ok(expected.length > 5 && expected.length < 2946, String(expected.length));
    assert.deepEqual(seen, expected);
    await his.locator("tbody a").first().click();
    await his.waitForLoadState();
    await hands.look();
    assert.match(await his.innerText("main"), /Genève/);

    for (const path of [`/t/${slug}`, `/t/${slug}/recipients`, "/t/main", `/t/${slug}/vip/inner`]) {
      assert.equal((await his.goto(app.url + path)).status(), 404, path);
    }
    await his.context().close();
    await tab.context().close();
  });
}
