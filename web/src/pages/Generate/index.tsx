import { t } from "@/text";

export interface GenerateSearch {
  workflow?: string;
  job?: string;
  image?: string;
}

const text = (v: unknown) => (typeof v === "string" && v !== "" ? v : undefined);

export const readSearch = (search: Record<string, unknown>): GenerateSearch => ({
  workflow: text(search.workflow),
  job: text(search.job),
  image: text(search.image),
});

export function Generate() {
  return (
    <main className="p-6">
      <h1 className="font-semibold text-xl">{t.generate.title}</h1>
    </main>
  );
}
