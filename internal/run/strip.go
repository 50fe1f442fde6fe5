package run

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
)

// UnstrippableError means that an output is of a kind that keeps what it says of
// its making, and that this was to be removed. It is not stored.
type UnstrippableError struct {
	Node string // of the graph
	Kind string // what it makes: "an MP4 video", or its class
}

func (e *UnstrippableError) Error() string {
	return fmt.Sprintf("node %s makes %s, which keeps what it says of its making: it can be removed from PNG, JPEG and WebP only", e.Node, e.Kind)
}

// strippable refuses a run that surely makes a file which cannot be stripped,
// before anything runs.
func (t *Ticket) strippable() error {
	kept := []string{"SaveVideo", "SaveWEBM", "SaveAudio", "SaveAudioMP3", "SaveAudioOpus"}
	for _, id := range t.Graph.IDs() {
		if n := t.Graph.Node(id); t.Strip && slices.Contains(kept, n.Class) {
			return &UnstrippableError{Node: id, Kind: "what " + n.Class + " saves"}
		}
	}
	return nil
}

// stripped opens an output without what it says of its making. A text is all its
// content and comes as it is.
func stripped(t *Ticket, o comfy.Output, open opener) opener {
	if !t.Strip {
		return open
	}
	return func(ctx context.Context) (io.ReadCloser, int64, error) {
		body, size, err := open(ctx)
		if err != nil {
			return nil, 0, err
		}
		format, whole, err := media.Peek(body)
		came, _ := body.(madeFile)
		came.ReadCloser = peeked{whole, body}
		if err != nil || format.Kind == media.KindText {
			return came, size, err
		}
		data, err := download(ctx, o, func(context.Context) (io.ReadCloser, int64, error) { return came, size, nil })
		if err != nil {
			return nil, 0, err
		}
		file, err := media.Strip(data)
		switch {
		case errors.Is(err, media.ErrUnstrippable):
			return nil, 0, &UnstrippableError{Node: o.Node, Kind: format.Name()}
		case err != nil:
			return nil, 0, &IncompleteError{Reason: fmt.Sprintf("output %d of node %s cannot be read: %v", o.Index+1, o.Node, err), Err: err}
		}
		sum := sha256.Sum256(data)
		original := cmp.Or(came.original, hex.EncodeToString(sum[:]))
		return madeFile{io.NopCloser(bytes.NewReader(file)), original, came.profile}, int64(len(file)), nil
	}
}
