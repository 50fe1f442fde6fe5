import { useCallback, useRef, useState } from "react";
import { api, ask, type Batch, type GenerateRequest, type Job } from "@/api/client";

// The key makes a second try of the same request the same job, should the answer be lost.
const send = async (request: GenerateRequest) =>
  (await ask(
    api.POST("/api/v1/generate", { body: request as never, params: { header: { "Idempotency-Key": crypto.randomUUID() } } }),
  )) as unknown as Job | Batch;

/** useSubmit hands requests to the server one after the other, in the order they were asked for: none waits for the person to ask again. */
export function useSubmit() {
  const [open, setOpen] = useState(0);
  const last = useRef<Promise<unknown>>(Promise.resolve());
  const submit = useCallback((request: GenerateRequest) => {
    setOpen((n) => n + 1);
    const answer = last.current.then(() => send(request)).finally(() => setOpen((n) => n - 1));
    last.current = answer.catch(() => {}); // who asked for it hears of it
    return answer;
  }, []);
  return { sending: open > 0, submit };
}
