// Every text that a person reads, one file per page; components hold none. Those of pages that are loaded later are
// imported by them: `import { queue as pageText } from "@/text/en/queue"`.
import { app } from "./en/app";
import { errors } from "./en/errors";
import { generate } from "./en/generate";
import { results } from "./en/results";

export const t = { app, errors, generate, results };
