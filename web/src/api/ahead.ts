// Answers that are asked for while the pages are still loading (start.ts): each saves a trip to the server.
import { session } from "./session";

const kept = new Map<string, Promise<Response>>();
const keptFor = 10_000; // ms; later it would be old

/** askAhead asks for a path of the API. The first request for it gets this answer. */
export function askAhead(path: string): Promise<Response> {
  const url = new URL(path, location.origin).href;
  const answer = fetch(url, { headers: session.headers() });
  answer.catch(() => {}); // told to who takes it
  kept.set(url, answer);
  setTimeout(() => kept.delete(url), keptFor);
  return answer;
}

/** takeAhead is the answer to a request that was asked for ahead, once. */
export function takeAhead(request: Request): Promise<Response> | undefined {
  if (request.method !== "GET") return undefined;
  const answer = kept.get(request.url);
  kept.delete(request.url);
  return answer;
}
