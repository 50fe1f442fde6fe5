import type { ReactNode } from "react";
import { problemOf } from "@/api/problem";
import { t } from "@/text";
import { Button } from "./button";

/** Empty says that there is nothing yet, and teaches with one example that can be clicked. */
export function Empty({ icon, title, hint, children }: { icon?: ReactNode; title: string; hint?: ReactNode; children?: ReactNode }) {
  return (
    <div className="flex h-full min-h-48 flex-col items-center justify-center gap-1 p-6 text-center">
      {icon && <div className="mb-2 text-muted [&_svg]:size-8 [&_svg]:stroke-[1.25]">{icon}</div>}
      <p className="max-w-120 text-balance break-words font-medium">{title}</p>
      {hint && <p className="max-w-96 text-balance text-muted">{hint}</p>}
      {children && <div className="mt-3 flex flex-wrap justify-center gap-2">{children}</div>}
    </div>
  );
}

/** Failed says what went wrong and what to do. */
export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const p = problemOf(error);
  return (
    <Empty title={p.message} hint={p.hint}>
      {onRetry && <Button onClick={onRetry}>{t.app.retry}</Button>}
    </Empty>
  );
}
