// Every text that a person reads, one file per page. Components hold none.
import { app } from "./en/app";
import { errors } from "./en/errors";
import { generate } from "./en/generate";
import { mask } from "./en/mask";
import { queue } from "./en/queue";
import { results } from "./en/results";
import { settings } from "./en/settings";
import { workflows } from "./en/workflows";

export const t = { app, errors, generate, mask, queue, results, settings, workflows };
