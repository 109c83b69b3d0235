// Every page is for everyone: axe finds nothing on it, in light and wide, and in dark and narrow; and it fits the window.
import { fits, isForEveryone } from "../support/axe";
import { expect, test } from "../support/portal";

const LOOKS = [
  { name: "wide and light", viewport: { width: 1280, height: 800 }, colorScheme: "light" },
  { name: "narrow and dark", viewport: { width: 320, height: 640 }, colorScheme: "dark" },
] as const;

/** Who looks at what. */
const PAGES: [person: string, paths: string[]][] = [
  ["maya.lindqvist", ["/", "/catalogue", "/catalogue?q=nothing+like+it", "/ask/orders-support", "/access", "/notices", "/sessions", "/no-such-page"]],
  ["priya.raman", ["/", "/inbox", "/tasks"]],
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
      "/groups",
      "/groups/engineering",
      "/trail",
    ],
  ],
];

for (const { name, ...look } of LOOKS) {
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
