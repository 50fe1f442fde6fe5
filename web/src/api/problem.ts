import { t } from "@/text";
import { atField, inWords, pageHint } from "./hint";
import type { components } from "./schema";

type Body = components["schemas"]["StatusError"];
export type FieldProblem = components["schemas"]["FieldError"];

/** A Problem is what went wrong with a request, in words for a person: message says what, hint what to do. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly hint: string;
  readonly fields: FieldProblem[];

  constructor(body: Partial<Body> & { detail: string }) {
    super(body.detail);
    this.name = "Problem";
    this.status = body.status ?? 0;
    this.code = body.code ?? "";
    this.hint = body.hint ?? "";
    this.fields = body.errors ?? [];
  }

  /** offline: the server did not answer at all. */
  get offline() {
    return this.code === "offline";
  }
}

/** problemOf makes a Problem of whatever was thrown or answered. */
export function problemOf(error: unknown, status = 0): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError) return new Problem({ detail: t.errors.offline, code: "offline", hint: t.errors.offlineHint });
  if (error && typeof error === "object" && "detail" in error) {
    const body = error as Body;
    const errors = body.errors?.map((e) => ({ ...e, message: atField(e.message) }));
    return new Problem({ ...body, detail: inWords(body.detail), errors, hint: pageHint(body.hint) });
  }
  if (status >= 500) return new Problem({ status, detail: t.errors.server(status) });
  return new Problem({ status, detail: error instanceof Error ? error.message : t.errors.unknown });
}
