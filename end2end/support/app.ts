// A person's authenticator app. Its codes come from `oathtool`, which is not ours and knows RFC 6238.
import { expect, type Page } from "@playwright/test";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { confirmsByPassword } from "./story";

const run = promisify(execFile);

/** How long a code is shown. */
const STEP = 30_000;
const now = () => Math.floor(Date.now() / STEP);

export class App {
  private last = 0;

  constructor(readonly secret: string) {}

  /** The next code that it has not shown yet. One step early counts, so it is never waited for longer than until then. */
  async next(): Promise<string> {
    const step = Math.max(this.last + 1, now());
    await expect.poll(() => step - now(), { timeout: 2 * STEP }).toBeLessThanOrEqual(1);
    this.last = step;
    const at = new Date(step * STEP).toISOString().replace("T", " ").replace(".000Z", " UTC");
    const { stdout } = await run("oathtool", ["--totp", "-b", "--now", at, this.secret]);
    return stdout.trim();
  }
}

/** Names a new app, and is asked to confirm that. */
export async function namesApp(page: Page, name: string): Promise<void> {
  await page.goto("/authenticators");
  await page.getByText("Add an authenticator app", { exact: true }).click();
  await page.getByLabel("What will you call it?").last().fill(name);
  await page.getByRole("button", { name: "Go on" }).last().click();
  await expect(page).toHaveURL(/\/confirm\//);
}

/** Types the secret that the page shows into an app. */
export async function typesSecret(page: Page): Promise<App> {
  const shown = (await page.locator("#app-secret").textContent()) ?? "";
  expect(shown.trim()).toMatch(/^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
  return new App(shown.replace(/\s/g, ""));
}

/** Writes down the recovery codes that the page shows. */
export async function writesDownCodes(page: Page): Promise<string[]> {
  const shown = page.locator("#recovery-codes li");
  await expect(shown).toHaveCount(10);
  const codes = await shown.allTextContents();
  for (const code of codes) expect(code).toMatch(/^([0-9a-f]{4} ){7}[0-9a-f]{4}$/);
  return codes;
}

/** Types a code into the app's page, and adds the app by it. */
export async function addsBy(page: Page, code: string): Promise<void> {
  await page.getByLabel("The code your app shows now").fill(code);
  await page.getByRole("button", { name: "Add it" }).click();
}

/** Adds a first app, by the password alone. */
export async function addsApp(page: Page, name: string): Promise<{ app: App; codes: string[] }> {
  await namesApp(page, name);
  await confirmsByPassword(page);
  const app = await typesSecret(page);
  const codes = await writesDownCodes(page);
  await addsBy(page, await app.next());
  await expect(page.getByRole("heading", { name, level: 2, exact: true })).toBeVisible();
  return { app, codes };
}

/** Answers with a code, whatever comes of it. */
export async function typesCode(page: Page, code: string): Promise<void> {
  await expect(page).toHaveURL(/\/confirm\//);
  await page.getByLabel("Code", { exact: true }).fill(code);
  await page.getByRole("button", { name: "Confirm with a code" }).click();
}

/** Confirms the act that waits with a code. */
export async function confirmsByCode(page: Page, code: string): Promise<void> {
  await typesCode(page, code);
  await expect(page).not.toHaveURL(/\/confirm\//);
}
