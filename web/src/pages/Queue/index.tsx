import { Ellipsis, Pause, Play } from "lucide-react";
import { useState } from "react";
import { api, ask } from "@/api/client";
import { events, useActiveStates, usePaused } from "@/api/events";
import { queryClient } from "@/api/queries";
import { Page } from "@/app/shell";
import { Backends } from "@/components/Backends";
import { GenerationQueue } from "@/components/GenerationQueue";
import { queue as pageText } from "@/text/en/queue";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Menu } from "@/ui/menu";
import { toast } from "@/ui/toast";

export function Queue() {
  const paused = usePaused();
  const waiting = [...useActiveStates().values()].filter((state) => state === "queued").length;
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);

  const act = async (what: () => Promise<void>) => {
    setBusy(true);
    try {
      await what();
    } catch (error) {
      toast.failed(error);
    } finally {
      setBusy(false);
    }
    await queryClient.invalidateQueries({ queryKey: ["jobs"] });
  };
  const toggle = () =>
    act(async () => {
      const { paused: now } = await ask(paused ? api.POST("/api/v1/queue/resume") : api.POST("/api/v1/queue/pause"));
      events.setPaused(now);
    });
  const cancelAll = () =>
    act(async () => {
      const { jobs } = await ask(api.POST("/api/v1/queue/cancel"));
      setAsking(false);
      toast.done(pageText.cancelled(jobs));
    });

  return (
    <Page
      title={pageText.title}
      actions={
        <>
          <Button onClick={() => void toggle()} busy={busy}>
            {!busy && (paused ? <Play /> : <Pause />)}
            {paused ? pageText.resume : pageText.pause}
          </Button>
          <Menu items={[{ label: pageText.cancelWaiting, danger: true, disabled: waiting === 0, onSelect: () => setAsking(true) }]}>
            <Button look="quiet" size="icon" aria-label={pageText.actions}>
              <Ellipsis />
            </Button>
          </Menu>
        </>
      }
    >
      {paused && (
        <p role="status" className="mb-4 rounded-lg bg-warn-tint px-3 py-2 text-warn">
          {pageText.paused}
        </p>
      )}
      <Backends className="pb-6" />
      <GenerationQueue />
      <Dialog
        open={asking}
        onOpenChange={setAsking}
        title={pageText.cancelWaitingAsk(waiting)}
        footer={
          <>
            <Button onClick={() => setAsking(false)}>{pageText.keep}</Button>
            <Button look="danger" busy={busy} onClick={() => void cancelAll()}>
              {pageText.cancelWaiting}
            </Button>
          </>
        }
      >
        <p className="text-muted">{pageText.cancelWaitingText}</p>
      </Dialog>
    </Page>
  );
}
