package runpod

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
	"github.com/seed-7d77cb5c/easel/comfy/internal/transport"
)

// maxOutputs bounds the outputs of one run; the rest is left out with a warning.
const maxOutputs = 1000

// readOutput lists what a completed job hands over, in the order of nodes.
func (j *job) readOutput(st *comfy.State) {
	var out struct {
		Images  json.RawMessage `json:"images"`
		Errors  json.RawMessage `json:"errors"`
		Status  string          `json:"status"`
		Message json.RawMessage `json:"message"` // before 4.1: one picture or address
	}
	if len(j.Output) == 0 || string(j.Output) == "null" {
		st.Warnings = append(st.Warnings, "RunPod kept no result of it, as it does with one that is larger than the 10 MB it takes back: "+
			"let the worker put files into a bucket (BUCKET_ENDPOINT_URL), or make a smaller picture")
		return
	}
	_ = json.Unmarshal(j.Output, &out) // what is no object has no images
	var images []json.RawMessage
	_ = json.Unmarshal(out.Images, &images)
	if images == nil && textOf(out.Message) != "" {
		images = []json.RawMessage{quotedImage(textOf(out.Message))}
	}
	for i, raw := range images {
		if i == maxOutputs {
			st.Warnings = append(st.Warnings, fmt.Sprintf("only the first %d outputs are kept, %d more were left out", maxOutputs, len(images)-maxOutputs))
			break
		}
		o, err := readImage(raw)
		if err != nil {
			st.Missing = append(st.Missing, fmt.Sprintf("output %d: %s", i+1, err))
			continue
		}
		st.Outputs = append(st.Outputs, o)
	}
	for _, text := range detailsOf(out.Errors) {
		st.Missing = append(st.Missing, transport.Excerpt(text, 300))
	}
	st.Warnings = append(st.Warnings, st.Missing...)
	if len(images) == 0 && len(st.Missing) == 0 {
		st.Warnings = append(st.Warnings, "the worker handed over nothing: worker-comfyui returns what nodes save as images, and no video of other nodes, sound, text, 3D or previews")
	}
	slices.SortStableFunc(st.Outputs, func(a, b comfy.Output) int { return comfy.CompareIDs(a.Node, b.Node) })
	count := map[string]int{}
	for i := range st.Outputs {
		o := &st.Outputs[i]
		o.Index = count[o.Node]
		count[o.Node]++
	}
}

// quotedImage is the old form of a result as the present one.
func quotedImage(message string) json.RawMessage {
	kind := "base64"
	if strings.HasPrefix(message, "http://") || strings.HasPrefix(message, "https://") {
		kind = "s3_url"
	}
	return json.RawMessage(`{"filename":"","type":"` + kind + `","data":` + string(quoted(message)) + `}`)
}

// readImage reads one entry of a result.
func readImage(raw json.RawMessage) (comfy.Output, error) {
	var m struct {
		Filename string `json:"filename"`
		Type     string `json:"type"`
		Data     string `json:"data"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return comfy.Output{}, fmt.Errorf("the worker described it as %s", transport.Excerpt(string(raw), 60))
	}
	node, name := cutNode(m.Filename)
	o := comfy.Output{Node: node, Key: "images", Kind: comfy.KindOf(name, ""), Filename: name, Type: "output"}
	if m.Filename == "" {
		o.Kind = comfy.OutputImage
	}
	if m.Type == "s3_url" {
		u, err := url.Parse(m.Data)
		switch {
		case strings.HasPrefix(m.Data, "simulated_uploaded/"):
			return comfy.Output{}, errors.New("the worker has the address of a bucket and no keys for it (BUCKET_ACCESS_KEY_ID, BUCKET_SECRET_ACCESS_KEY), so the file never left it")
		case err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
			return comfy.Output{}, errors.New("the worker named no address to fetch it from")
		}
		o.Ref = m.Data
		return o, nil
	}
	data := m.Data
	if strings.HasPrefix(data, "data:") {
		_, data, _ = strings.Cut(data, ",")
	}
	if data == "" {
		return comfy.Output{}, errors.New("it came without content")
	}
	content, err := comfy.NewInline(base64.NewDecoder(base64.StdEncoding, strings.NewReader(data)))
	if err != nil {
		return comfy.Output{}, fmt.Errorf("its content is not base64: %w", err)
	}
	o.Inline = content
	return o, nil
}

// The result does not say which node made a file, so the name under which the
// worker saves it does: "easel/run~9_00001_.png" is of node 9.
const nodeMark = "~"

// markNodes appends the id of each node that saves under a prefix to that prefix.
func markNodes(g *comfy.Graph) {
	for _, id := range g.IDs() {
		n := g.Node(id)
		if prefix, ok := n.Inputs.Text("filename_prefix"); ok {
			n.Inputs.SetString("filename_prefix", prefix+nodeMark+escapeID(id))
		}
	}
}

// escapeID writes an id in letters, digits and dashes, so that it stands in a
// file name of any system.
func escapeID(id string) string {
	var b strings.Builder
	for _, c := range []byte(id) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "-%02x", c)
		}
	}
	return b.String()
}

// cutNode finds the node in a file name, and the name as it was meant.
func cutNode(filename string) (node, name string) {
	at := strings.LastIndex(filename, nodeMark)
	if at < 0 {
		return "", filename
	}
	marked := filename[at+len(nodeMark):]
	end := strings.IndexAny(marked, "_.")
	if end < 0 {
		end = len(marked)
	}
	var id bytes.Buffer
	for i := 0; i < end; i++ {
		if marked[i] != '-' {
			id.WriteByte(marked[i])
			continue
		}
		if i+2 >= end {
			return "", filename
		}
		b, err := hex.DecodeString(marked[i+1 : i+3])
		if err != nil {
			return "", filename
		}
		id.Write(b)
		i += 2
	}
	return id.String(), filename[:at] + marked[end:]
}

// Open implements comfy.Backend. What was put into a bucket is fetched from there,
// without our key, and never from an address inside of this network when RunPod
// named it.
func (e *Endpoint) Open(ctx context.Context, o comfy.Output) (io.ReadCloser, int64, error) {
	if o.Inline != nil {
		return o.Inline.Open(), o.Inline.Size(), nil
	}
	u, err := url.Parse(o.Ref)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, 0, &comfy.NotFoundError{Output: o}
	}
	w := &transport.Client{
		Base: &url.URL{Scheme: u.Scheme, Host: u.Host}, Of: "the worker's bucket", Header: http.Header{"User-Agent": {"easel"}},
		Limits: e.limits, Times: transport.ServiceTimes,
	}
	w.HTTP = w.NewHTTP(e.files)
	k := transport.Get(u.EscapedPath())
	k.RawQuery = u.RawQuery
	return w.Download(ctx, transport.File{
		Call: k, Name: fmt.Sprintf("output %d of node %s", o.Index+1, o.Node),
		Refused: func(a transport.Answer) error { return refusedObject(o, a) },
	})
}

// refusedObject tells what a status of a bucket means: 404 is a file that is gone,
// 400 and 403 an address that is no longer, or never was, good for it.
func refusedObject(o comfy.Output, a transport.Answer) error {
	switch a.Status {
	case http.StatusNotFound, http.StatusGone:
		return &comfy.NotFoundError{Output: o}
	case http.StatusForbidden, http.StatusBadRequest, http.StatusUnauthorized:
		return &comfy.WithheldError{Output: o, Status: a.Status, Reason: fmt.Sprintf("the bucket's signed address does not open it (%d)", a.Status)}
	}
	return nil
}
