package cmd

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"time"
)

// openerPatience is how long a viewer's starter may take to fail. Some stay
// until the viewer is closed, which is not waited for.
const openerPatience = 2 * time.Second

// opener is the program of the system that opens a file with its viewer, with
// the arguments before the file.
func opener(goos string) []string {
	switch goos {
	case "darwin":
		return []string{"open"}
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler"}
	}
	return []string{"xdg-open"}
}

// openFile opens a file with the system's viewer. The path is absolute, so
// that it is never taken for a flag, and no shell sees it.
func (a *app) openFile(ctx context.Context, path string) error {
	words := opener(runtime.GOOS)
	// The viewer outlives easel, so its life is not bound to ctx.
	c := exec.CommandContext(context.WithoutCancel(ctx), words[0], append(words[1:], a.place(path))...)
	c.Dir, c.Env = a.dir, a.environ
	if err := c.Start(); err != nil {
		if errors.Is(err, exec.ErrNotFound) {
			return fmt.Errorf("open %s: there is no %s on this machine", path, words[0])
		}
		return fmt.Errorf("open %s: %w", path, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("open %s: %s failed: %w", path, words[0], err)
		}
	case <-time.After(openerPatience):
	case <-ctx.Done():
	}
	return nil
}
