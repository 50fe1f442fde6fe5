package cmd

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/seed-7d77cb5c/easel/internal/storage/spool"
)

func newSpoolCmd(a *app) *cobra.Command {
	return group("spool", "Outputs that wait on this machine for a place that is away",
		`  easel spool status
  easel spool drain`,
		newSpoolStatusCmd(a),
		newSpoolDrainCmd(a),
	)
}

// spoolFolder is where outputs wait.
func (a *app) spoolFolder() (string, error) {
	o, err := a.remoteStores()
	if err != nil {
		return "", err
	}
	return o.Spool.Dir, nil
}

// A waitingPlace is what waits for one place, as --json prints it.
type waitingPlace struct {
	Address string          `json:"address"`
	Service string          `json:"service"`
	Bytes   int64           `json:"bytes"`
	Outputs []waitingOutput `json:"outputs"`
}

type waitingOutput struct {
	Name   string    `json:"name"`
	File   string    `json:"file"`
	Bytes  int64     `json:"bytes"`
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
}

func waitingPlaceOf(s spool.Status) waitingPlace {
	p := waitingPlace{s.Place.Address, s.Place.Service, s.Bytes, []waitingOutput{}}
	for _, w := range s.Outputs {
		p.Outputs = append(p.Outputs, waitingOutput{w.Name, w.File, w.Size, w.Since, w.Reason})
	}
	return p
}
