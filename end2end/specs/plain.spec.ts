// The main story with JavaScript switched off: everything is a page, a link or a form.
import { expect, test } from "../support/target";
import { READ, WHY, approves, opensInInbox, saysInTime, sentence, takesBackTheEarlierRequest } from "../support/story";

test("without JavaScript Maya asks, Priya approves, the orders can be read, and she gives it back", async ({ browser, linked, target }) => {
  test.setTimeout(120_000);
  const plain = { javaScriptEnabled: false };
  const maya = await linked.personAt(browser, "maya.lindqvist", plain);
  await takesBackTheEarlierRequest(maya);
  await target.refuses("maya_l");

  await test.step("she finds the bundle and lets it be checked before she asks", async () => {
    await maya.goto("/");
    await maya.getByRole("searchbox", { name: "What do you want to do?" }).fill("read orders");
    await maya.keyboard.press("Enter");
    await maya.getByRole("link", { name: READ.name, exact: true }).click();
    const verdict = maya.locator("#ruling").getByRole("status");
    await expect(verdict).toHaveText("A little more is needed");
    await maya.getByLabel("Why").fill("orders");
    await maya.getByRole("button", { name: "Check first" }).click();
    await expect(maya.getByLabel("Why")).toHaveValue("orders");
    await expect(verdict).toHaveText("A little more is needed");
    await maya.getByLabel("Why").fill(WHY);
    await maya.getByRole("button", { name: "Check first" }).click();
    await expect(verdict).toHaveText("You may ask for this");
    await expect(maya.getByLabel("Why")).toHaveValue(WHY);
  });

  await maya.getByRole("button", { name: "Ask for access" }).click();
  await expect(sentence(maya)).toHaveText(`You ask for ${READ.name} for 4 hours.`);
  await target.refuses("maya_l");

  await test.step("Priya approves for less time", async () => {
    const priya = await linked.personAt(browser, "priya.raman", plain);
    await opensInInbox(priya, "Maya Lindqvist", READ);
    await expect(priya.getByRole("article")).toContainText(WHY);
    await priya.locator("input[name=shorter][value='2h']").check();
    await priya.getByLabel("Comment").fill("Two hours are enough for that.");
    await approves(priya);
    await priya.context().close();
  });

  await saysInTime(maya, `You have ${READ.name}`, true);
  await expect(maya.getByText("Two hours are enough for that.")).toBeVisible();
  await target.answers("maya_l");

  await maya.getByRole("button", { name: "Give it back now" }).click();
  await expect(maya.getByRole("button", { name: "Give it back now" })).toHaveCount(0);
  await target.refuses("maya_l");
  await expect(async () => {
    await maya.goto("/access");
    await expect(maya.locator("#ended")).toContainText(READ.name, { timeout: 1_000 });
  }).toPass({ timeout: 20_000 });
});
