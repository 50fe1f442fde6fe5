package editor_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-7d77cb5c/easel/comfy/editor"
)

// largeWorkflow has 300 nodes that run, in chains inside of 20 subgraphs whose
// instances show a widget of each node, half of them bypassed.
func largeWorkflow() string {
	const chains, length = 20, 15
	var nodes, links, subgraphs []string
	id, link := 1000, 1
	nodes = append(nodes, node(1, "Load", 0, `["a.png","image"]`))
	before := 1
	for c := range chains {
		class := fmt.Sprintf("u-%d", c)
		var inner, innerLinks, inputs, values, proxies []string
		inputs = append(inputs, `{"name": "image", "type": "IMAGE", "linkIds": [1]}`)
		for i := range length {
			mode := 0
			if i%2 == 1 && i < length-1 {
				mode = 4
			}
			inner = append(inner, node(id+i, "Blur", mode, `[3,"gauss"]`, fmt.Sprintf("image:IMAGE:%d", 2*i+1), fmt.Sprintf("radius*:INT:%d", 2*i+2)))
			from := fmt.Sprintf(`"origin_id": %d, "origin_slot": 0`, id+i-1)
			if i == 0 {
				from = `"origin_id": -10, "origin_slot": 0`
			}
			innerLinks = append(innerLinks, fmt.Sprintf(`{"id": %d, %s, "target_id": %d, "target_slot": 0, "type": "IMAGE"}`, 2*i+1, from, id+i),
				fmt.Sprintf(`{"id": %d, "origin_id": -10, "origin_slot": %d, "target_id": %d, "target_slot": 1, "type": "INT"}`, 2*i+2, i+1, id+i))
			inputs = append(inputs, fmt.Sprintf(`{"name": "radius_%d", "type": "INT", "linkIds": [%d]}`, i, 2*i+2))
			values, proxies = append(values, fmt.Sprint(i)), append(proxies, fmt.Sprintf(`["-1", "radius_%d"]`, i))
		}
		innerLinks = append(innerLinks, fmt.Sprintf(`{"id": 99, "origin_id": %d, "origin_slot": 0, "target_id": -20, "target_slot": 0, "type": "IMAGE"}`, id+length-1))
		subgraphs = append(subgraphs, fmt.Sprintf(`{"id": %q, "name": "Chain", "nodes": [%s], "links": [%s], "inputs": [%s], "outputs": [{"name": "out", "type": "IMAGE", "linkIds": [99]}]}`,
			class, strings.Join(inner, ","), strings.Join(innerLinks, ","), strings.Join(inputs, ",")))
		instance := strings.TrimSuffix(node(c+2, class, 0, "["+strings.Join(values, ",")+"]", fmt.Sprintf("image:IMAGE:%d", link)), "}")
		nodes = append(nodes, instance+`,"properties":{"proxyWidgets":[`+strings.Join(proxies, ",")+`]}}`)
		links = append(links, fmt.Sprintf(`[%d,%d,0,%d,0,"IMAGE"]`, link, before, c+2))
		before, id, link = c+2, id+length, link+1
	}
	nodes = append(nodes, node(900, "SaveImage", 0, `["p"]`, fmt.Sprintf("images:IMAGE:%d", link)))
	links = append(links, fmt.Sprintf(`[%d,%d,0,900,0,"IMAGE"]`, link, before))
	return `{"version": 0.4, "nodes": [` + strings.Join(nodes, ",") + `], "links": [` + strings.Join(links, ",") + `], "definitions": {"subgraphs": [` + strings.Join(subgraphs, ",") + `]}}`
}

func TestLargeWorkflow(t *testing.T) {
	t.Parallel()
	res := convert(t, largeWorkflow())
	if n := res.Graph.Len(); n != 162 {
		t.Errorf("%d nodes", n)
	}
	if v, _ := res.Graph.Node("21:1299").Inputs.Get("radius"); string(v) != "14" {
		t.Errorf("the last radius is %s", v)
	}
}

// A workflow of 300 nodes in subgraphs.
func BenchmarkConvert(b *testing.B) {
	data, defs := []byte(largeWorkflow()), classes(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := editor.Convert(data, editor.Options{Definitions: defs}); err != nil {
			b.Fatal(err)
		}
	}
}
