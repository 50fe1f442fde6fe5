import { t } from ".";

/** duration writes milliseconds for a person: "8 s", "2 min 10 s", "1 h 5 min". */
export function duration(ms: number): string {
  const s = Math.max(1, Math.round(ms / 1000));
  if (s < 60) return t.generate.seconds(s);
  if (s < 3600) return t.generate.minutes(Math.floor(s / 60), s < 600 ? s % 60 : 0);
  return t.generate.hours(Math.floor(s / 3600), Math.floor((s % 3600) / 60));
}
