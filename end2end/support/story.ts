// What people do again and again in the stories.
import { expect, type Locator, type Page } from "@playwright/test";
import { PASSWORD } from "./portal";

export const WHY = "CASE-20418: three parcels went to one address and the customer ordered one";

/** The bundles that the stories are about, as people read them. */
export const READ = { key: "orders-read", name: "Orders database, read" };
export const SUPPORT = { key: "orders-support", name: "Orders, one support shift" };

/** In the demo Maya has asked for this a while ago; she takes that back, so that the story begins at its beginning. */
export async function takesBackTheEarlierRequest(page: Page, bundle = READ): Promise<void> {
  await page.goto("/access");
  await page.getByRole("button", { name: `Withdraw ${bundle.name}`, exact: true }).click();
  await expect(page.getByRole("button", { name: `Withdraw ${bundle.name}`, exact: true })).toHaveCount(0);
}

/** The page's one sentence. */
export function sentence(page: Page): Locator {
  return page.getByRole("heading", { level: 1 });
}

/** Asks with what the form offers, a reason and perhaps a work item; ends on the request's page. */
export async function asks(page: Page, bundle: { key: string; name: string }, why = WHY, item = ""): Promise<void> {
  await page.goto(`/ask/${bundle.key}`);
  await page.getByLabel("Why").fill(why);
  if (item) await page.getByLabel("Work item").fill(item);
  await page.getByRole("button", { name: "Ask for access" }).click();
  await expect(page).toHaveURL(/\/requests\/[0-9a-f-]{36}$/);
  await expect(sentence(page)).toContainText(`You ask for ${bundle.name}`);
}

/** Opens in the inbox what somebody asked for. */
export async function opensInInbox(page: Page, who: string, bundle: { name: string }): Promise<void> {
  await page.goto("/inbox");
  await page.getByRole("link", { name: new RegExp(`^${who} · ${bundle.name}`) }).click();
  await expect(page.getByRole("article").getByRole("heading", { level: 2 })).toContainText(`asks for ${bundle.name}`);
}

/** Approves what is open in the inbox. */
export async function approves(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByRole("button", { name: "Approve" })).toHaveCount(0);
}

/** Submits the draft that is open for review. */
export async function submits(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Submit it for review" }).click();
  await expect(page.getByRole("button", { name: "Take it back from review" })).toBeVisible();
}

/** The part of the page that says what the draft would have changed. */
export function replayed(page: Page): Locator {
  return page.getByRole("region", { name: "What it would have changed" });
}

/** Confirms the act that waits with the password. */
export async function confirmsByPassword(page: Page): Promise<void> {
  await expect(page).toHaveURL(/\/confirm\/[0-9a-f-]{36}/);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Confirm with the password" }).click();
  await expect(page).not.toHaveURL(/\/confirm\//);
}

/** Waits until a page says so, asking for it again where no script does. */
export async function saysInTime(page: Page, says: string | RegExp, reload: boolean): Promise<void> {
  await expect(async () => {
    if (reload) await page.reload();
    await expect(sentence(page)).toContainText(says, { timeout: reload ? 1_000 : 20_000 });
  }).toPass({ timeout: 25_000 });
}
