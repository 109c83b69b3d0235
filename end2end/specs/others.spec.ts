// Asking for somebody else: a manager for who works for them, an owner for an identity that is no person. Nobody decides who would get it,
// asked for it or answers for it, whatever else they own.
import type { Page } from "@playwright/test";
import { expect, test } from "../support/target";
import { READ, WHY, approves, opensInInbox, saysInTime, sentence, takesBackTheEarlierRequest } from "../support/story";

const JOB = { key: "orders-automation", name: "Orders database, read by a scheduled job" };
const OWN = /nobody decides on access they asked for, would get, or answer for/i;

/** Asks for somebody else, once the panel has said who alone decides; gives the request's id. */
async function asksFor(page: Page, whom: string, bundle: { key: string }, decides: string, workItem = ""): Promise<string> {
  await page.goto(`/ask/${bundle.key}`);
  await page.getByLabel("For whom").selectOption({ label: whom });
  await page.getByLabel("Why").fill(WHY);
  await page.getByLabel("Work item").fill(workItem);
  const ruling = page.locator("#ruling");
  await expect(ruling.getByRole("status")).toHaveText("You may ask for this");
  await expect(ruling).toContainText(new RegExp(`decided by ${decides}`, "i"));
  await page.getByRole("button", { name: "Ask for access" }).click();
  await expect(page).toHaveURL(/\/requests\/[0-9a-f-]{36}$/);
  return new URL(page.url()).pathname.replace("/requests/", "");
}

/** Whose own it is cannot approve it: not from the inbox, not on its page, and not past both. */
async function cannotApprove(page: Page, request: string, whom: string): Promise<void> {
  await page.goto("/inbox");
  await expect(sentence(page)).not.toBeEmpty();
  await expect(page.getByRole("link", { name: new RegExp(`^${whom} · `) })).toHaveCount(0);
  await page.goto(`/requests/${request}`);
  await expect(sentence(page)).toContainText(`for ${whom}`);
  await expect(page.getByRole("button", { name: "Approve" })).toHaveCount(0);
  await expect(page.getByRole("heading", { name: /^What (hangs on it|to weigh)$/ })).toHaveCount(0);
  const answer = await page.evaluate(async (request) => {
    const body = new URLSearchParams({ request, version: "1" });
    const answer = await fetch("/api/requests/approve", { method: "POST", headers: { accept: "application/json" }, body });
    return { status: answer.status, says: await answer.text() };
  }, request);
  expect(answer).toEqual({ status: 403, says: expect.stringMatching(OWN) });
}

test("Kwame asks for Priya, who works for him and owns the database: neither decides, and the access is hers", async ({ browser, linked, target }) => {
  test.setTimeout(120_000);
  const kwame = await linked.personAt(browser, "kwame.asante");
  const priya = await linked.personAt(browser, "priya.raman");
  await target.refuses("priya_r");
  const request = await asksFor(kwame, "Priya Raman", READ, "Ola Nord");
  await expect(sentence(kwame)).toHaveText(`You ask for ${READ.name} for 4 hours, for Priya Raman.`);

  await test.step("neither who asked nor who would get it can approve it", async () => {
    for (const page of [kwame, priya]) await cannotApprove(page, request, "Priya Raman");
    await expect(priya.getByText(OWN)).toBeVisible();
    await target.refuses("priya_r");
  });

  await test.step("the other owner approves it, and Priya has it", async () => {
    const ola = await linked.personAt(browser, "ola.nord");
    await opensInInbox(ola, "Priya Raman", READ);
    await approves(ola);
    await ola.context().close();
    await saysInTime(kwame, `Priya Raman has ${READ.name}`, false);
    await target.answers("priya_r");
  });

  await test.step("it is hers to give back, and not his", async () => {
    await expect(kwame.getByRole("button", { name: "Give it back now" })).toHaveCount(0);
    await saysInTime(priya, `You have ${READ.name}`, false);
    await priya.getByRole("button", { name: "Give it back now" }).click();
    await target.refuses("priya_r");
  });
});

test("Maya asks for the invoice runner, which is hers and Ola's: neither decides, and both answer for it", async ({ browser, linked, target }) => {
  test.setTimeout(120_000);
  const maya = await linked.personAt(browser, "maya.lindqvist");
  const ola = await linked.personAt(browser, "ola.nord");
  await takesBackTheEarlierRequest(maya, JOB);
  await target.refuses("svc_invoice");
  const request = await asksFor(maya, "Invoice runner", JOB, "Priya Raman", "DEP-312");
  await expect(sentence(maya)).toHaveText(`You ask for ${JOB.name} for 1 hour, for Invoice runner.`);

  await test.step("Ola owns the database too, and cannot approve it any more than Maya", async () => {
    for (const page of [maya, ola]) await cannotApprove(page, request, "Invoice runner");
    await expect(ola.getByText(OWN)).toBeVisible();
    await target.refuses("svc_invoice");
  });

  await test.step("Priya approves it, and the runner reads", async () => {
    const priya = await linked.personAt(browser, "priya.raman");
    await opensInInbox(priya, "Invoice runner", JOB);
    const hangs = priya.getByRole("region", { name: "What hangs on it" });
    await expect(hangs).toContainText("Sends the nightly invoices.");
    await expect(hangs.getByRole("listitem").filter({ hasText: "Maya Lindqvist" })).toContainText("Also for Care assistant.");
    await expect(hangs.locator("svg.picture")).toBeVisible();
    await expect(priya.getByRole("region", { name: "What to weigh" })).toContainText("Read orders on Orders database");
    await approves(priya);
    await priya.context().close();
    await saysInTime(maya, `Invoice runner has ${JOB.name}`, false);
    await target.answers("svc_invoice");
  });

  await test.step("Ola, who answers for it as well, gives it back", async () => {
    await saysInTime(ola, `Invoice runner has ${JOB.name}`, false);
    await ola.getByRole("button", { name: "Give it back now" }).click();
    await target.refuses("svc_invoice");
  });
});
