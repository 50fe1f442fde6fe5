package comfytest_test

import (
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/comfytest"
)

func TestConformanceOfMemory(t *testing.T) {
	t.Parallel()
	comfytest.Run(t, comfytest.Harness{
		New:       func(*testing.T) comfy.Backend { return &comfytest.Memory{} },
		LostReply: func(*testing.T) comfy.Backend { return &comfytest.Memory{LoseReplies: 1} },
	})
}

// What may have been accepted is not submitted again by the backend itself.
func TestMemoryTakesALostRunOnce(t *testing.T) {
	t.Parallel()
	m := &comfytest.Memory{LoseReplies: 1}
	_, err := m.Submit(t.Context(), comfy.Submission{ID: comfy.NewID(), Graph: comfytest.Quick()})
	if !comfy.Ambiguous(err) || m.Accepted() != 1 {
		t.Errorf("%d runs, %v", m.Accepted(), err)
	}
}
