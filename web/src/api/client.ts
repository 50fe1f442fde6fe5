import createClient from "openapi-fetch";
import { takeAhead } from "./ahead";
import { parseExact } from "./exact-json";
import { Problem, problemOf } from "./problem";
import type { components, paths } from "./schema";
import { session } from "./session";

export type Schemas = components["schemas"];
export type Job = Schemas["JobView"];
export type Output = Schemas["OutputView"];
export type Batch = Schemas["BatchView"];
export type FileInfo = Schemas["FileView"];
export type GenerateRequest = Schemas["GenerateRequest"];

/** authorized is fetch that says who asks, and notices that the server wants a key. */
export async function authorized(input: Request | string, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  const ahead = await takeAhead(request);
  if (ahead && ahead.status !== 401) return ahead; // who signed in meanwhile asks again
  for (const [name, value] of Object.entries(session.headers())) request.headers.set(name, value);
  const response = await fetch(request);
  if (response.status === 401) session.deny();
  return response;
}

async function exact(request: Request): Promise<Response> {
  const response = await authorized(request);
  if (!response.headers.get("Content-Type")?.includes("json") || response.status === 304) return response;
  const text = JSON.stringify(parseExact(await response.text()));
  return new Response(text, { status: response.status, statusText: response.statusText, headers: response.headers });
}

/** api is the one client of the HTTP API; its paths and bodies are those of docs/openapi.json. Wrap calls in ask. */
export const api = createClient<paths>({
  baseUrl: globalThis.location?.origin ?? "http://localhost",
  fetch: exact,
  querySerializer: { array: { style: "form", explode: false } },
});

type Answer<T> = { data?: T; error?: unknown; response: Response };

/** ask gives the data of an answer, or throws a Problem: `await ask(api.GET("/api/v1/jobs"))`. */
export async function ask<T>(answer: Promise<Answer<T>>): Promise<T> {
  let got: Answer<T>;
  try {
    got = await answer;
  } catch (error) {
    throw problemOf(error);
  }
  if (got.error !== undefined || !got.response.ok) throw problemOf(got.error, got.response.status);
  return got.data as T;
}

/** upload stores a file and tells how far it is (0 to 1). XMLHttpRequest, since fetch does not tell. */
export function upload(file: Blob, name: string, onProgress?: (fraction: number) => void, signal?: AbortSignal): Promise<FileInfo> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/api/v1/files");
    for (const [header, value] of Object.entries(session.headers())) request.setRequestHeader(header, value);
    request.upload.onprogress = (e) => e.lengthComputable && onProgress?.(e.loaded / e.total);
    request.onload = () => {
      if (request.status === 401) session.deny();
      let body: unknown;
      try {
        body = parseExact(request.responseText);
      } catch {
        body = undefined;
      }
      if (request.status >= 200 && request.status < 300) resolve(body as FileInfo);
      else reject(problemOf(body, request.status));
    };
    request.onerror = () => reject(problemOf(new TypeError("network")));
    request.onabort = () => reject(new Problem({ detail: "aborted", code: "aborted" }));
    signal?.addEventListener("abort", () => request.abort());
    const form = new FormData();
    form.append("file", file, name);
    request.send(form);
  });
}
