package runpodtest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"strings"

	"github.com/seed-7d77cb5c/easel/comfy"
)

// handle does a job as worker-comfyui's handler does.
func (s *Server) handle(j *job) result {
	var in struct {
		Workflow json.RawMessage `json:"workflow"`
		Images   []struct {
			Name  string `json:"name"`
			Image string `json:"image"`
		} `json:"images"`
	}
	if json.Unmarshal(j.input, &in) != nil {
		return result{failed: "Invalid JSON format in input"}
	}
	if len(in.Workflow) == 0 {
		return result{failed: "Missing 'workflow' parameter"}
	}
	for _, img := range in.Images {
		if err := s.upload(img.Name, img.Image); err != nil {
			return result{failed: "Failed to upload one or more input images", output: map[string]any{"details": []string{err.Error()}}}
		}
	}
	id := comfy.NewID()
	body, err := json.Marshal(map[string]any{"prompt": in.Workflow, "client_id": comfy.NewID(), "prompt_id": id})
	if err != nil {
		return result{failed: err.Error()}
	}
	// Not in the job's context: what was queued when the job was cancelled is to be found, and to end with it.
	req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, "http://emulator/prompt", bytes.NewReader(body))
	if err != nil {
		return result{failed: err.Error()}
	}
	resp, err := s.emulator.Client().Do(req)
	if err != nil {
		return result{failed: "Error queuing workflow: " + err.Error()}
	}
	answer, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	switch {
	case err != nil:
		return result{failed: err.Error()}
	case resp.StatusCode == http.StatusBadRequest:
		return result{failed: refusalText(answer)}
	case resp.StatusCode != http.StatusOK:
		return result{failed: fmt.Sprintf("Error queuing workflow: %d", resp.StatusCode)}
	}
	return s.collect(j, comfy.Handle(id))
}

func (s *Server) upload(name, content string) error {
	if _, rest, ok := strings.Cut(content, ","); ok {
		content = rest
	}
	data, err := base64.StdEncoding.DecodeString(content)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("image", name)
	if err != nil {
		return err
	}
	_, _ = part.Write(data)               // a buffer takes everything
	_ = w.WriteField("overwrite", "true") // as do these
	_ = w.Close()                         //
	req, err := http.NewRequestWithContext(s.ctx, http.MethodPost, "http://emulator/upload/image", &b)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	resp, err := s.emulator.Client().Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("uploading %s: %d", name, resp.StatusCode)
	}
	return nil
}

// collect waits for the prompt and takes what stands under "images".
func (s *Server) collect(j *job, h comfy.Handle) result {
	var st comfy.State
	for e, err := range s.comfy.Follow(j.ctx, h) {
		switch {
		case err != nil && j.ctx.Err() != nil:
			_ = s.comfy.Cancel(s.ctx, h) // the container is gone, and the prompt with it
			return result{failed: "cancelled"}
		case err != nil:
			return result{failed: "WebSocket communication error: " + err.Error()}
		case e.Type == comfy.EventDone:
			st = *e.State
		}
	}
	var failures []string
	var node *comfy.NodeError
	if errors.As(st.Err, &node) {
		failures = append(failures, fmt.Sprintf("Workflow execution error: Node Type: %s, Node ID: %s, Message: %s", node.Class, node.Node, node.Detail))
	}
	images := []map[string]string{}
	size := 0
	for _, o := range st.Outputs {
		if o.Key != "images" || o.Temporary() {
			continue
		}
		data, err := s.fetch(o)
		if err != nil {
			failures = append(failures, fmt.Sprintf("Failed to fetch image data for %s from /view endpoint.", o.Filename))
			continue
		}
		images = append(images, s.image(j, o.Filename, data))
		size += len(data) * 4 / 3
	}
	switch {
	case len(images) == 0 && len(failures) > 0:
		return result{failed: "Job processing failed", output: map[string]any{"details": failures}}
	case len(images) == 0 && len(st.Outputs) == 0:
		return result{failed: "Job processing failed", output: map[string]any{"details": []string{"No outputs found in history for prompt " + string(h)}}}
	case len(images) == 0:
		return result{output: map[string]any{"status": "success_no_images", "images": images}}
	case size > s.opts.MaxResult && !s.opts.Bucket:
		return result{} // RunPod refuses the post, and the job is completed without it
	}
	out := map[string]any{"images": images}
	if len(failures) > 0 {
		out["errors"] = failures
	}
	return result{output: out}
}

func (s *Server) fetch(o comfy.Output) ([]byte, error) {
	r, _, err := s.comfy.Open(s.ctx, o)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// image is one entry of the result, inline or in the bucket.
func (s *Server) image(j *job, name string, data []byte) map[string]string {
	if !s.opts.Bucket {
		return map[string]string{"filename": name, "type": "base64", "data": base64.StdEncoding.EncodeToString(data)}
	}
	key := j.id + "/" + comfy.NewID()[:8] + path.Ext(name)
	s.mu.Lock()
	s.bucket[key] = data
	s.mu.Unlock()
	return map[string]string{"filename": name, "type": "s3_url", "data": s.URL + "/bucket/" + key + "?X-Amz-Signature=a%2Bb%2Fc%3D&X-Amz-Expires=604800"}
}

// refusalText is what the handler makes of ComfyUI's 400.
func refusalText(answer []byte) string {
	var m struct {
		Error struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"error"`
		Nodes map[string]map[string]any `json:"node_errors"`
	}
	dec := json.NewDecoder(bytes.NewReader(answer))
	dec.UseNumber()
	if dec.Decode(&m) != nil {
		return "Error queuing workflow: 400"
	}
	message := m.Error.Message
	if m.Error.Type == "prompt_outputs_failed_validation" {
		message = "Workflow validation failed"
	}
	if len(m.Nodes) == 0 {
		return message + ". Raw response: " + string(answer)
	}
	lines := []string{message + ":"}
	for id, node := range m.Nodes {
		for key, value := range node {
			shown := repr(value)
			if s, ok := value.(string); ok { // an f-string shows a text as it is
				shown = s
			}
			lines = append(lines, fmt.Sprintf("\u2022 Node %s (%s): %s", id, key, shown))
		}
	}
	return strings.Join(lines, "\n")
}

// repr is how Python writes a value that came as JSON.
func repr(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case string:
		quote := "'"
		if strings.Contains(v, "'") && !strings.Contains(v, `"`) {
			quote = `"`
		}
		return quote + strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, quote, `\`+quote).Replace(v) + quote
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = repr(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for k, e := range v {
			parts = append(parts, repr(k)+": "+repr(e))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}
