import { readFileSync } from "node:fs";
import type { CDPSession } from "playwright-core";
import type { Tab } from "./harness";

/** Memory is what a page holds after its garbage was collected. */
export interface Memory {
  frames: number; // previews that were drawn until now
  heap: number; // bytes of JavaScript
  nodes: number;
  listeners: number;
  urls: number; // object URLs that were made and not given back
  resident: number; // bytes of the page's process without its program's files, 0 where the system does not say
}

/** shown is a Memory in words. */
export const shown = (m: Memory) =>
  `${m.frames} previews: heap ${(m.heap / 1e6).toFixed(1)} MB, ${m.nodes} nodes, ${m.listeners} listeners, ${m.urls} object URLs, process ${(m.resident / 1e6).toFixed(0)} MB`;

/** watchMemory counts previews and object URLs of the page from its next load on; the function it gives weighs the page. */
export async function watchMemory(tab: Tab): Promise<() => Promise<Memory>> {
  await tab.page.addInitScript(() => {
    const seen = { frames: 0, urls: 0 };
    Object.assign(globalThis, { seen });
    const [make, give] = [URL.createObjectURL, URL.revokeObjectURL];
    URL.createObjectURL = (of) => {
      seen.urls++;
      return make.call(URL, of);
    };
    URL.revokeObjectURL = (url) => {
      seen.urls--;
      give.call(URL, url);
    };
    const draw = CanvasRenderingContext2D.prototype.drawImage;
    CanvasRenderingContext2D.prototype.drawImage = function (this: CanvasRenderingContext2D, ...given: unknown[]) {
      if (this.canvas.matches("main [data-preview=stage]")) seen.frames++;
      return (draw as (...given: unknown[]) => void).apply(this, given);
    } as typeof draw;
  });
  const debug = await tab.context.newCDPSession(tab.page);
  const browser = await tab.context.browser()?.newBrowserCDPSession();
  await debug.send("Performance.enable");
  return async () => {
    await debug.send("HeapProfiler.collectGarbage");
    const metrics = Object.fromEntries((await debug.send("Performance.getMetrics")).metrics.map((m) => [m.name, m.value]));
    const seen = await tab.page.evaluate(() => (globalThis as unknown as { seen: { frames: number; urls: number } }).seen);
    const heap = (await debug.send("Runtime.getHeapUsage")).usedSize;
    const resident = browser ? await residentOf(browser) : 0;
    return { ...seen, heap, nodes: metrics.Nodes ?? 0, listeners: metrics.JSEventListeners ?? 0, resident };
  };
}

/** residentOf is what the browser's largest page holds. */
async function residentOf(browser: CDPSession): Promise<number> {
  const { processInfo } = await browser.send("SystemInfo.getProcessInfo");
  const sizes = processInfo.filter((p) => p.type === "renderer").map((p) => anonymous(p.id));
  return Math.max(0, ...sizes);
}

function anonymous(pid: number): number {
  try {
    const kb = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return Number(kb ?? 0) * 1024;
  } catch {
    return 0; // no /proc here, or the process ended
  }
}
