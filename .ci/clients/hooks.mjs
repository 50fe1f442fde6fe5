// Verifies a message that hooks.py was sent, by a library that is not easel's.
import { readFileSync } from "node:fs";
import { Webhook } from "svix";

const { headers, body } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const webhook = new Webhook(process.env.SECRET);
webhook.verify(body, headers);
try {
  webhook.verify(body.replace("succeeded", "failed"), headers);
} catch {
  process.exit(0);
}
throw new Error("a message that was changed is verified");
