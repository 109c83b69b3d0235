// Who decides shows who they are, for that very decision: with a passkey, in Chromium's virtual authenticator, whose signature a library
// that is not ours checks with nothing but the events (R36, L3).
import { verifyAuthenticationResponse, type VerifyAuthenticationResponseOpts } from "@simplewebauthn/server";
import type { CDPSession, Page } from "@playwright/test";
import { createHash } from "node:crypto";
import { fits, isForEveryone } from "../support/axe";
import { expect, Portal, test } from "../support/portal";
import { WHY, asks, confirmsByPassword, opensInInbox, sentence } from "../support/story";

const CHANGE = { key: "orders-write", name: "Orders database, change" };

type Passkey = { authenticator: string; cdp: CDPSession };

/** Gives a page's browser an authenticator with a counter, which unlocks by itself. */
async function withPasskeys(page: Page): Promise<Passkey> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable", { enableUI: false });
  return { cdp, authenticator: await authenticator(cdp) };
}

async function authenticator(cdp: CDPSession): Promise<string> {
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "usb",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return authenticatorId;
}

async function addsPasskey(page: Page, name: string): Promise<void> {
  await page.goto("/authenticators");
  await page.getByText("Add a passkey", { exact: true }).click();
  await page.getByLabel("What will you call it?").first().fill(name);
  await page.getByRole("button", { name: "Go on" }).first().click();
  await confirmsByPassword(page);
  await page.getByRole("button", { name: "Make the passkey" }).click();
  await expect(page.getByRole("heading", { name, level: 2 })).toBeVisible();
}

async function approves(page: Page, who: string): Promise<void> {
  await opensInInbox(page, who, CHANGE);
  await page.getByRole("button", { name: "Approve" }).click();
  await expect(page).toHaveURL(/\/confirm\//);
}

type Verified = {
  statement: string;
  proof: Record<"credential" | "authenticator_data" | "client_data" | "signature" | "public_key", string>;
};

/** Checks a signature with what stands in events alone. */
async function holds(of: Verified, key: { credential: string; public_key: string }, statement: string, at: string) {
  const { credential, authenticator_data, client_data, signature } = of.proof;
  const checked: VerifyAuthenticationResponseOpts = {
    response: {
      id: credential,
      rawId: credential,
      type: "public-key",
      clientExtensionResults: {},
      response: { authenticatorData: authenticator_data, clientDataJSON: client_data, signature },
    },
    expectedChallenge: createHash("sha256").update(statement).digest("base64url"),
    expectedOrigin: at,
    expectedRPID: "localhost",
    requireUserVerification: true,
    credential: { id: key.credential, publicKey: new Uint8Array(Buffer.from(key.public_key, "base64url")), counter: 0 },
  };
  return verifyAuthenticationResponse(checked).then(
    (result) => result.verified,
    () => false,
  );
}

test("an owner approves with a passkey, and anyone can check it later", async ({ browser }) => {
  const portal = await Portal.start({}, "localhost");
  try {
    const anton = await portal.personAt(browser, "anton.lysenko");
    await approves(anton, "Thu Nguyễn");
    await expect(anton.getByRole("heading", { level: 1 })).toContainText("I approve “Orders database, change” for Thu Nguyễn");
    await anton.getByLabel("Password", { exact: true }).fill("not this one");
    await anton.getByRole("button", { name: "Confirm with the password" }).click();
    await expect(anton.getByRole("alert")).toContainText("did not fit");
    await confirmsByPassword(anton);
    await expect(anton.getByText("approved with a fresh sign-in", { exact: false })).toBeVisible();

    const priya = await portal.personAt(browser, "priya.raman");
    await opensInInbox(priya, "Thu Nguyễn", CHANGE);
    await priya.getByRole("button", { name: "Approve" }).click();
    await expect(priya.getByRole("alert")).toContainText("you have none");
    const passkey = await withPasskeys(priya);
    await addsPasskey(priya, "Work laptop");
    await isForEveryone(priya);
    await approves(priya, "Thu Nguyễn");
    await isForEveryone(priya);

    // It was cancelled, or the person was not verified: nothing is done, and the act still waits.
    await passkey.cdp.send("WebAuthn.setUserVerified", { authenticatorId: passkey.authenticator, isUserVerified: false });
    const form = priya.locator("form[data-passkey]");
    const options = JSON.parse((await form.getAttribute("data-options")) ?? "{}");
    const lax = JSON.stringify({ ...options, userVerification: "discouraged" });
    await form.evaluate((it, lax) => it.setAttribute("data-options", lax), lax);
    await priya.getByRole("button", { name: "Confirm with a passkey" }).click();
    await expect(priya.getByRole("alert")).toContainText("did not fit");
    await passkey.cdp.send("WebAuthn.setUserVerified", { authenticatorId: passkey.authenticator, isUserVerified: true });

    await priya.getByRole("button", { name: "Confirm with a passkey" }).click();
    await expect(priya).toHaveURL(/\/requests\//);
    await expect(priya.getByText("approved with a passkey", { exact: false })).toBeVisible();

    // From the events alone, by a library that is not ours.
    const request = priya.url().split("/").pop() ?? "";
    const events = (await portal.events(request)).map((line) => JSON.parse(line));
    const decisions = events.map((event) => event.event.request?.decision).filter((it) => it?.verified);
    const verified: Verified = decisions[1].verified;
    const added = (await portal.events(decisions[1].by))
      .map((line) => JSON.parse(line).event.identity)
      .find((event) => event.type === "authenticator_added");
    expect(verified.proof.public_key).toBe(added.means.public_key);
    expect(await holds(verified, added.means, verified.statement, portal.url)).toBe(true);
    expect(JSON.parse(verified.statement)).toMatchObject({ by: decisions[1].by, does: { act: "approve", request } });
    // Another statement was not signed, and neither was another request.
    const changed = verified.statement.replace(/"minutes":\d+/, '"minutes":480');
    expect(changed).not.toBe(verified.statement);
    expect(await holds(verified, added.means, changed, portal.url)).toBe(false);
    expect(await holds(verified, added.means, decisions[0].verified.statement, portal.url)).toBe(false);
    expect(await holds(verified, added.means, verified.statement, "http://localhost:1")).toBe(false);

    // A copy of the passkey, with the counter it had when it was copied.
    const { credentials } = await passkey.cdp.send("WebAuthn.getCredentials", { authenticatorId: passkey.authenticator });
    await passkey.cdp.send("WebAuthn.removeVirtualAuthenticator", { authenticatorId: passkey.authenticator });
    const copy = await authenticator(passkey.cdp);
    const copied = credentials[0];
    if (!copied) throw new Error("there is no credential to copy");
    await passkey.cdp.send("WebAuthn.addCredential", { authenticatorId: copy, credential: { ...copied, signCount: 0 } });
    await priya.goto("/authenticators");
    await priya.getByRole("button", { name: "Remove Work laptop" }).click();
    await priya.getByRole("button", { name: "Confirm with a passkey" }).click();
    await expect(priya.getByRole("alert")).toContainText("counter has gone back");
    await priya.goto("/notices");
    await expect(priya.getByText("somebody used a copy of one of your passkeys", { exact: false })).toBeVisible();
    await priya.goto("/identities/priya.raman");
    const story = priya.getByRole("region", { name: "What happened" });
    await expect(story).toContainText("tried to confirm an act with a copy of a passkey: its counter had gone back");
  } finally {
    await portal.stop();
  }
});

test("what was signed for one request does for no other, here and for whoever checks it later", async ({ browser }) => {
  test.setTimeout(120_000);
  const portal = await Portal.start({}, "localhost");
  try {
    const bram = await portal.personAt(browser, "bram.visser");
    await asks(bram, CHANGE, WHY, "CHG-2001");
    for (const [manager, who] of [["anton.lysenko", "Thu Nguyễn"], ["linnea.ek", "Bram Visser"]] as const) {
      const page = await portal.personAt(browser, manager);
      await approves(page, who);
      await confirmsByPassword(page);
      await page.context().close();
    }

    const priya = await portal.personAt(browser, "priya.raman");
    await withPasskeys(priya);
    await addsPasskey(priya, "Laptop");
    const waiting = async (who: string): Promise<string> => {
      await approves(priya, who);
      return new URL(priya.url()).pathname.split("/").pop() ?? "";
    };
    const [one, other] = [await waiting("Thu Nguyễn"), await waiting("Bram Visser")];

    // Signed on the page of the one, sent for the other.
    await priya.goto(`/confirm/${one}`);
    await expect(sentence(priya)).toContainText("for Thu Nguyễn");
    await priya.locator("form[data-passkey] input[name=id]").evaluate((it, id) => it.setAttribute("value", id), other);
    const sending = priya.waitForRequest((it) => it.method() === "POST" && new URL(it.url()).pathname === "/api/confirm");
    await priya.getByRole("button", { name: "Confirm with a passkey" }).click();
    const sent = new URLSearchParams((await sending).postData() ?? "");
    expect(sent.get("id")).toBe(other);
    await expect(priya.getByRole("alert")).toContainText("did not fit");
    await fits(priya);

    // Each still waits, and is confirmed by a signature of its own.
    const confirmed = async (id: string): Promise<{ by: string; verified: Verified }> => {
      await priya.goto(`/confirm/${id}`);
      await priya.getByRole("button", { name: "Confirm with a passkey" }).click();
      await expect(priya).toHaveURL(/\/requests\//);
      const events = (await portal.events(priya.url().split("/").pop() ?? "")).map((line) => JSON.parse(line));
      return events.map((event) => event.event.request?.decision).filter((it) => it?.verified?.proof.with === "passkey")[0];
    };
    const [first, second] = [await confirmed(one), await confirmed(other)];

    // What was sent for the other was signed for the one, and does not hold for the other either where no portal is.
    const added = (await portal.events(first.by))
      .map((line) => JSON.parse(line).event.identity)
      .find((event) => event.type === "authenticator_added");
    const { id: credential, response } = JSON.parse(sent.get("passkey") ?? "{}");
    const stray: Verified = {
      statement: first.verified.statement,
      proof: {
        credential,
        authenticator_data: response.authenticatorData,
        client_data: response.clientDataJSON,
        signature: response.signature,
        public_key: added.means.public_key,
      },
    };
    const [ones, others] = [first.verified.statement, second.verified.statement];
    for (const { of, statement, does } of [
      { of: stray, statement: ones, does: true },
      { of: stray, statement: others, does: false },
      { of: first.verified, statement: others, does: false },
      { of: second.verified, statement: others, does: true },
      { of: second.verified, statement: ones, does: false },
    ]) {
      expect(await holds(of, added.means, statement, portal.url)).toBe(does);
    }
  } finally {
    await portal.stop();
  }
});
