import { useActiveJobs } from "@/api/events";
import { Page } from "@/app/shell";
import { t } from "@/text";

export function Queue() {
  const jobs = useActiveJobs();
  return (
    <Page title={t.queue.title}>
      <ul className="divide-y divide-line">
        {jobs.map((j) => (
          <li key={j.id} className="py-2">
            {j.workflow_id} {j.state}
          </li>
        ))}
      </ul>
    </Page>
  );
}
