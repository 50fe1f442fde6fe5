package term

import (
	"encoding/json"
	"errors"
	"testing"
)

func TestJSON(t *testing.T) {
	t.Parallel()
	type seed struct {
		Z    uint64          `json:"z"`
		A    string          `json:"a"`
		List []json.Number   `json:"list"`
		Raw  json.RawMessage `json:"raw"`
	}
	v := seed{18446744073709551615, "a <b> & \u202e", []json.Number{"1.50", "340282366920938463463374607431768211456"}, json.RawMessage(`{"k": 1}`)}
	tests := []struct{ query, want, terminal string }{
		{
			"", "{\"z\":18446744073709551615,\"a\":\"a <b> & \u202e\",\"list\":[1.50,340282366920938463463374607431768211456],\"raw\":{\"k\":1}}\n",
			"{\n  \"z\": 18446744073709551615,\n  \"a\": \"a <b> & \\u202e\",\n  \"list\": [\n    1.50,\n    340282366920938463463374607431768211456\n  ],\n  \"raw\": {\n    \"k\": 1\n  }\n}\n",
		},
		{".z", "18446744073709551615\n", ""},
		{".z - 1", "18446744073709551614\n", ""},
		{".z == 18446744073709551614", "false\n", ""},
		{".list[1] + 1", "340282366920938463463374607431768211457\n", ""},
		{".a", "a <b> & \u202e\n", "a <b> & \\u202e\n"},
		{".list[], .raw.k", "1.50\n340282366920938463463374607431768211456\n1\n", ""},
		{"[.z]", "[18446744073709551615]\n", "[\n  18446744073709551615\n]\n"},
		{"empty", "", ""},
		{"{z, x: (.a|length)}", "{\"x\":9,\"z\":18446744073709551615}\n", "{\n  \"x\": 9,\n  \"z\": 18446744073709551615\n}\n"},
		{"env", "{}\n", ""},
		{"1, halt, 2", "1\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			t.Parallel()
			for _, tty := range []bool{false, true} {
				s, _, out, _ := Test()
				s.OutTTY = tty
				p, err := NewJSONPrinter(s, tt.query)
				if err != nil {
					t.Fatal(err)
				}
				if err := p.Print(v); err != nil {
					t.Fatal(err)
				}
				want := tt.want
				if tty && tt.terminal != "" {
					want = tt.terminal
				}
				if out.String() != want {
					t.Errorf("terminal %v:\n got %q\nwant %q", tty, out, want)
				}
			}
		})
	}
}

func TestQueryErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		query, want string
		offset      int
	}{
		{".a | | .b", `--jq .a | | .b: unexpected "|" at character 6`, 5},
		{`"é" }`, `--jq "é" }: unexpected "}" at character 5`, 5},
		{".a[", `--jq .a[: unexpected end of the expression at character 4`, 3},
		{"nofunc", `--jq nofunc: function not defined: nofunc/0 at character 1`, 0},
	}
	s, _, _, _ := Test()
	for _, tt := range tests {
		_, err := NewJSONPrinter(s, tt.query)
		var query *QueryError
		if !errors.As(err, &query) || err.Error() != tt.want || query.Offset != tt.offset {
			t.Errorf("%s:\n got %v\nwant %s", tt.query, err, tt.want)
		}
	}
	p, err := NewJSONPrinter(s, ".a.b")
	if err != nil {
		t.Fatal(err)
	}
	err = p.Print(map[string]int{"a": 1})
	var query *QueryError
	if !errors.As(err, &query) || query.Offset != -1 {
		t.Errorf("failing on the data: %v", err)
	}
	if err := p.Print(func() {}); err == nil || errors.As(err, &query) && query == nil {
		t.Errorf("a value that is no JSON: %v", err)
	}
}

func TestEscapeJSONMeansTheSame(t *testing.T) {
	t.Parallel()
	in := "\"\u0085\u202e\U000e0041é\x7f\""
	var before, after string
	if err := json.Unmarshal([]byte(in), &before); err != nil {
		t.Fatal(err)
	}
	safe := escapeJSON(in)
	if err := json.Unmarshal([]byte(safe), &after); err != nil || before != after {
		t.Errorf("%q became %q: %v", before, after, err)
	}
	if want := "\"\\u0085\\u202e\\udb40\\udc41é\\u007f\""; safe != want {
		t.Errorf("got %q, want %q", safe, want)
	}
}
