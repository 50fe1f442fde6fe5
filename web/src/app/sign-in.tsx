import { useEffect, useRef, useState } from "react";
import { queryClient } from "@/api/queries";
import { session } from "@/api/session";
import { t } from "@/text";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { Switch } from "@/ui/switch";

/** SignIn asks for a key when the server wants one. The page under it stays as it was. */
export function SignIn() {
  const [key, setKey] = useState("");
  const [remember, setRemember] = useState(true);
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);

  async function submit() {
    const secret = key.trim();
    if (!secret) return;
    setBusy(true);
    setWrong("");
    try {
      const answer = await fetch("/api/v1/queue", { headers: { Authorization: `Bearer ${secret}` } });
      if (answer.ok || answer.status === 403) {
        session.signIn(secret, remember);
        await queryClient.invalidateQueries();
        return;
      }
      const body = (await answer.json().catch(() => ({}))) as { detail?: string };
      setWrong(answer.status === 401 ? t.app.signIn.wrong : (body.detail ?? t.errors.server(answer.status)));
    } catch {
      setWrong(t.errors.offline);
    } finally {
      setBusy(false);
    }
    input.current?.select();
  }

  return (
    <main className="fixed inset-0 z-40 grid animate-in place-items-center overflow-auto bg-page p-4">
      <form
        className="grid w-full max-w-90 gap-4"
        onSubmit={(e) => {
          e.preventDefault();
          void submit();
        }}
      >
        <img src="/icon.svg" alt="" className="size-10" />
        <div>
          <h1 className="font-semibold text-xl">{t.app.signIn.title}</h1>
          <p className="text-muted">{t.app.signIn.text}</p>
        </div>
        <Field label={t.app.signIn.key} error={wrong}>
          {(ids) => (
            <input
              {...ids}
              ref={input}
              type="password"
              autoComplete="current-password"
              value={key}
              onChange={(e) => setKey(e.target.value)}
              className="field-box font-mono"
            />
          )}
        </Field>
        {/* biome-ignore lint/a11y/noLabelWithoutControl: the switch is the control */}
        <label className="flex items-center gap-2">
          <Switch checked={remember} onCheckedChange={setRemember} />
          {t.app.signIn.remember}
        </label>
        <Button look="primary" size="lg" type="submit" busy={busy} disabled={!key.trim()}>
          {t.app.signIn.submit}
        </Button>
        <div className="grid gap-2 border-line border-t pt-4 text-muted text-sm">
          <p>{t.app.signIn.keyHint}</p>
          <code className="rounded-md bg-sunken px-2 py-1.5 font-mono text-text">{t.app.signIn.command}</code>
          <p>{t.app.signIn.link}</p>
        </div>
      </form>
    </main>
  );
}
