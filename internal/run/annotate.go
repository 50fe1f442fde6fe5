package run

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/internal/media"
)

// annotated opens an output with the record inside it, where it is to be there and the
// backend has written none: its saving node writes none, or the file was made
// here. The graph goes with it. A file that takes none comes as it is, with a note.
func (r *Runner) annotated(t *Ticket, o comfy.Output, open opener, note func(string)) opener {
	if !t.Embed {
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
		if err != nil || format.Kind != media.KindImage {
			return came, size, err
		}
		data, err := download(ctx, o, func(context.Context) (io.ReadCloser, int64, error) { return came, size, nil })
		if err != nil {
			return nil, 0, err
		}
		asItIs := func() (io.ReadCloser, int64, error) {
			came.ReadCloser = io.NopCloser(bytes.NewReader(data))
			return came, int64(len(data)), nil
		}
		said, _ := media.ReadMetadata(bytes.NewReader(data), int64(len(data))) // what cannot be read is not there
		if len(said.Easel) > 0 {
			return asItIs()
		}
		record := media.Note{Easel: t.embedded(r.Version)["easel"]}
		if len(said.Prompt) == 0 {
			if record.Prompt, err = t.Graph.MarshalJSON(); err != nil {
				return nil, 0, err
			}
		}
		file, err := media.Embed(data, record)
		if err != nil {
			note(fmt.Sprintf("output %d of node %s holds no record: %v; --provenance sidecar keeps it beside the file", o.Index+1, o.Node, err))
			return asItIs()
		}
		sum := sha256.Sum256(data)
		original := cmp.Or(came.original, hex.EncodeToString(sum[:]))
		return madeFile{io.NopCloser(bytes.NewReader(file)), original, came.profile}, int64(len(file)), nil
	}
}
