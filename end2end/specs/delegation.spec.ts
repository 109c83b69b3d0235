// Somebody is away and lets a colleague decide: by a step-up, for some days, and never as a second person. Told without JavaScript; what is
// new to see is looked at with it as well (R30, R31, R36).
import type { Locator, Page } from "@playwright/test";
import { fits, isForEveryone } from "../support/axe";
import { expect, Portal, test } from "../support/portal";
import { READ, WHY, approves, confirmsByPassword, opensInInbox, sentence } from "../support/story";

const LOOKUP = { key: "orders-agent", name: "Orders database, read by an assistant" };
const PLAIN = { javaScriptEnabled: false };
const NARROW = { viewport: { width: 320, height: 640 }, colorScheme: "dark" } as const;

/** A day so far from now, as a form wants it; days are told by UTC. */
function day(ahead: number): string {
  return new Date(Date.now() + ahead * 86_400_000).toISOString().slice(0, 10);
}

/** Fills in who decides in one's place from today on, and sends it. */
async function names(page: Page, key: string, until: string): Promise<void> {
  await page.goto("/delegation");
  await expect(sentence(page)).toHaveText("Nobody decides in your place.");
  await page.getByLabel("Their sign-in name").fill(key);
  await page.getByLabel("Last day").fill(until);
  await page.getByRole("button", { name: "Go on" }).click();
}

/** Lets somebody decide in one's place until the day after tomorrow. */
async function lets(page: Page, { key, name }: { key: string; name: string }): Promise<void> {
  await names(page, key, day(2));
  await expect(sentence(page)).toContainText(`I let ${name} decide in my place from `);
  await confirmsByPassword(page);
  await expect(sentence(page)).toHaveText(`${name} decides in your place.`);
}

/** Decides by oneself again. */
async function ends(page: Page, name: string): Promise<void> {
  await page.goto("/delegation");
  await page.getByRole("button", { name: `End it now: ${name}` }).click();
  await expect(sentence(page)).toHaveText("Nobody decides in your place.");
}

/** What of the inbox is for somebody. */
function waiting(page: Page, whom: string, bundle: { name: string }): Locator {
  return page.locator(".picks").getByRole("link", { name: new RegExp(`^${whom} · ${bundle.name}`) });
}

/** Sends a yes past the page, as somebody might who writes forms of their own; gives what is answered. */
async function saysYes(page: Page, portal: Portal, request: string): Promise<{ status: number; says: string }> {
  const form = { request, version: "1", shorter: "", comment: "" };
  const headers = { origin: portal.url, accept: "application/json" };
  const answer = await page.request.post("/api/requests/approve", { form, headers });
  return { status: answer.status(), says: await answer.text() };
}

function idIn(page: Page): string {
  return new URL(page.url()).pathname.split("/").pop() ?? "";
}

test("Priya lets Nadia decide while she is away, and the two stay one person", async ({ browser }) => {
  test.setTimeout(240_000);
  const portal = await Portal.start();
  try {
    const [priya, nadia, maya] = [
      await portal.personAt(browser, "priya.raman", PLAIN),
      await portal.personAt(browser, "nadia.haddad", PLAIN),
      await portal.personAt(browser, "maya.lindqvist", PLAIN),
    ];

    const request = await test.step("Maya asks for the assistant: an owner decides first, then Security", async () => {
      await maya.goto(`/ask/${LOOKUP.key}`);
      await maya.getByLabel("For whom").selectOption({ label: "Care assistant" });
      await maya.getByLabel("Why").fill(WHY);
      await maya.getByRole("button", { name: "Ask for access" }).click();
      await expect(maya).toHaveURL(/\/requests\/[0-9a-f-]{36}$/);
      await expect(sentence(maya)).toContainText(`You ask for ${LOOKUP.name}`);
      return idIn(maya);
    });

    await test.step("who cannot be named is answered in words, and the form is kept", async () => {
      for (const [key, until, says] of [
        ["nobody.here", day(2), "nobody.here is not a sign-in name of somebody who can decide for you"],
        ["svc.invoice-runner", day(2), "svc.invoice-runner is not a sign-in name of somebody who can decide for you"],
        ["priya.raman", day(2), "Name somebody else"],
        ["nadia.haddad", day(-1), "The last day comes before the first"],
        ["nadia.haddad", day(40), "The last day comes too late: it lasts for 31 days at the most"],
      ] as const) {
        await names(priya, key, until);
        await expect(priya.getByRole("alert")).toContainText(says);
        await expect(priya.getByLabel("Their sign-in name")).toHaveValue(key);
        await expect(priya.getByLabel("Last day")).toHaveValue(until);
        await fits(priya);
      }
      await nadia.goto("/inbox");
      await expect(sentence(nadia)).not.toBeEmpty();
      await expect(waiting(nadia, "Care assistant", LOOKUP)).toHaveCount(0);
      expect(await saysYes(nadia, portal, request)).toMatchObject({ status: 404 });
    });

    await test.step("she confirms that it is her, and both hear of it", async () => {
      await lets(priya, { key: "nadia.haddad", name: "Nadia Haddad" });
      await fits(priya);
      await priya.goto("/notices");
      const hers = priya.getByText(/^Nadia Haddad decides in your place from .* end it and tell an admin if that was not you/);
      await expect(hers).toBeVisible();
      await nadia.goto("/notices");
      await expect(nadia.getByText(/^Priya Raman lets you decide in their place from /)).toBeVisible();
      await nadia.goto("/delegation");
      const lent = nadia.getByRole("region", { name: "In whose place you decide" });
      await expect(lent.getByRole("heading", { name: "Priya Raman" })).toBeVisible();
    });

    await test.step("what is new to see is for everyone, in a narrow window too", async () => {
      for (const look of [{}, NARROW]) {
        const seen = await portal.personAt(browser, "nadia.haddad", look);
        await seen.goto("/delegation");
        await isForEveryone(seen);
        await fits(seen);
        await opensInInbox(seen, "Care assistant", LOOKUP);
        await isForEveryone(seen);
        await fits(seen);
        await seen.context().close();
        const lender = await portal.personAt(browser, "priya.raman", look);
        await lender.goto("/delegation");
        await expect(sentence(lender)).toHaveText("Nadia Haddad decides in your place.");
        await isForEveryone(lender);
        await fits(lender);
        await lender.context().close();
      }
    });

    await test.step("Nadia sees in whose place she decides, and does", async () => {
      await nadia.goto("/inbox");
      await expect(waiting(nadia, "Care assistant", LOOKUP)).toContainText("in the place of Priya Raman");
      await opensInInbox(nadia, "Care assistant", LOOKUP);
      const decides = nadia.getByRole("region", { name: "Your decision" });
      await expect(decides).toContainText("You decide in the place of Priya Raman");
      await nadia.getByLabel("Comment").fill("Only the case it names, as always.");
      await approves(nadia);
      await expect(nadia.getByRole("article")).toContainText("You have already approved this");
    });

    await test.step("the request says who decided, and for whom", async () => {
      await maya.goto(`/requests/${request}`);
      const story = maya.getByRole("region", { name: "What happened" });
      const decided = story.getByRole("listitem").filter({ hasText: "Nadia Haddad for Priya Raman" });
      await expect(decided).toContainText("approved; more approvals are needed");
      await expect(decided).toContainText("Only the case it names, as always.");
      const agreed = maya.getByRole("region", { name: "Approvals" });
      await expect(agreed).toContainText("Nadia Haddad for Priya Raman agreed");
    });

    await test.step("Priya hears of it, and her own yes would be no second one", async () => {
      await priya.goto("/notices");
      const says = `Nadia Haddad approved ${LOOKUP.name} for Care assistant in your place`;
      await expect(priya.getByText(says)).toBeVisible();
      await priya.goto(`/requests/${request}`);
      await expect(sentence(priya)).toContainText("Maya Lindqvist asks for");
      await expect(priya.getByText("You have already approved this; another person must be the next.")).toBeVisible();
      await expect(priya.getByRole("button", { name: "Approve" })).toHaveCount(0);
      for (const page of [priya, nadia]) {
        const again = await saysYes(page, portal, request);
        expect(again.says).toContain("already approved this; another person must be the next");
        expect(again.status).toBeGreaterThanOrEqual(400);
      }
      const events = (await portal.events(request)).map((line) => JSON.parse(line));
      const yeses = events.map((event) => event.event.request?.decision?.name).filter((name) => name);
      expect(yeses).toEqual(["Nadia Haddad for Priya Raman"]);
    });

    await test.step("she is back, and Nadia decides nothing more", async () => {
      await nadia.goto("/inbox");
      await expect(waiting(nadia, "João Marques", READ)).toContainText("in the place of Priya Raman");
      await ends(priya, "Nadia Haddad");
      await nadia.goto("/inbox");
      await expect(sentence(nadia)).not.toBeEmpty();
      await expect(waiting(nadia, "João Marques", READ)).toHaveCount(0);
      await nadia.goto("/notices");
      const says = "Priya Raman decides by themselves again, and you no longer in their place";
      await expect(nadia.getByText(says)).toBeVisible();
    });

    await test.step("who asked decides on no request of their own, in nobody's place", async () => {
      await lets(priya, { key: "maya.lindqvist", name: "Maya Lindqvist" });
      await maya.goto("/inbox");
      await expect(waiting(maya, "João Marques", READ)).toContainText("in the place of Priya Raman");
      await expect(waiting(maya, "Maya Lindqvist", READ)).toHaveCount(0);
      await maya.goto("/access");
      const own = maya.getByRole("link", { name: READ.name, exact: true }).and(maya.locator("a[href^='/requests/']"));
      await own.first().click();
      await expect(sentence(maya)).toContainText(`You ask for ${READ.name}`);
      await expect(maya.getByRole("button", { name: "Approve" })).toHaveCount(0);
      const tried = await saysYes(maya, portal, idIn(maya));
      const says = expect.stringMatching(/nobody decides on access they asked for, would get, or answer for/i);
      expect(tried).toEqual({ status: 403, says });
      await ends(priya, "Maya Lindqvist");
    });

    for (const page of [priya, nadia, maya]) await page.context().close();
  } finally {
    await portal.stop();
  }
});
