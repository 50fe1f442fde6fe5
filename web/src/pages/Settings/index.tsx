import { session } from "@/api/session";
import { Page } from "@/app/shell";
import { setTheme, type Theme, useTheme } from "@/app/theme";
import { t } from "@/text";
import { Button } from "@/ui/button";
import { Segments } from "@/ui/segments";

export function SettingsPage() {
  const theme = useTheme();
  return (
    <Page title={t.settings.title}>
      <section className="flex flex-wrap items-center justify-between gap-3 border-line border-b py-3">
        <h2 className="font-medium">{t.settings.theme}</h2>
        <Segments<Theme>
          label={t.settings.theme}
          value={theme}
          onChange={setTheme}
          options={(["system", "light", "dark"] as const).map((value) => ({ value, label: t.settings.themes[value] }))}
        />
      </section>
      {session.hasKey() && (
        <section className="py-3">
          <Button onClick={session.signOut}>{t.settings.signOut}</Button>
        </section>
      )}
    </Page>
  );
}
