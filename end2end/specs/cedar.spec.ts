// Whoever doubts the guardrails asks Cedar themselves: another binding of it, in another version, answers what the portal's engine
// answered, for every request on record (R11, R13).
import { isAuthorized } from "@cedar-policy/cedar-wasm/nodejs";
import { expect, test } from "../support/portal";

test("another binding of Cedar gives the same answers", async ({ portal, browser }) => {
  const astrid = await portal.personAt(browser, "astrid.nyberg");
  await astrid.goto("/trail");
  const requests = new Set<string>();
  for (let turned = 0; turned < 8; turned++) {
    for (const link of await astrid.locator("a[href^='/requests/']").all()) {
      requests.add((await link.getAttribute("href"))?.split("/").pop() ?? "");
    }
    const more = astrid.getByRole("link", { name: /^More|Next|Older/ });
    if ((await more.count()) === 0) break;
    await more.first().click();
  }
  expect(requests.size, "the demo's days leave something to ask about").toBeGreaterThan(8);

  let allowed = 0;
  for (const request of requests) {
    const { policies, schema, entities, request: asked, answer } = await portal.explained(request);
    // It numbers the rules in the order of the text; ours are known by their names.
    const names = [...policies.matchAll(/@id\("([^"]+)"\)/g)].map((found) => found[1]);
    const told = isAuthorized({
      ...asked,
      policies: { staticPolicies: policies },
      schema,
      entities,
      validateRequest: true,
    } as Parameters<typeof isAuthorized>[0]);
    if (told.type !== "success") throw new Error(`Cedar does not take it: ${JSON.stringify(told)}`);
    const reasons = told.response.diagnostics.reason.map((id) => names[Number(id.replace("policy", ""))]).sort();
    expect(told.response.decision, request).toBe(answer.allows ? "allow" : "deny");
    expect(reasons, request).toEqual(Object.keys(answer.rules).sort());
    expect(told.response.diagnostics.errors, request).toEqual([]);
    if (answer.allows) allowed += 1;
  }
  expect(allowed).toBeGreaterThan(5);
});
