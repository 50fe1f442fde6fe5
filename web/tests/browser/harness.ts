import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { expect } from "vitest";

/** screenshots is where the pages' pictures go: EASEL_SCREENSHOTS, or a folder of the system's temporary one. */
export const screenshots = process.env.EASEL_SCREENSHOTS ?? join(tmpdir(), "easel-screenshots");
mkdirSync(screenshots, { recursive: true });

const axe = readFileSync(new URL("../../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

interface Options {
  stepTime?: string; // of a sampler step on the emulator
  faults?: string[]; // of `easel emulate --fault`
  emulate?: string[]; // further flags of `easel emulate`
  usdPerHour?: number; // the price of the emulator: it is a backend named "studio" then
  serve?: string[]; // further flags of `easel serve`
}

/** A Server is `easel serve` with an emulator of its own behind it, in a folder of its own. */
export class Server {
  url = "";
  private link = ""; // signs a browser in, once
  private signedIn: Awaited<ReturnType<BrowserContext["cookies"]>> = [];
  readonly dir = mkdtempSync(join(tmpdir(), "easel-web-"));
  private emulator: ChildProcess | undefined;
  private process: ChildProcess | undefined;
  private backend = "";
  private port = "0";

  private constructor(private options: Options) {}

  static async start(options: Options = {}): Promise<Server> {
    const server = new Server(options);
    const faults = (options.faults ?? []).flatMap((f) => ["--fault", f]);
    server.emulator = server.run([
      "emulate",
      "--listen",
      "127.0.0.1:0",
      "--step-time",
      options.stepTime ?? "20ms",
      ...faults,
      ...(options.emulate ?? []),
    ]);
    server.backend = await line(server.emulator.stdout, /(http:\/\/\S+)/);
    if (options.usdPerHour !== undefined) {
      await server.command("backends", "add", "studio", server.backend, "--usd-per-hour", String(options.usdPerHour));
      server.backend = "studio";
    }
    await server.up();
    return server;
  }

  private run(args: string[]): ChildProcess {
    const env = {
      PATH: process.env.PATH,
      HOME: this.dir,
      TMPDIR: process.env.TMPDIR,
      XDG_DATA_HOME: join(this.dir, "data"),
      XDG_CONFIG_HOME: join(this.dir, "config"),
      XDG_CACHE_HOME: join(this.dir, "cache"),
    };
    return spawn(process.env.EASEL_BINARY as string, args, { cwd: this.dir, env, stdio: ["ignore", "pipe", "pipe"] });
  }

  /** up starts the server, at the same address after kill. */
  async up() {
    this.process = this.run([
      "serve",
      "--listen",
      `127.0.0.1:${this.port}`,
      "--backend",
      this.backend,
      "--out",
      join(this.dir, "out"),
      ...(this.options.serve ?? []),
    ]);
    const [link, url] = await Promise.all([line(this.process.stderr, /open (http:\S+)/), line(this.process.stdout, /(http:\/\/\S+)/)]);
    this.link = link;
    this.signedIn = [];
    this.url = url;
    this.port = new URL(url).port;
  }

  /** signIn makes the browser of a page one of the owner: the first by the link, the others by what that one got. */
  async signIn(page: Page) {
    if (this.signedIn.length === 0) {
      await page.goto(this.link);
      this.signedIn = await page.context().cookies();
    } else await page.context().addCookies(this.signedIn);
  }

  /** narrow bounds the files that the server writes, in bytes, as a full disk does; without a bound all is as before. */
  narrow(bytes?: number) {
    execFileSync("prlimit", ["--pid", String(this.process?.pid), `--fsize=${bytes ?? "unlimited"}:unlimited`]);
  }

  /** kill takes the server away as a power cut does. */
  async kill() {
    await end(this.process);
  }

  async stop() {
    await Promise.all([end(this.process), end(this.emulator)]);
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** command runs easel with the server's settings and gives what it prints. */
  command(...args: string[]): Promise<string> {
    const child = this.run(args);
    let out = "";
    child.stdout?.on("data", (d) => (out += d));
    return new Promise((resolve) => child.on("close", () => resolve(out.trim())));
  }

  /** api asks the server as a program of this machine: without the headers of a browser, which fetch sends here too. */
  api<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    return new Promise((resolve, reject) => {
      const headers = body === undefined ? {} : { "Content-Type": "application/json" };
      const asked = request(`${this.url}/api/v1${path}`, { method, headers }, (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (d) => (text += d));
        answer.on("end", () => {
          if ((answer.statusCode ?? 500) >= 400) reject(new Error(`${method} ${path}: ${answer.statusCode} ${text}`));
          else resolve((text ? JSON.parse(text) : undefined) as T);
        });
      });
      asked.on("error", reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

function end(child: ChildProcess | undefined): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("close", () => resolve());
    child.kill("SIGKILL");
  });
}

function line(stream: NodeJS.ReadableStream | null, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const later = setTimeout(() => reject(new Error(`no ${pattern} in: ${text}`)), 45_000);
    stream?.on("data", (d) => {
      text += d;
      const found = pattern.exec(text)?.[1];
      if (found) {
        clearTimeout(later);
        resolve(found);
      }
    });
    stream?.on("close", () => reject(new Error(`ended without ${pattern}: ${text}`)));
  });
}

let browser: Browser | undefined;

async function launch(): Promise<Browser> {
  const executablePath = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
    (p) => p && existsSync(p),
  );
  if (!executablePath) throw new Error("no chromium: apt-get install chromium, or name one in CHROMIUM");
  browser ??= await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--force-color-profile=srgb"],
  });
  return browser;
}

export async function closeBrowser() {
  await browser?.close();
  browser = undefined;
}

interface TabOptions {
  width?: number;
  height?: number;
  theme?: "light" | "dark";
  signedIn?: boolean;
  touch?: boolean;
}

/** A Tab is a page of a browser of its own. Whatever its console says as an error is collected: check it with quiet. */
export class Tab {
  readonly errors: string[] = [];
  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    private server: Server,
  ) {}

  static async open(server: Server, path: string, o: TabOptions = {}): Promise<Tab> {
    const context = await (await launch()).newContext({
      viewport: { width: o.width ?? 1440, height: o.height ?? ((o.width ?? 1440) < 640 ? 812 : 900) },
      colorScheme: o.theme ?? "light",
      hasTouch: o.touch ?? false,
      acceptDownloads: true,
      reducedMotion: "reduce",
    });
    await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.url });
    const tab = await Tab.in(context, server);
    if (o.signedIn ?? true) await server.signIn(tab.page);
    await tab.goto(path);
    return tab;
  }

  /** another opens a second tab of the same browser. */
  async another(path: string): Promise<Tab> {
    const tab = await Tab.in(this.context, this.server);
    await tab.goto(path);
    return tab;
  }

  private static async in(context: BrowserContext, server: Server): Promise<Tab> {
    const page = await context.newPage();
    const tab = new Tab(page, context, server);
    page.setDefaultTimeout(45_000); // of a machine that is slow, not of the page
    page.on("console", (m) => m.type() === "error" && tab.errors.push(`${m.text()} ${m.location().url}`));
    page.on("pageerror", (e) => tab.errors.push(String(e)));
    page.on("request", (r) => {
      const u = r.url();
      if (!u.startsWith(server.url) && !/^(data|blob):/.test(u)) tab.errors.push(`a request to ${u}`);
    });
    return tab;
  }

  async goto(path: string) {
    await this.page.goto(this.server.url + path);
    await this.page.locator("main").first().waitFor();
  }

  async theme(theme: "light" | "dark") {
    await this.page.emulateMedia({ colorScheme: theme });
    // Chromium now and then leaves an inherited light-dark() colour as it was, when only the media change: the scheme of
    // the root, which all inherit, is set as well, and a rule for all elements has every style worked out anew.
    await this.page.evaluate((scheme) => {
      document.documentElement.style.colorScheme = scheme;
      const all = new CSSStyleSheet();
      all.replaceSync("* { --scheme-changed: 1 }");
      document.adoptedStyleSheets.push(all);
      getComputedStyle(document.body).color;
      document.adoptedStyleSheets.pop();
    }, theme);
    await this.settled();
  }

  /** drag moves fingers over the screen, each from a point to another one. The tab is one with touch. */
  async drag(...fingers: { from: [number, number]; to: [number, number] }[]) {
    const debug = await this.context.newCDPSession(this.page);
    const touch = (type: "touchStart" | "touchMove" | "touchEnd", part?: number) =>
      debug.send("Input.dispatchTouchEvent", {
        type,
        touchPoints:
          part === undefined
            ? []
            : fingers.map(({ from, to }, id) => ({ id, x: from[0] + (to[0] - from[0]) * part, y: from[1] + (to[1] - from[1]) * part })),
      });
    await touch("touchStart", 0);
    for (let step = 1; step <= 8; step++) await touch("touchMove", step / 8);
    await touch("touchEnd");
    await debug.detach();
    await this.settled();
  }

  /** settled waits until nothing moves: a frame, and the animations of it. */
  async settled() {
    await this.page.evaluate(async () => {
      await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
      await Promise.all(
        document.getAnimations().map((a) => a.effect?.getComputedTiming().iterations !== Infinity && a.finished.catch(() => {})),
      );
    });
  }

  /** shot takes a picture of what is seen. */
  async shot(name: string) {
    await this.settled();
    await this.page.screenshot({ path: join(screenshots, `${name}.png`) });
  }

  /** accessible fails when axe finds a violation in what is shown, in either theme. */
  async accessible() {
    for (const theme of ["light", "dark"] as const) {
      let found: string[] = [];
      // What is found is looked for again: of a page that changes its theme under load, a moment is no violation.
      for (let look = 0; look < 4; look++) {
        await this.theme(theme);
        found = await this.violations();
        if (found.length === 0) break;
      }
      expect(found, `axe in the ${theme} theme`).toEqual([]);
    }
    await this.theme("light");
  }

  /** violations are what axe has against the page as it stands. */
  private async violations(): Promise<string[]> {
    await this.page.evaluate(axe); // by the debugger, which the page's policy does not bind
    return await this.page.evaluate(async () => {
      // biome-ignore lint/suspicious/noExplicitAny: axe is there since the line above
      const result = await (globalThis as any).axe.run(document, { resultTypes: ["violations"] });
      return result.violations.map(
        // biome-ignore lint/suspicious/noExplicitAny: as above
        (v: any) => `${v.id}: ${v.help}\n  ${v.nodes.map((n: any) => `${n.target} ${n.html} ${n.failureSummary ?? ""}`).join("\n  ")}`,
      );
    });
  }

  /** fits fails when the page is wider than the window, or scrolls to the side: boxes in it may, such as a wide table. */
  async fits() {
    const over = await this.page.evaluate(() =>
      [document.documentElement, ...document.querySelectorAll("main")].map((box) => box.scrollWidth - box.clientWidth),
    );
    expect(Math.max(...over), "pixels wider than there is room").toBeLessThanOrEqual(0);
  }

  /** quiet fails when the console said an error; allowed are those that a test provokes. */
  quiet(allowed?: RegExp) {
    expect(this.errors.filter((e) => !allowed?.test(e))).toEqual([]);
  }

  async close() {
    await this.context.close();
  }
}

/** looked does what every page must pass: a picture at 1440 and 375 px in both themes, axe, no overflow, a quiet console. */
export async function looked(server: Server, path: string, name: string, ready: (page: Page) => Promise<unknown>) {
  for (const width of [1440, 375]) {
    const tab = await Tab.open(server, path, { width, touch: width < 640 });
    try {
      await ready(tab.page);
      await tab.fits();
      await tab.accessible();
      await tab.shot(`${name}-${width}-light`);
      await tab.theme("dark");
      await tab.shot(`${name}-${width}-dark`);
      tab.quiet();
    } finally {
      await tab.close();
    }
  }
}
