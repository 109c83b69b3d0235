// Showing who one is without a passkey: the password typed again, an app's codes, recovery codes, and the way back for who has lost all.
import type { Page } from "@playwright/test";
import { addsApp, addsBy, confirmsByCode, namesApp, typesCode, typesSecret, writesDownCodes } from "../support/app";
import { fits, isForEveryone } from "../support/axe";
import { PASSWORD, expect, signIn, test, type Portal } from "../support/portal";
import { READ, WHY, asks, confirmsByPassword, opensInInbox, sentence } from "../support/story";

const REFUNDS = { key: "payments-refund-create", name: "Refunds, create" };
const CHANGE = { key: "orders-write", name: "Orders database, change" };

/** Each story is told by people of its own, so that all can share a portal. */
const WITH_CODES = [
  {
    scripts: true,
    decider: "erik.sundin",
    one: { key: "joao.marques", name: "João Marques" },
    other: { key: "fatima.elamrani", name: "Fatima El Amrani" },
  },
  {
    scripts: false,
    decider: "margot.leclerc",
    one: { key: "catarina.lopes", name: "Catarina Lopes" },
    other: { key: "pieter.dejong", name: "Pieter de Jong" },
  },
];
const WITH_PASSWORD = [
  { scripts: true, asker: { key: "bram.visser", name: "Bram Visser" } },
  { scripts: false, asker: { key: "sofia.pinto", name: "Sofia Pinto" } },
];
const LOOKS = [
  { name: "wide and light", who: "viktor.strand", viewport: { width: 1280, height: 800 }, colorScheme: "light" },
  { name: "narrow and light", who: "elif.kaya", viewport: { width: 320, height: 640 }, colorScheme: "light" },
  { name: "narrow and dark", who: "noor.jansen", viewport: { width: 320, height: 640 }, colorScheme: "dark" },
] as const;

/** Says yes to what somebody asked for, and is asked to confirm that. */
async function saysYes(page: Page, who: string, bundle: { name: string }): Promise<void> {
  await opensInInbox(page, who, bundle);
  await page.getByRole("button", { name: "Approve" }).click();
  await expect(page).toHaveURL(/\/confirm\//);
  await expect(sentence(page)).toContainText(`I approve “${bundle.name}” for ${who}, for `);
}

/** What stands in the events of the request that the page shows: the proof of each decision. */
async function proofs(portal: Portal, page: Page): Promise<unknown[]> {
  await expect(page).toHaveURL(/\/requests\/[0-9a-f-]{36}$/);
  const request = page.url().split("/").pop() ?? "";
  const events = (await portal.events(request)).map((line) => JSON.parse(line));
  return events.map((event) => event.event.request?.decision?.verified?.proof).filter((proof) => proof);
}

function story(page: Page) {
  return page.getByRole("region", { name: "What happened" });
}

for (const { scripts, decider, one, other } of WITH_CODES) {
  const how = scripts ? "with" : "without";
  test(`${decider} adds an app and approves with its codes, each once, ${how} scripts`, async ({ browser, portal }) => {
    test.setTimeout(180_000);
    for (const { key } of [one, other]) {
      const asker = await portal.personAt(browser, key);
      await asks(asker, REFUNDS);
      await asker.context().close();
    }
    const page = await portal.personAt(browser, decider, { javaScriptEnabled: scripts });

    await test.step("a password is not enough", async () => {
      await opensInInbox(page, one.name, REFUNDS);
      await page.getByRole("button", { name: "Approve" }).click();
      await expect(page.getByRole("alert")).toContainText("This wants a one-time code, and you have none");
      await page.locator("header .account summary").click();
      await page.getByRole("link", { name: "Passkeys and codes" }).click();
      await expect(sentence(page)).toHaveText("You show who you are with nothing but your password.");
    });

    const app = await test.step("the secret is there to be read, scanned and opened", async () => {
      await namesApp(page, "Phone");
      await expect(sentence(page)).toHaveText("I add the authenticator app “Phone” as mine.");
      await confirmsByPassword(page);
      await expect(sentence(page)).toHaveText("Add “Phone”.");
      await expect(page.getByRole("img", { name: "The secret as a QR code" }).locator("svg")).toBeVisible();
      const typed = await typesSecret(page);
      const link = page.getByRole("link", { name: "Open it in an app on this device" });
      await expect(link).toHaveAttribute("href", new RegExp(`^otpauth://totp/.*[?&]secret=${typed.secret}(&|$)`));
      return typed;
    });

    await test.step("a wrong code adds nothing, the right one does", async () => {
      await addsBy(page, "000000");
      await expect(page.getByRole("alert")).toContainText("That did not fit: type the six digits that your app shows now");
      expect((await typesSecret(page)).secret).toBe(app.secret);
      await addsBy(page, await app.next());
      await expect(page.getByRole("heading", { name: "Phone", level: 2, exact: true })).toBeVisible();
      await expect(sentence(page)).toHaveText("You show who you are with one authenticator app.");
      await expect(page.getByRole("region", { name: "Recovery codes" })).toContainText("You have ten codes left.");
      await page.goto("/notices");
      await expect(page.getByText("“Phone” was added to your passkeys and codes")).toBeVisible();
    });

    const code = await app.next();
    await test.step("a code approves, and the request says no more than that", async () => {
      await saysYes(page, one.name, REFUNDS);
      await expect(page.getByRole("main")).toContainText("This wants a one-time code, for this very act.");
      await expect(page.getByRole("button", { name: "Confirm with the password" })).toHaveCount(0);
      await confirmsByCode(page, code);
      expect(await proofs(portal, page)).toEqual([{ with: "code", authenticator: expect.any(String) }]);
      await expect(story(page)).toContainText("approved with a one-time code");
      await expect(story(page)).not.toContainText(/passkey|signature/i);
    });

    await test.step("the same code does for nothing else, the next one does", async () => {
      await saysYes(page, other.name, REFUNDS);
      await typesCode(page, code);
      const says = "This code has been used: each counts once, so wait for the next one.";
      await expect(page.getByRole("alert")).toContainText(says);
      await expect(sentence(page)).toContainText(`I approve “${REFUNDS.name}” for ${other.name}`);
      await confirmsByCode(page, await app.next());
      await expect(story(page)).toContainText("approved with a one-time code");
    });
    await page.context().close();
  });
}

test("Anton, whose phone is at home, approves with a recovery code, and with each once", async ({ browser, portal }) => {
  test.setTimeout(120_000);
  const anton = await portal.personAt(browser, "anton.lysenko");
  const { app, codes: old } = await addsApp(anton, "Phone");
  const left = anton.getByRole("region", { name: "Recovery codes" });

  const codes = await test.step("he makes new ones", async () => {
    await anton.getByRole("button", { name: "Make new ones" }).click();
    await expect(sentence(anton)).toHaveText("I make new recovery codes, and the old ones stop working.");
    await confirmsByCode(anton, await app.next());
    await expect(sentence(anton)).toHaveText("These are your new recovery codes.");
    const made = await writesDownCodes(anton);
    expect(made.filter((code) => old.includes(code))).toEqual([]);
    await anton.getByRole("button", { name: "I have kept them" }).click();
    await expect(left).toContainText("You have ten codes left.");
    return made;
  });
  const [gone = "", one = "", two = "", three = ""] = [old[0], ...codes];
  const counted = "That did not fit: each recovery code counts once: type another.";

  await test.step("an old one does not count any more, a new one does", async () => {
    await saysYes(anton, "Thu Nguyễn", CHANGE);
    await typesCode(anton, gone);
    await expect(anton.getByRole("alert")).toContainText(counted);
    await confirmsByCode(anton, one.toUpperCase().replaceAll(" ", ""));
    expect(await proofs(portal, anton)).toEqual([{ with: "recovery-code" }]);
    await expect(story(anton)).toContainText("approved with a recovery code");
  });

  await test.step("the phone has another name now", async () => {
    await anton.goto("/authenticators");
    await expect(left).toContainText("You have nine codes left.");
    await anton.getByText("Rename", { exact: true }).first().click();
    await anton.getByLabel("New name").fill("Phone at home");
    await anton.getByRole("button", { name: "Rename" }).last().click();
    await expect(sentence(anton)).toHaveText("I call “Phone”, which is mine, “Phone at home” from now on.");
    await confirmsByCode(anton, three);
    await expect(left).toContainText("You have eight codes left.");
    await expect(anton.getByRole("heading", { name: "Phone at home", level: 2, exact: true })).toBeVisible();
  });

  await test.step("the same code does not count twice, and another removes the phone", async () => {
    await anton.getByRole("button", { name: "Remove Phone at home" }).click();
    await expect(sentence(anton)).toHaveText("I remove “Phone at home”, which is mine.");
    await typesCode(anton, one);
    await expect(anton.getByRole("alert")).toContainText(counted);
    await confirmsByCode(anton, two);
    await expect(sentence(anton)).toHaveText("You show who you are with nothing but your password.");
    await expect(left).toHaveCount(0);
  });
  await anton.context().close();
});

test("who has lost everything is reset by two admins, and decides nothing for a day", async ({ browser, portal }) => {
  test.setTimeout(120_000);
  const ola = await portal.personAt(browser, "ola.nord");
  await addsApp(ola, "Phone");
  const statement = "I remove every passkey and authenticator app of Ola Nord, as Astrid Nyberg asked.";

  await test.step("Astrid asks for it, and cannot do it alone", async () => {
    const astrid = await portal.personAt(browser, "astrid.nyberg");
    await astrid.goto("/identities/ola.nord");
    await astrid.getByRole("button", { name: "Reset passkeys and codes" }).click();
    await expect(sentence(astrid)).toHaveText("I ask that every passkey and authenticator app of Ola Nord be removed.");
    await confirmsByPassword(astrid);
    await expect(astrid).toHaveURL(/\/identities\/ola\.nord$/);
    await expect(astrid.getByText("to remove one passkey or app of Ola Nord. Make sure by another way")).toBeVisible();
    await expect(astrid.getByRole("button", { name: "Confirm the reset" })).toHaveCount(0);
    // Past the page, as somebody might who writes forms of their own.
    const refuse = astrid.getByRole("button", { name: "Refuse the reset" });
    await refuse.evaluate((it) => it.setAttribute("formaction", "/api/authenticators/reset"));
    await refuse.click();
    await expect(sentence(astrid)).toHaveText(statement);
    await astrid.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await astrid.getByRole("button", { name: "Confirm with the password" }).click();
    await expect(astrid.getByRole("alert")).toContainText("takes two admins, and neither is that person: another admin must");
    await astrid.context().close();
  });

  await test.step("Ola hears of it, could refuse it, and still has the app", async () => {
    await ola.goto("/notices");
    await expect(ola.getByText("Astrid Nyberg asks to reset your passkeys and codes")).toBeVisible();
    await ola.goto("/authenticators");
    await expect(sentence(ola)).toHaveText("You show who you are with one authenticator app.");
    await expect(ola.getByRole("alert")).toContainText("Astrid Nyberg asked to remove all of these");
    await expect(ola.getByRole("button", { name: "Refuse the reset" })).toBeVisible();
  });

  await test.step("Tomás hears of it, and confirms it", async () => {
    const tomas = await portal.personAt(browser, "tomas.ferreira");
    await tomas.goto("/notices");
    await tomas.getByRole("link", { name: "Astrid Nyberg asks to reset the passkeys and codes of Ola Nord" }).click();
    await tomas.getByRole("button", { name: "Confirm the reset" }).click();
    await expect(sentence(tomas)).toHaveText(statement);
    await confirmsByPassword(tomas);
    await expect(tomas).toHaveURL(/\/identities\/ola\.nord$/);
    await expect(tomas.getByText("Ola Nord decides nothing until")).toBeVisible();
    const says = "reset their passkeys and codes, as Astrid Nyberg had asked, with a fresh sign-in";
    await expect(story(tomas)).toContainText(says);
    await expect(tomas.getByRole("button", { name: /the reset$/ })).toHaveCount(0);
    await tomas.context().close();
  });

  await test.step("Ola is signed out, and has nothing any more", async () => {
    await ola.goto("/authenticators");
    await expect(ola).toHaveURL(/\/sign-in\?next=/);
    await signIn(ola, "ola.nord");
    await ola.goto("/notices");
    await expect(ola.getByText("Two admins reset your passkeys and codes: add new ones; for a day you decide nothing")).toBeVisible();
    await ola.goto("/authenticators");
    await expect(sentence(ola)).toHaveText("You show who you are with nothing but your password.");
    const until = await ola.getByText("You decide nothing until").locator("time").getAttribute("datetime");
    const hours = (Date.parse(until ?? "") - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(23.9);
    expect(hours).toBeLessThanOrEqual(24);
  });

  await test.step("Ola decides nothing, neither yes nor no", async () => {
    const says = "Your authenticators were reset: you decide again from";
    await opensInInbox(ola, "João Marques", READ);
    await expect(ola.getByRole("article")).toContainText(says);
    for (const act of ["Approve", "Deny"]) await expect(ola.getByRole("button", { name: act })).toHaveCount(0);
    // Nor by a form made by hand.
    const request = new URL(ola.url()).pathname.split("/").at(-1);
    for (const act of ["approve", "deny"]) {
      const answer = await ola.evaluate(
        async ([act, request]) => {
          const headers = { "content-type": "application/x-www-form-urlencoded", accept: "application/json" };
          const body = `request=${request}&version=1&comment=No`;
          const response = await fetch(`/api/requests/${act}`, { method: "POST", headers, body });
          return { status: response.status, text: await response.text() };
        },
        [act, request],
      );
      expect(answer.status).toBe(403);
      expect(answer.text).toContain("your authenticators were reset");
    }
  });
  await ola.context().close();
});

for (const { scripts, asker } of WITH_PASSWORD) {
  test(`Linnéa approves by typing her password again, ${scripts ? "with" : "without"} scripts`, async ({ browser, portal }) => {
    const options = { javaScriptEnabled: scripts };
    const page = await portal.personAt(browser, asker.key, options);
    await asks(page, CHANGE, WHY, "CHG-2001");
    await page.context().close();

    const linnea = await portal.personAt(browser, "linnea.ek", options);
    const comment = "The copy of the rows is what I would have asked for.";
    await test.step("she goes back, and nothing is done", async () => {
      await saysYes(linnea, asker.name, CHANGE);
      await linnea.getByRole("link", { name: "Back, without doing it" }).click();
      await expect(linnea).toHaveURL(/\/inbox\/[0-9a-f-]{36}/);
      await expect(linnea.getByRole("button", { name: "Approve" })).toBeVisible();
    });

    await opensInInbox(linnea, asker.name, CHANGE);
    await linnea.getByLabel("Comment").fill(comment);
    await linnea.getByRole("button", { name: "Approve" }).click();
    await expect(linnea).toHaveURL(/\/confirm\//);
    const confirms = linnea.url();
    if (scripts) {
      await linnea.waitForLoadState();
      for (const colorScheme of ["light", "dark"] as const) {
        await linnea.emulateMedia({ colorScheme });
        await linnea.setViewportSize({ width: 320, height: 640 });
        await isForEveryone(linnea);
        await fits(linnea);
      }
    }

    await test.step("a wrong password is refused, and what she states is still there", async () => {
      await expect(linnea.getByRole("main")).toContainText("This wants a fresh sign-in, for this very act.");
      const stated = await sentence(linnea).innerText();
      await linnea.getByLabel("Password", { exact: true }).fill("not this one");
      await linnea.getByRole("button", { name: "Confirm with the password" }).click();
      await expect(linnea.getByRole("alert")).toContainText("That did not fit: type your password once more.");
      await expect(sentence(linnea)).toHaveText(stated);
      await expect(linnea.getByLabel("Password", { exact: true })).toHaveValue("");
    });

    await test.step("the right one approves, with what she wrote, and claims no more", async () => {
      await confirmsByPassword(linnea);
      expect(await proofs(portal, linnea)).toEqual([{ with: "sign-in" }]);
      await expect(story(linnea)).toContainText("approved with a fresh sign-in; more approvals are needed");
      await expect(story(linnea)).toContainText(comment);
      await expect(story(linnea)).not.toContainText(/passkey|signature/i);
    });

    await test.step("it is confirmed once", async () => {
      const again = await linnea.goto(confirms);
      expect(again?.status()).toBe(404);
      await expect(sentence(linnea)).toHaveText("Nothing is here, or nothing that you may see.");
    });
    await linnea.context().close();
  });
}

for (const { name, who, ...look } of LOOKS) {
  test(`every page on which one shows who one is, ${name}`, async ({ browser, portal }) => {
    test.setTimeout(120_000);
    const page = await portal.personAt(browser, who, look);
    const isFine = async (what: string) =>
      test.step(what, async () => {
        await page.waitForLoadState();
        await isForEveryone(page);
        await fits(page);
      });

    await page.goto("/authenticators");
    await page.getByText("Add an authenticator app", { exact: true }).click();
    await isFine("nothing there yet, and the form");
    await namesApp(page, "Phone");
    await isFine("confirming by password");
    await page.getByLabel("Password", { exact: true }).fill("not this one");
    await page.getByRole("button", { name: "Confirm with the password" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
    await isFine("after a wrong password");
    await confirmsByPassword(page);
    const app = await typesSecret(page);
    await writesDownCodes(page);
    await isFine("adding an app");
    await addsBy(page, "000000");
    await expect(page.getByRole("alert")).toBeVisible();
    await isFine("after a wrong code");
    await addsBy(page, await app.next());
    await page.getByText("Rename", { exact: true }).first().click();
    await isFine("an app, and the form for its name");
    await page.getByRole("button", { name: "Make new ones" }).click();
    await expect(page).toHaveURL(/\/confirm\//);
    await isFine("confirming by code");
    await confirmsByCode(page, await app.next());
    await writesDownCodes(page);
    await isFine("new recovery codes");
    await page.getByRole("button", { name: "I have kept them" }).click();
    await expect(page).toHaveURL(/\/authenticators$/);
    await page.context().close();
  });
}
