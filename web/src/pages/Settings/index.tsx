import { useQuery } from "@tanstack/react-query";
import { Copy } from "lucide-react";
import { type ReactNode, useState } from "react";
import { api, ask } from "@/api/client";
import { queries } from "@/api/queries";
import { session } from "@/api/session";
import { Page } from "@/app/shell";
import { setTheme, type Theme, useTheme } from "@/app/theme";
import { WaitingLine } from "@/app/waiting";
import { Backends } from "@/components/Backends";
import { t } from "@/text";
import { settings as pageText } from "@/text/en/settings";
import { Button, IconButton } from "@/ui/button";
import { copyText } from "@/ui/copy";
import { Dialog } from "@/ui/dialog";
import { Segments } from "@/ui/segments";
import { toast } from "@/ui/toast";
import { placeOf } from "./place";

/** SettingsPage shows how the server stands, and sets what this browser keeps. What only the server's owner sets is
 * said with the command that does it. */
export function SettingsPage() {
  const backends = useQuery(queries.backends);
  return (
    <Page title={pageText.title}>
      <Appearance />
      <Section title={pageText.backends}>
        {backends.data ? <Backends /> : <WaitingLine error={backends.error} />}
        <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
          <p className="text-muted">{pageText.backendsHint}</p>
          <Command text={pageText.backendsCommand} />
        </div>
      </Section>
      <Access />
      <Storage />
      <About />
    </Page>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="grid grid-cols-[minmax(0,1fr)] gap-x-8 gap-y-3 border-line border-t py-6 first:border-t-0 first:pt-2 lg:grid-cols-[11rem_minmax(0,1fr)]">
      <h2 className="font-semibold">{title}</h2>
      <div className="grid grid-cols-[minmax(0,1fr)] gap-4">{children}</div>
    </section>
  );
}

function Row({ title, hint, children }: { title: ReactNode; hint?: ReactNode; children?: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-2">
      <div className="min-w-0 flex-1 basis-64">
        <p className="font-medium">{title}</p>
        {hint && <p className="break-words text-muted">{hint}</p>}
      </div>
      {children}
    </div>
  );
}

/** Command is what is typed on the server, to be copied. */
function Command({ text }: { text: string }) {
  return (
    <div className="flex min-w-0 items-center gap-1 rounded-md bg-sunken py-0.5 pr-0.5 pl-3">
      <code className="min-w-0 flex-1 break-words font-mono text-sm">{text}</code>
      <IconButton label={`${pageText.copy}: ${text}`} size="icon-sm" onClick={() => void copyText(text)}>
        <Copy />
      </IconButton>
    </div>
  );
}

function Appearance() {
  const theme = useTheme();
  return (
    <Section title={pageText.appearance}>
      <Row title={pageText.theme} hint={pageText.themeHint}>
        <Segments<Theme>
          label={pageText.theme}
          value={theme}
          onChange={setTheme}
          options={(["system", "light", "dark"] as const).map((value) => ({ value, label: pageText.themes[value] }))}
        />
      </Row>
    </Section>
  );
}

const useSession = () => useQuery({ queryKey: ["session"], queryFn: ({ signal }) => ask(api.GET("/api/v1/session", { signal })) });

function Access() {
  const { data, error } = useSession();
  return (
    <Section title={pageText.access}>
      <Row
        title={data ? data.name === null ? pageText.owner : pageText.keyed(data.name) : <WaitingLine error={error} />}
        hint={data ? (data.loopback ? pageText.loopback : pageText.reachable) : "\u00a0"}
      >
        {session.hasKey() && <Button onClick={session.signOut}>{pageText.signOut}</Button>}
      </Row>
      {data && (
        <div>
          <p className="text-muted">{pageText.may}</p>
          <ul className="list-disc pl-5">
            {data.scopes.map((s) => (
              <li key={s}>{pageText.scopes[s] ?? s}</li>
            ))}
          </ul>
        </div>
      )}
      <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
        <p className="text-muted">{pageText.keysHint}</p>
        <Command text={pageText.keysAdd} />
        <Command text={pageText.keysList} />
        <Command text={pageText.keysRemove} />
      </div>
    </Section>
  );
}

function Storage() {
  const { data, error } = useQuery(queries.outputs({ limit: 1 }));
  const newest = data?.outputs[0];
  const [sure, setSure] = useState(false);
  const forget = () => {
    setSure(false);
    setTheme("system");
    session.forget();
    for (const store of [localStorage, sessionStorage])
      for (const key of Object.keys(store)) if (key.startsWith("easel.")) store.removeItem(key);
    toast.done(pageText.forgotten);
  };
  return (
    <Section title={pageText.storage}>
      <Row
        title={pageText.results}
        hint={
          newest ? (
            pageText.resultsAt(placeOf(newest.path, newest.name) || "/")
          ) : data ? (
            pageText.resultsNone
          ) : (
            <WaitingLine error={error} />
          )
        }
      />
      <div className="grid grid-cols-[minmax(0,1fr)] gap-2">
        <p className="text-muted">{pageText.storageHint}</p>
        <Command text={pageText.storageCommand} />
      </div>
      <Row title={pageText.browser} hint={pageText.browserHint}>
        <Button onClick={() => setSure(true)}>{pageText.forget}</Button>
      </Row>
      <Dialog
        open={sure}
        onOpenChange={setSure}
        title={pageText.forgetSure}
        footer={
          <>
            <Button onClick={() => setSure(false)}>{t.app.cancel}</Button>
            <Button look="danger" onClick={forget}>
              {t.app.delete}
            </Button>
          </>
        }
      >
        <p>{pageText.forgetText}</p>
      </Dialog>
    </Section>
  );
}

function About() {
  const { data, error } = useSession();
  const offline = typeof navigator !== "undefined" && navigator.serviceWorker?.controller !== null && "serviceWorker" in navigator;
  const rows: [string, ReactNode][] = [
    [pageText.version, data ? data.version : <WaitingLine key="version" error={error} />],
    [pageText.offline, offline ? pageText.offlineYes : pageText.offlineNo],
    [
      pageText.api,
      <a key="api" href="/api/v1/openapi.json" target="_blank" rel="noreferrer" className="text-accent underline underline-offset-2">
        {pageText.apiLink}
      </a>,
    ],
  ];
  return (
    <Section title={pageText.about}>
      <dl className="grid gap-1.5">
        {rows.map(([name, value]) => (
          <div key={name} className="flex flex-wrap gap-x-4">
            <dt className="w-44 text-muted">{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p className="text-muted">{pageText.noRequests}</p>
    </Section>
  );
}
