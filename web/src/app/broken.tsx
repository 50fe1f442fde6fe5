import { Link } from "@tanstack/react-router";
import { Compass, TriangleAlert } from "lucide-react";
import { t } from "@/text";
import { Button, buttonLook } from "@/ui/button";
import { Empty } from "@/ui/empty";

/** Broken is shown instead of a page that threw. */
export function Broken({ error }: { error: unknown }) {
  return (
    <main className="scroll h-full">
      <Empty icon={<TriangleAlert />} title={t.app.broken} hint={t.app.brokenHint}>
        <Button onClick={() => location.reload()}>{t.app.reload}</Button>
      </Empty>
      <pre className="mx-auto max-w-2xl whitespace-pre-wrap break-words p-4 text-muted text-sm">{String(error)}</pre>
    </main>
  );
}

export function NotFound() {
  return (
    <main className="h-full">
      <Empty icon={<Compass />} title={t.app.notFound} hint={t.app.notFoundHint}>
        <Link to="/generate" className={buttonLook()}>
          {t.app.pages.generate}
        </Link>
      </Empty>
    </main>
  );
}
