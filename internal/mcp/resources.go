package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/seed-7d77cb5c/easel/internal/run"
)

// mostResources is how many results are listed; any other is read by its address.
const mostResources = 50

// mostContent bounds a resource that is read: it travels as one message.
const mostContent = 32 << 20

func (s *Server) addResources() {
	s.sdk.AddResourceTemplate(&sdk.ResourceTemplate{
		Name: "output", Title: "A file that a run made", URITemplate: outputsURI + "{run}/{n}",
		Description: "The n-th file of a run, from 1, as it was stored",
	}, s.readOutput)
	s.sdk.AddResourceTemplate(&sdk.ResourceTemplate{
		Name: "record", Title: "The record of a run", URITemplate: recordsURI + "{run}", MIMEType: "application/json",
		Description: "What a run was asked for and what it left, as generate --json prints it",
	}, s.readRecord)
}

// listResources lists the latest results and their records.
func (s *Server) listResources(ctx context.Context) (*sdk.ListResourcesResult, error) {
	results, err := s.o.Engine.Results(ctx, mostResources)
	if err != nil {
		return nil, err
	}
	list := &sdk.ListResourcesResult{Resources: []*sdk.Resource{}}
	for _, res := range results {
		for i, o := range res.Outputs {
			list.Resources = append(list.Resources, &sdk.Resource{
				URI: Output{res.ID, i + 1}.uri(), Name: path.Base(o.Path), Title: res.Workflow + " " + res.ID, MIMEType: o.MediaType, Size: o.Bytes,
			})
		}
		list.Resources = append(list.Resources, &sdk.Resource{URI: recordsURI + res.ID, Name: res.ID + ".json", Title: "Record of " + res.Workflow + " " + res.ID, MIMEType: "application/json"})
	}
	return list, nil
}

func (s *Server) readOutput(ctx context.Context, req *sdk.ReadResourceRequest) (*sdk.ReadResourceResult, error) {
	uri := req.Params.URI
	at, ok := parseOutput(uri)
	if !ok {
		return nil, sdk.ResourceNotFoundError(uri)
	}
	res, err := s.o.Engine.Result(ctx, at.Run)
	if err != nil || at.N > len(res.Outputs) {
		return nil, sdk.ResourceNotFoundError(uri)
	}
	body, err := s.o.Engine.Open(ctx, res, at.N)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", uri, err)
	}
	defer body.Close()
	content, err := io.ReadAll(io.LimitReader(body, mostContent+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", uri, err)
	case len(content) > mostContent:
		return nil, fmt.Errorf("%s is larger than %d MB: open %s", uri, mostContent>>20, where(res.Outputs[at.N-1]))
	}
	c := &sdk.ResourceContents{URI: uri, MIMEType: res.Outputs[at.N-1].MediaType, Blob: content}
	if strings.HasPrefix(c.MIMEType, "text/") {
		c.Blob, c.Text = nil, string(content)
	}
	return &sdk.ReadResourceResult{Contents: []*sdk.ResourceContents{c}}, nil
}

func (s *Server) readRecord(ctx context.Context, req *sdk.ReadResourceRequest) (*sdk.ReadResourceResult, error) {
	uri := req.Params.URI
	res, err := s.o.Engine.Result(ctx, strings.TrimPrefix(uri, recordsURI))
	if err != nil {
		return nil, sdk.ResourceNotFoundError(uri)
	}
	raw, err := json.MarshalIndent(res, "", "  ")
	if err != nil {
		return nil, err
	}
	return &sdk.ReadResourceResult{Contents: []*sdk.ResourceContents{{URI: uri, MIMEType: "application/json", Text: string(raw)}}}, nil
}

// where is what people read for an output's place.
func where(o run.Output) string {
	switch {
	case o.File != nil:
		return *o.File
	case o.URL != nil:
		return *o.URL
	}
	return o.Path
}

// ErrNoResult means that there is no such result, or that it is somebody else's.
var ErrNoResult = errors.New("there is no such result")
