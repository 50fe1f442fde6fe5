package registry_test

import (
	"slices"
	"testing"
)

// TestDraftSeedRange: a seed that the node bounds below 64 bits is declared with
// its range, and marked ones have it too.
func TestDraftSeedRange(t *testing.T) {
	t.Parallel()
	const graph = `{"1":{"class_type":"Paid","inputs":{"prompt":"x","seed":5},"_meta":{"title":"T"}},
	 "2":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"x"}}}`
	for limits, want := range map[string][]string{
		`{"min":0,"max":2147483647}`:                       {`seed {"type":"seed","min":0,"max":2147483647,"default":-1,"description":"Start of the noise: the same seed and settings give the same picture; -1 draws one","label":"Seed","group":"Sampling","bind":"Paid.seed"}`},
		`{"min":1,"max":9}`:                                {`seed {"type":"seed","min":1,"max":9,"default":-1,"description":"Start of the noise: the same seed and settings give the same picture; -1 draws one","label":"Seed","group":"Sampling","bind":"Paid.seed"}`},
		`{"min":-1125899906842624,"max":1125899906842624}`: {`seed {"type":"seed","min":0,"max":1125899906842624,"default":-1,"description":"Start of the noise: the same seed and settings give the same picture; -1 draws one","label":"Seed","group":"Sampling","bind":"Paid.seed"}`},
		`{"min":0,"max":18446744073709551615}`:             {`seed {"type":"seed","default":-1,"description":"Start of the noise: the same seed and settings give the same picture; -1 draws one","label":"Seed","group":"Sampling","bind":"Paid.seed"}`},
		`{}`:                                               {`seed {"type":"seed","default":-1,"description":"Start of the noise: the same seed and settings give the same picture; -1 draws one","label":"Seed","group":"Sampling","bind":"Paid.seed"}`},
	} {
		wf, _ := draftOf(t, graph, `{"Paid":{"input":{"required":{"prompt":["STRING"],"seed":["INT",`+limits+`]}}}}`)
		if got := paramsOf(t, wf); !slices.Equal(got[1:], want) { // behind the prompt
			t.Errorf("%s: %q, want %q", limits, got, want)
		}
		for _, problem := range wf.Check() {
			t.Errorf("%s: %s", limits, problem.Message)
		}
	}
}
