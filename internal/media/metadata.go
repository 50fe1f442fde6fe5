package media

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// maxMetadata limits one piece of metadata, and all of a file's together, in
// bytes after decompression.
const maxMetadata = 16 << 20

// maxPieces limits the boxes, chunks, segments or pages that are looked at on one
// level of a file: each costs a read, and a hostile file is made of empty ones.
const maxPieces = 100_000

// Meta is what programs wrote into a file about its making.
type Meta struct {
	Prompt     json.RawMessage // ComfyUI's API-format graph
	Workflow   json.RawMessage // the graph in the editor's format
	Easel      json.RawMessage // the record of easel
	Parameters string          // the text of AUTOMATIC1111 and its kin
	Software   string          // the program, when it says so
}

// Empty reports whether nothing is known.
func (m Meta) Empty() bool {
	return len(m.Prompt) == 0 && len(m.Workflow) == 0 && len(m.Easel) == 0 && m.Parameters == ""
}

// errTooMuch ends the reading of a file that carries more than maxMetadata.
var errTooMuch = fmt.Errorf("its metadata is larger than %d MiB", maxMetadata>>20)

// errDamaged is the failure of readers on bytes that are not their format.
var errDamaged = errors.New("its metadata is damaged")

// ReadMetadata reads the graph, record or text that a file carries: PNG, WebP,
// JPEG, AVIF, GIF, TIFF, OpenEXR, MP4, MOV, WebM, Matroska, AVI, FLAC, Ogg, Opus, MP3, WAV, AIFF,
// GLB, SVG, latents and safetensors. What was found before an error is returned with it.
func ReadMetadata(r io.ReaderAt, size int64) (Meta, error) {
	head := make([]byte, min(size, sniffLen))
	if n, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return Meta{}, fmt.Errorf("read metadata: %w", err)
	} else if head = head[:n]; n == 0 {
		return Meta{}, errors.New("read metadata: the file is empty")
	}
	c := &collector{}
	f := sniff(head)
	read := reader(f.Ext)
	if read == nil {
		return Meta{}, fmt.Errorf("read metadata: easel knows of none in %s", f.Name())
	}
	err := read(io.NewSectionReader(r, 0, size), c)
	c.settle()
	if err == nil {
		err = c.problem()
	}
	if err != nil {
		return c.meta, fmt.Errorf("read metadata: %w", err)
	}
	return c.meta, nil
}

func reader(ext string) func(*io.SectionReader, *collector) error {
	switch ext {
	case ".png":
		return pngMetadata
	case ".webp":
		return webpMetadata
	case ".jpg":
		return jpegMetadata
	case ".avif", ".heic":
		return heifMetadata
	case ".gif":
		return gifMetadata
	case ".mp4", ".mov", ".m4a":
		return movieMetadata
	case ".webm", ".mkv":
		return matroskaMetadata
	case ".wav", ".avi":
		return waveMetadata
	case ".aiff":
		return aiffMetadata
	case ".tiff":
		return tiffMetadata
	case ".exr":
		return exrMetadata
	case ".flac":
		return flacMetadata
	case ".ogg", ".opus", ".ogv":
		return oggMetadata
	case ".mp3":
		return id3Metadata
	case ".glb":
		return glbMetadata
	case ".safetensors", ".latent":
		return tensorMetadata
	case ".svg":
		return svgMetadata
	}
	return nil
}

// A collector sorts the pieces that readers find. The first usable one of a
// kind wins.
type collector struct {
	meta  Meta
	total int
	bad   string // the first key whose value could not be used

	words  string // a prompt that is no graph, but words
	beside []field
}

// spend counts bytes against the limit before they are read or inflated.
func (c *collector) spend(n int64) error {
	if n < 0 || int64(c.total)+n > maxMetadata {
		return errTooMuch
	}
	c.total += int(n)
	return nil
}

// take reads a piece of the file within the limit; what lies beyond the end is
// missing from it.
func (c *collector) take(r *io.SectionReader, pos, size int64) ([]byte, error) {
	size = min(size, r.Size()-pos)
	if size <= 0 {
		return nil, nil
	}
	if err := c.spend(size); err != nil {
		return nil, err
	}
	body := make([]byte, size)
	if _, err := r.ReadAt(body, pos); err != nil {
		return nil, err
	}
	return body, nil
}

// inflate unpacks what zlib packed, within the limit.
func (c *collector) inflate(data []byte) ([]byte, error) {
	left := int64(maxMetadata - c.total)
	before := left
	out, err := inflate(data, &left)
	c.total += int(before - left)
	return out, err
}

// add takes one piece under the name it had in the file.
func (c *collector) add(key, value string) {
	value = trimmed(value)
	switch key = strings.ToLower(strings.Trim(key, "\x00 ")); key {
	case "prompt":
		c.json(&c.meta.Prompt, key, value)
	case "workflow":
		c.json(&c.meta.Workflow, key, value)
	case "easel":
		c.json(&c.meta.Easel, key, value)
	case "comment", "description", "usercomment", "©cmt", "©des":
		c.free(value)
	case xmpKeyword:
		c.xmp([]byte(value))
	case "parameters", "invokeai_metadata", "sd-metadata":
		if c.meta.Parameters == "" {
			c.meta.Parameters = strings.ToValidUTF8(value, "\ufffd")
		}
	case "negative_prompt", "seed", "num_inference_steps", "guidance_scale", "sampler_name", "use_stable_diffusion_model":
		c.beside = append(c.beside, field{key, quoted(value)})
	case "software", "encoder", "©too":
		if c.meta.Software == "" {
			c.meta.Software = strings.ToValidUTF8(value, "\ufffd")
		}
	}
}

// free takes text whose name says nothing: an EXIF tag, a comment. It may begin
// with "prompt:", be a JSON object of such keys, or be parameters.
func (c *collector) free(value string) {
	value = trimmed(value)
	if key, rest, ok := strings.Cut(value, ":"); ok && isKey(key) && isObject(rest) {
		c.add(key, rest)
		return
	}
	var keys map[string]json.RawMessage
	if strings.HasPrefix(value, "{") && json.Unmarshal(repair([]byte(value)), &keys) == nil {
		if isGraph(keys) {
			c.add("prompt", value)
			return
		}
		if p, ok := parseObject(value); ok && !isObject(p.Prompt) {
			c.add("parameters", value)
			return
		}
		for key, v := range keys {
			if isKey(key) {
				c.add(key, string(v))
			}
		}
		return
	}
	if strings.Contains(value, "Steps: ") && strings.Contains(value, "Seed: ") {
		c.add("parameters", value)
	}
}

// trimmed is a value without a byte order mark, and without what pads it.
func trimmed(value string) string {
	return strings.Trim(strings.TrimPrefix(value, "\ufeff"), "\x00 \r\n\t")
}

// isObject tells a JSON object, wrapped in a string or not, from words that begin
// with a brace, which mean a choice or more weight in prompts.
func isObject(value string) bool {
	value = strings.TrimSpace(unwrapped(value))
	return strings.HasPrefix(value, "{") && json.Valid(repair([]byte(value)))
}

// unwrapped takes a text out of the JSON string that some programs put around it,
// once or twice more than needed.
func unwrapped(value string) string {
	for range 3 {
		var inner string
		if !strings.HasPrefix(value, `"`) || json.Unmarshal([]byte(value), &inner) != nil {
			break
		}
		value = inner
	}
	return value
}

func isKey(key string) bool {
	switch strings.ToLower(key) {
	case "prompt", "workflow", "easel":
		return true
	}
	return false
}

// isGraph recognises an API-format graph: some value is a node.
func isGraph(keys map[string]json.RawMessage) bool {
	for _, v := range keys {
		var node struct {
			Class string `json:"class_type"`
		}
		if json.Unmarshal(v, &node) == nil && node.Class != "" {
			return true
		}
	}
	return false
}

// json takes a JSON object. Some programs wrap the text once or twice more in
// a JSON string, and Python writes NaN.
func (c *collector) json(into *json.RawMessage, key, value string) {
	if len(*into) > 0 || value == "" {
		return
	}
	data := []byte(unwrapped(value))
	if !json.Valid(data) {
		data = repair(data)
	}
	if !bytes.HasPrefix(data, []byte("{")) || !json.Valid(data) {
		if c.bad == "" {
			c.bad = key
		}
		if key == "prompt" && c.words == "" && strings.IndexAny(value, `{["`) != 0 {
			c.words = value
		}
		return
	}
	if len(bytes.TrimSpace(data[1:len(data)-1])) > 0 { // an empty object says nothing
		*into = data
	}
}

// settle makes of what was found what it means: a graph that stands in the other
// one's place, and a prompt in words. Easy Diffusion and others write each setting
// into a text of its own.
func (c *collector) settle() {
	m := &c.meta
	switch {
	case len(m.Prompt) == 0 && len(m.Workflow) > 0 && isAPIGraph(m.Workflow):
		m.Prompt, m.Workflow = m.Workflow, nil
	case len(m.Workflow) == 0 && len(m.Prompt) > 0 && isEditorFile(m.Prompt):
		m.Workflow, m.Prompt = m.Prompt, nil
	}
	if c.words == "" || !m.Empty() {
		return
	}
	b := append([]byte(`{"prompt":`), quoted(strings.ToValidUTF8(c.words, "\ufffd"))...)
	for _, f := range c.beside {
		b = append(append(append(b, ','), quoted(f.name)...), ':')
		b = append(b, f.raw...)
	}
	m.Parameters = string(append(b, '}'))
}

func quoted(text string) json.RawMessage {
	b, _ := json.Marshal(text) // a text can be written
	return b
}

func isAPIGraph(data []byte) bool {
	var keys map[string]json.RawMessage
	return json.Unmarshal(data, &keys) == nil && len(keys["nodes"]) == 0 && isGraph(keys)
}

func isEditorFile(data []byte) bool {
	var file struct {
		Nodes []json.RawMessage `json:"nodes"`
	}
	return json.Unmarshal(data, &file) == nil && len(file.Nodes) > 0
}

// problem is the error of a file in which nothing could be used.
func (c *collector) problem() error {
	if c.bad != "" && c.meta.Empty() {
		return fmt.Errorf("its %s is not JSON", c.bad)
	}
	return nil
}

// repair makes JSON of what Python's json module writes: NaN, Infinity and
// -Infinity become null. Bytes that are not UTF-8 are taken as Latin-1.
func repair(data []byte) []byte {
	if !utf8.Valid(data) {
		data = latin1(data)
	}
	if !bytes.Contains(data, []byte("NaN")) && !bytes.Contains(data, []byte("Infinity")) {
		return data
	}
	out := make([]byte, 0, len(data))
	quoted := false
	for i := 0; i < len(data); i++ {
		ch := data[i]
		if quoted && ch == '\\' && i+1 < len(data) {
			out = append(out, ch, data[i+1])
			i++
			continue
		}
		if ch == '"' {
			quoted = !quoted
		}
		if !quoted {
			word := ""
			for _, w := range []string{"NaN", "-Infinity", "Infinity"} {
				if hasPrefix(data[i:], w) {
					word = w
				}
			}
			if word != "" {
				out = append(out, "null"...)
				i += len(word) - 1
				continue
			}
		}
		out = append(out, ch)
	}
	return out
}

func latin1(data []byte) []byte {
	out := make([]byte, 0, len(data)+len(data)/8)
	for _, b := range data {
		out = utf8.AppendRune(out, rune(b))
	}
	return out
}

// search looks for prompt:{...} and workflow:{...} anywhere in bytes whose
// structure cannot be trusted, and takes what lies between matching braces.
func (c *collector) search(data []byte) {
	const attempts = 8 // each may scan all of data
	lower := bytes.ToLower(data)
	if len(lower) != len(data) {
		lower = data // the case of some letters has another length: positions would be wrong
	}
	for _, key := range []string{"prompt", "workflow", "easel"} {
		from := 0
		for range attempts {
			at := bytes.Index(lower[from:], []byte(key+":{"))
			if at < 0 {
				break
			}
			from += at + len(key) + 1
			if object := braced(data[from:]); object != nil {
				c.add(key, string(object))
				break
			}
		}
	}
}

// braced is the beginning of data up to the brace that closes the first one.
func braced(data []byte) []byte {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch ch := data[i]; {
		case quoted && ch == '\\':
			i++
		case ch == '"':
			quoted = !quoted
		case quoted:
		case ch == '{':
			depth++
		case ch == '}':
			if depth--; depth == 0 {
				return data[:i+1]
			}
		}
	}
	return nil
}

// searchMetadata is for containers whose index leads nowhere.
func searchMetadata(r *io.SectionReader, c *collector) error {
	data := make([]byte, min(r.Size(), 2<<20))
	n, err := r.ReadAt(data, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	data = data[:n]
	c.search(data)
	for _, magic := range []string{"II*\x00", "MM\x00*"} {
		if at := bytes.Index(data, []byte(magic)); at >= 0 {
			for _, text := range readEXIF(data[at:]).texts {
				c.free(text)
			}
		}
	}
	return nil
}
