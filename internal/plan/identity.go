package plan

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/seed-7d77cb5c/easel/internal/inputs"
	"github.com/seed-7d77cb5c/easel/internal/plan/rows"
	"github.com/seed-7d77cb5c/easel/internal/run"
	"github.com/seed-7d77cb5c/easel/registry"
)

// A digest is a SHA-256.
type digest [sha256.Size]byte

func (d digest) String() string { return hex.EncodeToString(d[:]) }

func hexDigest(data []byte) string { return digest(sha256.Sum256(data)).String() }

// ShortDigest tells values apart and says nothing of them: 12 hex digits.
func ShortDigest(data []byte) string { return hexDigest(data)[:12] }

// digestOf is over texts, each with its length before it, so that no two lists of
// texts are one.
func digestOf(texts ...string) digest {
	h := sha256.New()
	var n [8]byte
	for _, t := range texts {
		binary.BigEndian.PutUint64(n[:], uint64(len(t)))
		h.Write(n[:])
		_, _ = io.WriteString(h, t)
	}
	var d digest
	h.Sum(d[:0])
	return d
}

// digestFields is over what decides what an item makes.
func digestFields(fields run.Values) digest {
	texts := make([]string, 0, 2*len(fields))
	for _, f := range fields {
		texts = append(texts, f.Name, string(f.JSON))
	}
	return digestOf(texts...)
}

// idLength is that of a derived id: 60 bits.
const idLength = 12

// itemID is the id of the n-th item, from 0, among those that make the same.
func itemID(key digest, n int) string {
	d := digestOf("item", string(key[:]), strconv.Itoa(n))
	crockford := base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)
	return crockford.EncodeToString(d[:])[:idLength]
}

// seedOf is a seed that follows from a text, evenly over the range.
func (s Seeds) seedOf(text string) uint64 {
	d := digestOf("seed", text)
	return s.within(binary.BigEndian.Uint64(d[:]))
}

// rowKey tells rows apart by what they say, for seeds that all items of a row
// share.
func rowKey(s *section, row *rows.Row, id string) string {
	if id != "" || row == nil {
		return "id " + id + s.workflow.ID
	}
	texts := []string{"row"}
	for i, name := range row.Columns.Names {
		if row.Cells[i] != "" {
			texts = append(texts, name, row.Text(i))
		}
	}
	d := digestOf(texts...)
	return string(d[:])
}

// mostID bounds a given id.
const mostID = 100

// checkID says what is wrong with a given id, nil = nothing.
func checkID(id string) error {
	switch {
	case utf8.RuneCountInString(id) > mostID:
		return factf("", "the id is longer than %d characters", mostID)
	case strings.HasPrefix(id, "-"), strings.HasPrefix(id, "@"):
		return factf("", "the id %q begins with %s", id, id[:1])
	case strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) }):
		return factf("", "the id %q has characters that cannot be typed", id)
	}
	return nil
}

// suffixOf tells an item from others of its row: steps20-guidance3.5-2.
func suffixOf(c *combo, again int) string {
	var parts []string
	if c != nil {
		for _, a := range c.axes {
			parts = append(parts, axisWord(a))
		}
	}
	if again > 0 {
		parts = append(parts, strconv.Itoa(again+1))
	}
	return strings.Join(parts, "-")
}

// longestAxis bounds a value that is written out in an id.
const longestAxis = 24

// axisWord is a coordinate as a word: steps20. A value that is no short word is
// its digest.
func axisWord(a Axis) string {
	plain := func(r rune) bool {
		return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-", r))
	}
	value := a.Value
	if value == "" || len(value) > longestAxis || strings.ContainsFunc(value, func(r rune) bool { return !plain(r) }) {
		value = hexDigest([]byte(value))[:8]
	}
	name := strings.Map(func(r rune) rune {
		if plain(r) {
			return r
		}
		return '_'
	}, a.Name)
	if unicode.IsLetter(rune(value[0])) {
		return name + "-" + value
	}
	return name + value
}

// An identifier reads input files once each and says what is in them.
type identifier struct {
	runner *run.Runner
	mu     sync.Mutex
	known  map[fileKey]func() (string, error)
}

// A fileKey is a file for a use: a picture is no sound.
type fileKey struct {
	name string
	typ  registry.ParamType
	of   string // the character that brings it
}

func newIdentifier(open run.OpenInput) *identifier {
	return &identifier{runner: &run.Runner{OpenInput: open}, known: map[fileKey]func() (string, error){}}
}

// file is the SHA-256 of a file as hex. An address is not fetched: what decides
// is how it is written.
func (f *identifier) file(ctx context.Context, v registry.Value, name, character string) (string, error) {
	if inputs.IsURL(name) {
		return "url:" + hexDigest([]byte(name)), nil
	}
	key := fileKey{name: name, typ: v.Param.Type}
	if v.FS != nil {
		key.of = character
	}
	f.mu.Lock()
	get, ok := f.known[key]
	if !ok {
		get = sync.OnceValues(func() (string, error) { return f.runner.Identify(ctx, v, name) })
		f.known[key] = get
	}
	f.mu.Unlock()
	return get()
}

// files are the SHA-256 of all input files of a call, in its order.
func (f *identifier) files(ctx context.Context, s *section, call *registry.Call) ([]string, error) {
	var sums []string
	for _, v := range call.Files() {
		if v.Origin < registry.FromCharacter {
			continue
		}
		for _, name := range v.Texts() {
			sum, err := f.file(ctx, v, name, s.order.Character)
			if err != nil {
				return nil, err
			}
			sums = append(sums, sum)
		}
	}
	return sums, nil
}

// groupOf says what an item needs on a server.
func groupOf(s *section, call *registry.Call) Group {
	var texts []string
	for _, v := range call.Values {
		if v.Param.Role == registry.RolePrompt || v.Param.Role == registry.RoleNegative || v.Param.Type == registry.TypeText {
			texts = append(texts, v.Param.Name, string(v.JSON))
		}
	}
	models := slices.Concat([]string{s.workflow.ID}, call.Models())
	return Group{Models: strings.Join(models, "\n"), Texts: strings.Clone(digestOf(texts...).String()[:16])}
}

// planDigest is over all items, in any order of theirs: the sum of their digests,
// which needs no memory for 100,000 of them.
func planDigest(items []Item) string {
	var sum digest
	for i := range items {
		d := digestOf(items[i].ID, items[i].Digest)
		carry := 0
		for n := len(sum) - 1; n >= 0; n-- {
			carry += int(sum[n]) + int(d[n])
			sum[n] = byte(carry)
			carry >>= 8
		}
	}
	return sum.String()
}
