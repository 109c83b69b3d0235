// What somebody with two tabs, two accounts or a word to say about others might try, in the browser: four eyes stay those of two people,
// and a confirmation is for what was looked at (R13, R29, R30).
import type { Page } from "@playwright/test";
import { isForEveryone } from "../support/axe";
import { PASSWORD, Portal, expect, test } from "../support/portal";
import { READ, approves, asks, confirmsByPassword, opensInInbox, sentence } from "../support/story";

const RAW = { key: "lake-raw", name: "Raw customer events" };
const REPORT = "/bundles/lake-report";
const PLAIN = { javaScriptEnabled: false };

// These stories decide and leave much that others rely on, so they have a portal of their own, and are told one after another.
let portal: Portal;
test.describe.configure({ mode: "serial" });
test.beforeAll(async () => {
  test.setTimeout(180_000);
  portal = await Portal.start();
});
test.afterAll(async () => portal.stop());

/** Sends a form past the page, as somebody might who writes forms of their own; gives what is answered. */
async function sends(page: Page, path: string, form: Record<string, string>): Promise<{ status: number; says: string }> {
  const answer = await page.request.post(path, { form, headers: { origin: portal.url, accept: "application/json" } });
  return { status: answer.status(), says: await answer.text() };
}

/** Who said yes to a request, in the order in which it is written down. */
async function yeses(request: string): Promise<string[]> {
  const events = (await portal.events(request)).map((line) => JSON.parse(line));
  return events.map((event) => event.event.request?.decision?.name).filter((name) => name);
}

function idIn(page: Page): string {
  return new URL(page.url()).pathname.split("/").pop() ?? "";
}

/** Writes a version of the report's bundle that can be had for so long, and saves it as a draft. */
async function writes(page: Page, longest: string): Promise<void> {
  await page.goto(REPORT);
  await page.getByRole("link", { name: /^(Write a new version|Edit the draft)$/ }).click();
  await page.getByLabel("For at most", { exact: true }).fill(longest);
  await page.getByLabel("The form offers").fill("2d");
  await page.getByRole("button", { name: "Save as a draft" }).click();
  await expect(page.getByRole("button", { name: "Submit it for review" })).toBeVisible();
}

test("of two tabs of one person the first decides, and the second is told", async ({ browser }) => {
  const priya = await portal.personAt(browser, "priya.raman", PLAIN);
  const other = await priya.context().newPage();
  for (const tab of [priya, other]) await opensInInbox(tab, "João Marques", READ);
  const request = idIn(priya);
  await approves(priya);
  await other.getByRole("button", { name: "Approve" }).click();
  await expect(other.getByRole("alert")).toContainText("Somebody was faster");
  await expect(other.getByRole("alert")).toContainText("pproved by Priya Raman");
  expect(await yeses(request)).toEqual(["Priya Raman"]);
  await priya.context().close();
});

test("two tabs of one person are not two approvers", async ({ browser }) => {
  test.setTimeout(120_000);
  const zuzanna = await portal.personAt(browser, "zuzanna.kowal");
  await asks(zuzanna, RAW, "Parcels that were sent twice: curated tables drop the address. I keep a count for each postcode area.");
  const request = idIn(zuzanna);
  const mei = await portal.personAt(browser, "mei.tanaka");
  await opensInInbox(mei, "Zuzanna Kowal", RAW);
  await approves(mei);

  await test.step("the second tab counts nothing more", async () => {
    const henrique = await portal.personAt(browser, "henrique.dias", PLAIN);
    const other = await henrique.context().newPage();
    for (const tab of [henrique, other]) await opensInInbox(tab, "Zuzanna Kowal", RAW);
    await approves(henrique);
    await other.getByRole("button", { name: "Approve" }).click();
    await expect(other.getByRole("alert")).toContainText("already approved this; another person must be the next");
    expect(await yeses(request)).toEqual(["Mei Tanaka", "Henrique Dias"]);
    await zuzanna.reload();
    await expect(sentence(zuzanna)).toContainText("You ask for");
    await henrique.context().close();
  });

  await test.step("with scripts it hears of it by itself, and another person is the second", async () => {
    const diogo = await portal.personAt(browser, "diogo.almeida");
    const other = await diogo.context().newPage();
    await opensInInbox(diogo, "Zuzanna Kowal", RAW);
    await other.goto(`/requests/${request}`);
    await expect(sentence(other)).toContainText("Zuzanna Kowal asks for");
    await approves(diogo);
    await other.bringToFront();
    await expect(sentence(other)).not.toContainText("asks for");
    expect(await yeses(request)).toEqual(["Mei Tanaka", "Henrique Dias", "Diogo Almeida"]);
    await diogo.context().close();
  });
  await mei.context().close();
  await zuzanna.context().close();
});

test("an admin who lets in a second self publishes nothing with it", async ({ browser }) => {
  test.setTimeout(120_000);
  await portal.imports('[[person]]\nkey = "second.self"\nname = "Second Self"\nroles = ["admin"]\n');
  const astrid = await portal.personAt(browser, "astrid.nyberg");
  await astrid.goto("/identities/second.self");
  await astrid.getByRole("button", { name: "Make an invitation link" }).click();
  const link = (await astrid.locator("#one-time").innerText()).trim();
  const self = await (await browser.newContext({ baseURL: portal.url })).newPage();
  await self.goto(link);
  await self.getByLabel("New password").fill("five red bicycles");
  await self.getByLabel("The same once more").fill("five red bicycles");
  await self.getByRole("button", { name: "Set password and sign in" }).click();
  await expect(self.locator("header .account")).toBeVisible();

  await writes(astrid, "6d");
  await astrid.getByRole("button", { name: "Submit it for review" }).click();
  await expect(astrid.getByRole("button", { name: "Take it back from review" })).toBeVisible();
  await expect(async () => {
    await self.goto(REPORT);
    await expect(self.getByRole("main")).toContainText("count as one person", { timeout: 2_000 });
  }).toPass({ timeout: 30_000 });
  await expect(self.getByRole("button", { name: /^Publish version/ })).toHaveCount(0);
  const number = /version (\d+) is in review/.exec(await self.locator("#state").innerText())?.[1] ?? "";
  const tried = await sends(self, "/api/bundles/publish", { key: "lake-report", number });
  expect(tried).toMatchObject({ status: 403, says: expect.stringContaining("count as one person") });
  await self.context().close();
  await astrid.context().close();
});

test("a draft that changes while its publication waits to be confirmed is not published", async ({ browser }) => {
  test.setTimeout(120_000);
  const tomas = await portal.personAt(browser, "tomas.ferreira");
  await tomas.goto(REPORT);
  await tomas.getByRole("button", { name: /^Publish version/ }).click();
  await expect(tomas).toHaveURL(/\/confirm\//);
  const stated = await sentence(tomas).innerText();
  const astrid = await portal.personAt(browser, "astrid.nyberg");
  await writes(astrid, "30d");
  await tomas.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await tomas.getByRole("button", { name: "Confirm with the password" }).click();
  await expect(tomas.getByRole("alert")).toContainText("he draft has changed since you looked");
  await expect(sentence(tomas)).toHaveText(stated);
  await tomas.goto(REPORT);
  await expect(tomas.locator("#state")).toContainText("is a draft");
  await expect(tomas.getByRole("button", { name: /^Publish version/ })).toHaveCount(0);
  await tomas.context().close();
  await astrid.context().close();
});

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";
  test(`an owner change is talked about, confirmed by another, and no way into a stage, ${how} scripts`, async ({ browser }) => {
    test.setTimeout(120_000);
    const astrid = await portal.personAt(browser, "astrid.nyberg", { javaScriptEnabled });
    const tomas = await portal.personAt(browser, "tomas.ferreira", { javaScriptEnabled });
    // The story is told twice in one portal: the second time from where the first ended.
    const [out, added] = javaScriptEnabled ? ["Ola Nord", "astrid.nyberg"] : ["Astrid Nyberg", "ola.nord"];

    await test.step("she proposes it, with those of now filled in, and cannot confirm it", async () => {
      await astrid.goto("/systems/orders-db");
      await astrid.getByText("Propose other owners").click();
      await expect(astrid.getByRole("checkbox", { name: "Priya Raman" })).toBeChecked();
      await astrid.getByRole("checkbox", { name: out, exact: true }).first().uncheck();
      await astrid.getByLabel("Owners: add by key", { exact: true }).fill("nobody.here");
      await astrid.getByRole("button", { name: "Propose it" }).click();
      await expect(astrid.getByRole("alert")).toContainText("There is no person or service nobody.here");
      await expect(astrid.getByRole("checkbox", { name: out, exact: true })).toHaveCount(0);
      await astrid.getByRole("checkbox", { name: "nobody.here" }).uncheck();
      await astrid.getByLabel("Owners: add by key", { exact: true }).fill(added);
      await astrid.getByLabel("Why (optional)").fill("A change of hands.");
      await astrid.getByRole("button", { name: "Propose it" }).click();
      const proposal = astrid.locator("#proposal");
      await expect(proposal).toContainText(javaScriptEnabled ? /waiting requests? would change hands by it/ : "No request that waits");
      await expect(proposal).toContainText("You proposed this: another admin must confirm it.");
      await expect(astrid.getByRole("button", { name: "Confirm it" })).toHaveCount(0);
      if (javaScriptEnabled) await isForEveryone(astrid);
    });

    await test.step("he asks, sends it back with a reason, and confirms it the second time", async () => {
      await tomas.goto("/systems/orders-db");
      await expect(tomas.locator("#remarks")).toContainText("A change of hands.");
      await tomas.getByLabel("What you say to it").fill("Who else knows the schema?");
      await tomas.getByRole("button", { name: "Send it back" }).click();
      await expect(tomas.getByRole("button", { name: "Confirm it" })).toHaveCount(0);
      await astrid.goto("/notices");
      await expect(astrid.getByText("sent back what was proposed for Orders database").first()).toBeVisible();
      await astrid.goto("/systems/orders-db");
      await expect(astrid.locator("#remarks")).toContainText("Who else knows the schema?");
      await astrid.getByText("Propose other owners").click();
      await astrid.getByRole("checkbox", { name: out, exact: true }).first().uncheck();
      await astrid.getByLabel("Owners: add by key", { exact: true }).fill(added);
      await astrid.getByRole("button", { name: "Propose it" }).click();
      await expect(astrid.getByRole("button", { name: "Take it back" })).toBeVisible();
      await tomas.goto("/systems/orders-db");
      await tomas.getByRole("button", { name: "Confirm it" }).click();
      await expect(sentence(tomas)).toContainText("I confirm for Orders database: owners: ");
      await confirmsByPassword(tomas);
      await expect(tomas.locator("#proposal")).toBeEmpty();
    });

    if (javaScriptEnabled) {
      await test.step("and what was asked before is not hers to decide", async () => {
        await astrid.goto("/systems/orders-db");
        await expect(astrid.getByRole("complementary", { name: "About this system" })).toContainText("Astrid Nyberg");
        const priya = await portal.personAt(browser, "priya.raman");
        await opensInInbox(priya, "Maya Lindqvist", READ);
        const request = idIn(priya);
        await astrid.goto(`/requests/${request}`);
        await expect(sentence(astrid)).toContainText("Maya Lindqvist");
        await expect(astrid.getByRole("button", { name: "Approve" })).toHaveCount(0);
        const tried = await sends(astrid, "/api/requests/approve", { request, version: "1" });
        expect(tried).toMatchObject({ status: 403, says: expect.stringContaining("not yours to decide") });
        expect(await yeses(request)).toEqual([]);
        await priya.context().close();
      });
    }
    await tomas.context().close();
    await astrid.context().close();
  });
}

test("who is said to have left is signed out, and stays unless another admin confirms it", async ({ browser }) => {
  test.setTimeout(120_000);
  const kwame = await portal.personAt(browser, "kwame.asante");
  const tomas = await portal.personAt(browser, "tomas.ferreira", PLAIN);
  await tomas.goto("/identities/kwame.asante");
  await tomas.getByText("Has left", { exact: true }).click();
  await tomas.getByLabel("I am sure").check();
  await tomas.getByRole("button", { name: "Mark as left" }).click();
  await expect(sentence(tomas)).toHaveText("I say that Kwame Asante has left.");
  await confirmsByPassword(tomas);
  await expect(tomas.getByRole("main")).toContainText("says that Kwame Asante has left");
  await expect(tomas.getByRole("button", { name: /^Confirm that/ })).toHaveCount(0);
  await expect(tomas.getByRole("main")).toContainText("You proposed this: another admin must confirm it.");
  await kwame.goto("/access");
  await expect(kwame).toHaveURL(/\/sign-in/);

  const astrid = await portal.personAt(browser, "astrid.nyberg");
  await astrid.goto("/identities/kwame.asante");
  await isForEveryone(astrid);
  await expect(astrid.getByRole("button", { name: "Confirm that Kwame Asante has left" })).toBeVisible();
  await astrid.getByRole("button", { name: "They have not left" }).click();
  await expect(astrid.getByRole("button", { name: "They have not left" })).toHaveCount(0);
  const back = await portal.personAt(browser, "kwame.asante");
  await expect(back.locator("header .account")).toBeVisible();
  for (const page of [kwame, tomas, astrid, back]) await page.context().close();
});
