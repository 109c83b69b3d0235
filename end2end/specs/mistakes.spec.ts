// What is wrong is answered in words: nothing typed is lost, nothing breaks, and nobody learns what is not theirs.
import type { Page } from "@playwright/test";
import { expect, test, type Portal } from "../support/portal";
import { READ, SUPPORT, WHY, opensInInbox, sentence } from "../support/story";

const NOWHERE = "01900000-0000-7000-8000-000000000000";

/** Sees that no answer that the page gets says that something broke. */
function seesNothingBreak(page: Page): string[] {
  const broken: string[] = [];
  page.on("response", (answer) => {
    if (answer.status() >= 500) broken.push(`${answer.status()} ${answer.url()}`);
  });
  return broken;
}

/** Sends a form past the page, as somebody might who writes forms of their own. */
async function sends(page: Page, portal: Portal, path: string, form: Record<string, string>) {
  return page.request.post(path, { form, headers: { origin: portal.url, accept: "text/html" } });
}

test("addresses that lead nowhere say so, with a way on", async ({ browser, portal }) => {
  const maya = await portal.personAt(browser, "maya.lindqvist");
  const broken = seesNothingBreak(maya);
  const wrong = [
    "/requests/not-an-id",
    `/requests/${NOWHERE}`,
    "/requests/%00",
    "/inbox/not-an-id",
    `/inbox/${NOWHERE}`,
    "/ask/no-such-bundle",
    "/ask/%F0%9F%94%91",
    "/systems/no-such-system",
    "/identities/no.such-person",
    "/groups/no-such-group",
  ];
  for (const path of wrong) {
    await test.step(path, async () => {
      const answer = await maya.goto(path);
      expect(answer?.status(), path).toBe(404);
      await expect(sentence(maya)).toHaveText("Nothing is here, or nothing that you may see.");
      await expect(maya.getByRole("main").getByRole("link", { name: "Catalogue" })).toBeVisible();
    });
  }
  for (const path of [`/ask/${READ.key}?continues=not-an-id`, "/catalogue?after=nonsense", "/access?after=%25", "/notices?after=-1"]) {
    await test.step(path, async () => {
      await maya.goto(path);
      await expect(sentence(maya)).not.toBeEmpty();
    });
  }
  expect(broken).toEqual([]);
  await maya.context().close();
});

test("what belongs to others is as if it were not there", async ({ browser, portal }) => {
  const priya = await portal.personAt(browser, "priya.raman");
  await opensInInbox(priya, "João Marques", READ);
  const request = new URL(priya.url()).pathname.replace("/inbox/", "");
  const maya = await portal.personAt(browser, "maya.lindqvist");
  const broken = seesNothingBreak(maya);
  const asked = await maya.goto(`/requests/${request}`);
  expect(asked?.status()).toBe(404);
  await expect(maya.getByRole("main")).not.toContainText("João");
  for (const path of ["/api/requests/withdraw", "/api/requests/approve", "/api/requests/deny", "/api/requests/comment"]) {
    const answer = await sends(maya, portal, path, { request, version: "1", comment: "mine now", shorter: "" });
    expect(answer.status(), path).toBeLessThan(500);
    expect(await answer.text(), path).not.toContain("João");
  }
  for (const path of ["/bundles", "/identities", "/trail", "/bundles/orders-read"]) {
    await maya.goto(path);
    await expect(maya.getByRole("main").getByRole("table"), path).toHaveCount(0);
  }
  await priya.reload();
  await expect(priya.getByRole("button", { name: "Approve" })).toBeVisible();
  await expect(priya.getByText("mine now")).toHaveCount(0);
  expect(broken).toEqual([]);
  await priya.context().close();
  await maya.context().close();
});

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";
  for (const length of ["0", "-1", "1000000000", "four", "1.5", "99999999999999999999"]) {
    test(`a length of ${length} is answered in words and the form is kept, ${how} JavaScript`, async ({ browser, portal }) => {
      const maya = await portal.personAt(browser, "maya.lindqvist", { javaScriptEnabled });
      const broken = seesNothingBreak(maya);
      await maya.goto(`/ask/${SUPPORT.key}`);
      await maya.getByRole("radio", { name: "Another" }).check();
      await maya.getByLabel("Length").fill(length);
      await maya.getByLabel("Why").fill(WHY);
      await maya.getByLabel("Work item").fill("CASE-20418");
      await maya.getByRole("button", { name: "Ask for access" }).click();
      await expect(maya).toHaveURL(/\/(ask|requests)\//);
      if (length === "1000000000") {
        // It is a length, only far too long: a rule refuses it, and the record says which.
        await expect(maya.getByRole("main")).toContainText(/refused|put right/);
      }
      if (maya.url().includes("/ask/")) {
        await expect(maya.locator(".errors")).toContainText("One thing to put right");
        await expect(maya.locator("#duration-error")).toHaveText(/\S+ \S+/);
        await expect(maya.getByLabel("Length")).toHaveValue(length);
        await expect(maya.getByLabel("Why")).toHaveValue(WHY);
        await expect(maya.getByLabel("Work item")).toHaveValue("CASE-20418");
        await expect(maya.getByRole("radio", { name: "Another" })).toBeChecked();
      } else {
        await expect(sentence(maya)).toContainText("refused");
      }
      expect(broken).toEqual([]);
      await maya.context().close();
    });
  }
}

test("control characters are answered in words and the form is kept", async ({ browser, portal }) => {
  const maya = await portal.personAt(browser, "maya.lindqvist");
  const broken = seesNothingBreak(maya);
  await maya.goto(`/ask/${SUPPORT.key}`);
  const odd = `${WHY} \u0007\u001b[31m`;
  await maya.getByLabel("Why").fill(odd);
  await maya.getByLabel("Work item").fill("CASE-20418");
  await maya.getByRole("button", { name: "Ask for access" }).click();
  await expect(maya).toHaveURL(/\/ask\//);
  await expect(maya.locator("#why-error")).toHaveText(/\S+ \S+/);
  await expect(maya.getByLabel("Why")).toHaveValue(odd);
  await expect(maya.getByLabel("Work item")).toHaveValue("CASE-20418");
  expect(broken).toEqual([]);
  await maya.context().close();
});

test("a form that no page of ours would send is answered in words", async ({ browser, portal }) => {
  const maya = await portal.personAt(browser, "maya.lindqvist");
  await maya.goto(`/ask/${SUPPORT.key}`);
  const subject = await maya.getByLabel("For whom").inputValue();
  const good = { bundle: SUPPORT.key, subject, duration: "8h", justification: WHY };
  const forms: [what: string, form: Record<string, string>][] = [
    ["nothing at all", {}],
    ["no reason", { bundle: SUPPORT.key, subject, duration: "8h" }],
    ["a megabyte of reason", { ...good, justification: "CASE-20418 ".repeat(95_000) }],
    ["nobody", { ...good, subject: NOWHERE }],
    ["no id", { ...good, subject: "maya" }],
    ["no such bundle", { ...good, bundle: "no-such-bundle" }],
    ["no such grant to continue", { ...good, continues: NOWHERE }],
    ["a link that runs something", { ...good, link: "javascript:alert(1)" }],
  ];
  for (const [what, form] of forms) {
    await test.step(what, async () => {
      const answer = await sends(maya, portal, "/api/requests/ask", form);
      expect(answer.status(), what).toBeLessThan(500);
      const says = (await answer.text()).replace(/<[^>]*>/g, " ").replace(/\s+/g, " ");
      // What policy refuses is a record; everything else comes back to the form.
      if (answer.url().includes("/requests/")) expect(says, what).toContain("was refused");
      expect(says, what).toMatch(/[a-z]+ [a-z]+ [a-z]+/);
      expect(await answer.text(), what).not.toContain('href="javascript:');
    });
  }
  await maya.context().close();
});
