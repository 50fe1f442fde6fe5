import type { Job } from "@/api/client";
import { events } from "@/api/events";
import { t } from "@/text";

const long = 30_000; // ms: a run worth a word when the page is not looked at
const slot = "easel.notify";

export const notifies = () => {
  try {
    return localStorage.getItem(slot) === "yes" && Notification.permission === "granted";
  } catch {
    return false;
  }
};

/** setNotifies asks the browser whether it may tell; false when it may not. */
export async function setNotifies(on: boolean): Promise<boolean> {
  if (on && (typeof Notification === "undefined" || (await Notification.requestPermission()) !== "granted")) return false;
  localStorage.setItem(slot, on ? "yes" : "no");
  return on;
}

const took = (job: Job) => (job.started_at && job.finished_at ? Date.parse(job.finished_at) - Date.parse(job.started_at) : 0);

/** startNotifying tells when a long run ended while nobody looked. */
export const startNotifying = () =>
  events.onEnded((job) => {
    if (!notifies() || !document.hidden || took(job) < long) return;
    const body = String((job.request as { prompt?: string })?.prompt ?? job.workflow_id).slice(0, 120);
    new Notification(t.generate.notifyTitle, { body, tag: job.id, icon: "/icon.svg" }).onclick = () => window.focus();
  });
