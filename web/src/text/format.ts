// Numbers, sizes and times as a person reads them.

const number = new Intl.NumberFormat("en");
const money = new Intl.NumberFormat("en", { style: "currency", currency: "USD" });
const moments = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });
const days = new Intl.DateTimeFormat("en", { dateStyle: "medium" });

/** count writes 12,345. */
export const count = (n: number) => number.format(n);

/** bytes writes a size in the units that file managers use: "1.4 MB" is 1,400,000 bytes. */
export function bytes(n: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  let value = n;
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000;
    at++;
  }
  return `${at === 0 || value >= 99.5 ? Math.round(value) : Number(value.toFixed(1))} ${units[at]}`;
}

/** usd writes US dollars: "$1.20", "under $0.01". */
export const usd = (n: number) => (n > 0 && n < 0.01 ? `under ${money.format(0.01)}` : money.format(n));

/** moment writes a time of the API as the browser's own. */
export const moment = (iso: string) => moments.format(new Date(iso));

/** day writes a day, 2026-11-27. */
export function day(text: string): string {
  const [y, m, d] = text.split("-").map(Number) as [number, number, number];
  return days.format(new Date(y, m - 1, d));
}
