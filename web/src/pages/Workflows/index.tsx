import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { queries } from "@/api/queries";
import { Page } from "@/app/shell";
import { t } from "@/text";
import { buttonLook } from "@/ui/button";
import { Failed } from "@/ui/empty";

export function Workflows() {
  const workflows = useQuery(queries.workflows);
  return (
    <Page title={t.workflows.title}>
      {workflows.error && <Failed error={workflows.error} onRetry={() => void workflows.refetch()} />}
      <ul className="divide-y divide-line">
        {workflows.data?.map((w) => (
          <li key={w.id} className="flex items-center gap-4 py-3">
            <div className="min-w-0 flex-1">
              <h2 className="font-medium">{w.name}</h2>
              <p className="text-muted">{w.description}</p>
            </div>
            <Link to="/generate" search={{ workflow: w.id }} className={buttonLook()}>
              {t.workflows.open}
            </Link>
          </li>
        ))}
      </ul>
    </Page>
  );
}
