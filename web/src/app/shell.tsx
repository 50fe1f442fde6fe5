import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { Images, Keyboard, ListOrdered, Settings, Sparkles, Workflow } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { events, useActiveStates, useConnection, usePercent } from "@/api/events";
import { queryClient } from "@/api/queries";
import { session } from "@/api/session";
import { t } from "@/text";
import { Button } from "@/ui/button";
import { cx } from "@/ui/cx";
import { Dialog } from "@/ui/dialog";
import { rescueFocus } from "@/ui/focus";
import { Keys } from "@/ui/keys";
import { toast } from "@/ui/toast";
import { Toaster } from "@/ui/toaster";
import { Tooltip, TooltipProvider } from "@/ui/tooltip";
import { startShortcuts, useBoundShortcuts, useShortcuts } from "./shortcuts";
import { SignIn } from "./sign-in";

const pages = [
  { to: "/generate", label: t.app.pages.generate, icon: Sparkles },
  { to: "/queue", label: t.app.pages.queue, icon: ListOrdered },
  { to: "/results", label: t.app.pages.results, icon: Images },
  { to: "/workflows", label: t.app.pages.workflows, icon: Workflow },
  { to: "/settings", label: t.app.pages.settings, icon: Settings },
] as const;

/** Shell is what stands around every page: the rail (a bar at the bottom of a phone), banners, toasts, sign-in. */
export function Shell() {
  const denied = useSyncExternalStore(session.subscribe, session.isDenied);
  const [help, setHelp] = useState(false);
  const navigate = useNavigate();
  useEffect(startShortcuts, []);
  // A page that is left takes the keyboard's place with it: Tab goes on in the one that comes.
  const path = useRouterState({ select: (s) => s.location.pathname + s.location.searchStr });
  // biome-ignore lint/correctness/useExhaustiveDependencies: with every address
  useEffect(() => rescueFocus(() => document.getElementById("content")), [path]);
  useShortcuts([
    { keys: "?", label: t.app.shortcuts, group: t.app.name, run: () => setHelp(true) },
    ...pages.map((p, i) => ({
      keys: `alt+${i + 1}`,
      label: p.label,
      group: t.app.name,
      inFields: true,
      run: () => void navigate({ to: p.to }),
    })),
  ]);
  useEffect(
    () =>
      events.onEnded((job) => {
        void queryClient.invalidateQueries({ queryKey: ["jobs"] });
        if (job.outputs.length > 0) void queryClient.invalidateQueries({ queryKey: ["outputs"] });
      }),
    [],
  );
  return (
    <TooltipProvider>
      <Title />
      <a
        href="#content"
        className="fixed top-2 left-2 z-60 -translate-y-16 rounded-md bg-fill px-3 py-1.5 text-on-fill focus:translate-y-0"
      >
        {t.app.skip}
      </a>
      <div className="flex h-full flex-col-reverse phone:flex-row" inert={denied}>
        <Rail onHelp={() => setHelp(true)} />
        <div className="flex min-h-0 min-w-0 flex-1 flex-col">
          <AwayBanner />
          <div id="content" className="min-h-0 flex-1 outline-none" tabIndex={-1}>
            <Outlet />
          </div>
        </div>
      </div>
      {denied && <SignIn />}
      <ShortcutsDialog open={help} onOpenChange={setHelp} />
      <Toaster />
    </TooltipProvider>
  );
}

function Rail({ onHelp }: { onHelp: () => void }) {
  const active = useActiveStates().size;
  return (
    <nav
      aria-label={t.app.navigation}
      className="flex shrink-0 border-line border-t bg-surface pb-[env(safe-area-inset-bottom)] phone:w-14 phone:flex-col phone:border-t-0 phone:border-r phone:px-2 phone:py-3 rail:w-44"
    >
      <Link
        to="/generate"
        aria-label={t.app.name}
        className="mb-4 hidden h-8 items-center gap-2 rounded-md px-1.5 font-semibold text-lg phone:flex"
      >
        <img src="/icon.svg" alt="" className="size-7" />
        <span className="hidden rail:inline">{t.app.name}</span>
      </Link>
      {pages.map(({ to, label, icon: Icon }, i) => (
        <Tooltip key={to} text={label} keys={`alt+${i + 1}`} side="right">
          <Link
            to={to}
            className="group relative flex h-14 min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-muted text-xs hover:text-text phone:mb-0.5 phone:h-9 phone:flex-none phone:flex-row phone:rounded-md phone:hover:bg-hover rail:justify-start rail:gap-3 rail:px-2.5 rail:text-base"
            activeProps={{ className: "font-medium text-text! phone:bg-hover", "aria-current": "page" }}
          >
            <Icon className="size-5 shrink-0 stroke-[1.75] group-aria-[current=page]:text-accent rail:size-[18px]" aria-hidden />
            <span className="truncate phone:sr-only rail:not-sr-only rail:flex-1">{label}</span>
            {to === "/queue" && active > 0 && (
              <span className="absolute top-1.5 left-[calc(50%+6px)] grid h-4 min-w-4 place-items-center rounded-full bg-fill px-1 text-on-fill text-xs phone:top-0 phone:left-6 rail:static">
                {active > 99 ? "99+" : active}
              </span>
            )}
          </Link>
        </Tooltip>
      ))}
      <Tooltip text={t.app.shortcuts} keys="?" side="right">
        <button
          type="button"
          onClick={onHelp}
          aria-label={t.app.shortcuts}
          className="mt-auto hidden h-9 items-center justify-center gap-3 rounded-md text-muted hover:bg-hover hover:text-text phone:flex rail:justify-start rail:px-2.5"
        >
          <Keyboard className="size-[18px] stroke-[1.75]" aria-hidden />
          <span className="hidden rail:inline">{t.app.shortcutsHint}</span>
        </button>
      </Tooltip>
    </nav>
  );
}

/** AwayBanner tells that the server is gone, and when it is back. */
function AwayBanner() {
  const connection = useConnection();
  const [away, setAway] = useState(false);
  useEffect(() => {
    if (connection === "live" && away) {
      setAway(false);
      toast.done(t.app.back);
    }
    if (connection !== "away") return;
    const later = setTimeout(() => setAway(true), 800); // a blink of the connection is nobody's concern
    return () => clearTimeout(later);
  }, [connection, away]);
  if (!away) return null;
  return (
    <div role="status" className="flex items-center gap-3 border-line border-b bg-warn-tint px-4 py-2 text-warn">
      <span className="flex-1">{t.app.away}</span>
      <Button size="sm" onClick={events.hurry}>
        {t.app.tryNow}
      </Button>
    </div>
  );
}

function ShortcutsDialog({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const all = useBoundShortcuts().filter((s) => s.label);
  const groups = [...new Set(all.map((s) => s.group))].reverse();
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={t.app.shortcuts}>
      <div className="grid gap-4">
        {groups.map((group) => (
          <section key={group}>
            <h3 className="mb-1 font-medium text-muted text-sm">{group}</h3>
            <dl className="grid gap-1">
              {all
                .filter((s) => s.group === group)
                .map((s) => (
                  <div key={s.keys + s.label} className="flex items-center justify-between gap-4">
                    <dt>{s.label}</dt>
                    <dd>
                      <Keys keys={s.keys} />
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

/** Title writes the page, and how far the run is, into the browser's tab. */
function Title() {
  const path = useRouterState({ select: (s) => s.location.pathname });
  const page = pages.find((p) => path.startsWith(p.to))?.label ?? t.app.name;
  const percent = usePercent();
  const title = percent === undefined ? t.app.title(page) : t.app.running(percent, page);
  useEffect(() => {
    document.title = title;
  }, [title]);
  return null;
}

/** Page is the frame of a page that scrolls: a title, actions at its right, content. */
export function Page({
  title,
  actions,
  children,
  wide,
}: {
  title: string;
  actions?: React.ReactNode;
  children: React.ReactNode;
  wide?: boolean;
}) {
  return (
    <main className="scroll h-full">
      <header
        className={cx(
          "sticky top-0 z-10 flex min-h-14 flex-wrap items-center gap-x-4 gap-y-2 bg-page px-4 py-2 phone:px-6",
          !wide && "max-w-4xl",
        )}
      >
        <h1 className="flex-1 font-semibold text-xl">{title}</h1>
        {actions}
      </header>
      <div className={cx("px-4 pb-8 phone:px-6", !wide && "max-w-4xl")}>{children}</div>
    </main>
  );
}
