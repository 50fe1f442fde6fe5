import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Images } from "lucide-react";
import { queries } from "@/api/queries";
import { Page } from "@/app/shell";
import { t } from "@/text";
import { buttonLook } from "@/ui/button";
import { Empty, Failed } from "@/ui/empty";

export function Results() {
  const outputs = useQuery(queries.outputs({ limit: 100 }));
  return (
    <Page title={t.results.title} wide>
      {outputs.error && <Failed error={outputs.error} onRetry={() => void outputs.refetch()} />}
      {outputs.data?.outputs.length === 0 && (
        <Empty icon={<Images />} title={t.results.empty} hint={t.results.emptyHint}>
          <Link to="/generate" className={buttonLook({ look: "primary" })}>
            {t.results.emptyAction}
          </Link>
        </Empty>
      )}
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(10rem,1fr))] gap-2">
        {outputs.data?.outputs.map((o) => (
          <li key={o.id}>
            <a href={o.url} target="_blank" rel="noreferrer">
              {o.thumbnail_url ? (
                <img src={o.thumbnail_url} alt={o.name} loading="lazy" className="aspect-square w-full object-cover" />
              ) : (
                o.name
              )}
            </a>
          </li>
        ))}
      </ul>
    </Page>
  );
}
