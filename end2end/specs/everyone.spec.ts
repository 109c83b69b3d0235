// Every page is for everyone: axe finds nothing on it, in light and wide, and in dark and narrow; and it fits the window.
import type { Browser, Page } from "@playwright/test";
import { fits, isForEveryone } from "../support/axe";
import { expect, test, type Portal } from "../support/portal";
import { READ, approves, asks, opensInInbox, saysInTime, sentence } from "../support/story";

const LOOKS = [
  { name: "wide and light", viewport: { width: 1280, height: 800 }, colorScheme: "light" },
  { name: "narrow and dark", viewport: { width: 320, height: 640 }, colorScheme: "dark" },
] as const;

/** Who looks at what. */
const PAGES: [person: string, paths: string[]][] = [
  ["maya.lindqvist", ["/", "/catalogue", "/catalogue?q=nothing+like+it", "/ask/orders-support", "/access", "/notices", "/sessions", "/delegation", "/no-such-page"]],
  ["priya.raman", ["/", "/inbox", "/tasks"]],
  ["hamza.yilmaz", ["/access", "/ask/engineer-starter"]],
  [
    "astrid.nyberg",
    [
      "/",
      "/bundles",
      "/bundles/orders-read",
      "/guardrails",
      "/guardrails/edit",
      "/editor",
      "/editor/orders-write",
      "/systems",
      "/systems/orders-db",
      "/identities",
      "/identities/maya.lindqvist",
      "/identities/svc.invoice-runner",
      "/groups",
      "/groups/engineering",
      "/signals",
      "/findings",
      "/trail",
    ],
  ],
];

/** How requests come out: who asked, for what, and what its page says of it. All but the last are in the demo. */
const OUTCOMES = [
  { who: "joao.marques", bundle: "Customer Care workplace", says: "You have Customer Care workplace" },
  { who: "pieter.dejong", bundle: "Refunds, create", says: "and it was denied" },
  { who: "sanne.bakker", bundle: "Orders, one support shift", says: "and it was refused" },
  { who: "bram.visser", bundle: READ.name, says: "and it was stopped" },
];

/** Bram, as the catalogue has him, under another account on the orders database. */
const BRAM = `[[person]]
key = "bram.visser"
name = "Bram Visser"
email = "bram.visser@tidewater.example"
title = "Backend engineer"
department = "Engineering"
manager = "linnea.ek"
accounts = { orders-db = "bram_w", cloud-production = "bram.visser" }
`;

/** Bram's account becomes another one while he waits, so that what is approved then is stopped. */
async function isStopped(browser: Browser, portal: Portal): Promise<void> {
  const bram = await portal.personAt(browser, "bram.visser");
  await asks(bram, READ);
  await portal.imports(BRAM);
  const priya = await portal.personAt(browser, "priya.raman");
  await opensInInbox(priya, "Bram Visser", READ);
  await approves(priya);
  await saysInTime(bram, "and it was stopped", false);
  await bram.context().close();
  await priya.context().close();
}

/** The page of what somebody asked for, found in the trail: what the demo holds is the oldest, as other stories ask for the same. */
async function pageOf(page: Page, who: string, bundle: string): Promise<string> {
  await page.goto(`/trail?q=${who}`);
  const links = page.getByRole("link", { name: new RegExp(`^${bundle} for `) });
  const path = await (bundle === READ.name ? links.first() : links.last()).getAttribute("href");
  if (path === null) throw new Error(`the trail leads to nothing that ${who} asked for`);
  return path;
}

test("requests that were granted, denied, refused and stopped, wide and light, narrow and dark", async ({ browser, portal }) => {
  test.setTimeout(180_000);
  await isStopped(browser, portal);
  const astrid = await portal.personAt(browser, "astrid.nyberg");
  for (const { who, bundle, says } of OUTCOMES) {
    const path = await pageOf(astrid, who, bundle);
    for (const { name, ...look } of LOOKS) {
      await test.step(`${bundle}, ${name}`, async () => {
        const page = await portal.personAt(browser, who, look);
        await page.goto(path);
        await expect(sentence(page)).toContainText(says);
        await expect(page.locator("#there")).toBeVisible({ visible: says.startsWith("You have") });
        await isForEveryone(page);
        await fits(page);
        await page.context().close();
      });
    }
  }
  await astrid.context().close();
});

for (const { name, ...look } of LOOKS) {
  test(`one-time links, one that works and one that does not, ${name}`, async ({ browser, portal }) => {
    const context = await browser.newContext({ baseURL: portal.url, ...look });
    const page = await context.newPage();
    for (const [path, says] of [
      [await portal.linkFor("noor.jansen"), "Welcome, Noor Jansen"],
      ["/welcome/nothing", "has been used or is too old"],
    ] as const) {
      await page.goto(path);
      await expect(sentence(page)).toContainText(says);
      await isForEveryone(page);
      await fits(page);
    }
    await context.close();
  });

  test(`before the door, ${name}`, async ({ browser, portal }) => {
    const context = await browser.newContext({ baseURL: portal.url, ...look });
    const page = await context.newPage();
    await page.goto("/sign-in");
    await expect(page.getByRole("heading", { level: 1 })).toContainText("Sign in");
    await isForEveryone(page);
    await fits(page);
    await context.close();
  });

  for (const [person, paths] of PAGES) {
    test(`what ${person} sees, ${name}`, async ({ browser, portal }) => {
      test.setTimeout(120_000);
      const page = await portal.personAt(browser, person, look);
      for (const path of paths) {
        await test.step(path, async () => {
          await page.goto(path);
          await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
          await isForEveryone(page);
          await fits(page);
        });
      }
      await page.context().close();
    });
  }

  test(`what hangs on an identity, beside the decision for it, ${name}`, async ({ browser, portal }) => {
    const page = await portal.personAt(browser, "priya.raman", look);
    await page.goto("/inbox");
    await page.getByRole("link", { name: /^Invoice runner · / }).click();
    await expect(page).toHaveURL(/\/inbox\/[0-9a-f-]{36}/);
    await expect(page.getByRole("region", { name: "What hangs on it" }).locator("svg.picture")).toBeVisible();
    await isForEveryone(page);
    await fits(page);
    await page.goto(page.url().replace("/inbox/", "/requests/"));
    await expect(page.getByRole("region", { name: "What hangs on it" })).toBeVisible();
    await isForEveryone(page);
    await fits(page);
    await page.context().close();
  });

  test(`an exception, as who asked and who decides see it, ${name}`, async ({ browser, portal }) => {
    const nadia = await portal.personAt(browser, "nadia.haddad", look);
    await nadia.goto("/inbox");
    await nadia.getByRole("link", { name: /^Hamza Yılmaz · Test runs, start/ }).click();
    await expect(nadia).toHaveURL(/\/inbox\/[0-9a-f-]{36}/);
    await expect(nadia.getByRole("heading", { name: "An exception from separation of duties" })).toBeVisible();
    await isForEveryone(nadia);
    await fits(nadia);
    const request = nadia.url().replace("/inbox/", "/requests/");
    await nadia.context().close();
    for (const who of ["nadia.haddad", "hamza.yilmaz"]) {
      const page = await portal.personAt(browser, who, look);
      await page.goto(request);
      await expect(page.getByRole("heading", { name: "An exception from separation of duties" })).toBeVisible();
      await isForEveryone(page);
      await fits(page);
      await page.context().close();
    }
  });

  test(`a request, as who asked and who decides see it, ${name}`, async ({ browser, portal }) => {
    const page = await portal.personAt(browser, "priya.raman", look);
    await page.goto("/inbox");
    await page.getByRole("link", { name: /^Maya Lindqvist · Orders database, read/ }).click();
    await expect(page.getByRole("button", { name: "Approve" })).toBeVisible();
    await isForEveryone(page);
    await fits(page);
    const request = page.url().replace("/inbox/", "/requests/");
    await page.goto(request);
    await isForEveryone(page);
    await fits(page);
    await page.context().close();
    const maya = await portal.personAt(browser, "maya.lindqvist", look);
    await maya.goto(request);
    await expect(maya.getByRole("heading", { level: 1 })).toContainText("You ask for");
    await isForEveryone(maya);
    await fits(maya);
    await maya.context().close();
  });
}
