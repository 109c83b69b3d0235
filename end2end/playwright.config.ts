// How the stories are told: in the machine's own Chromium, each against a portal of its own (see the fixtures).
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "specs",
  outputDir: "results",
  reporter: "list",
  timeout: 90_000,
  // Patience costs nothing where a story goes well.
  expect: { timeout: 15_000 },
  workers: 2,
  retries: 0,
  // A story left alone with `.only` would silence the others.
  forbidOnly: true,
  use: {
    browserName: "chromium",
    screenshot: "only-on-failure",
    launchOptions: {
      // Playwright's own download does not work everywhere.
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
