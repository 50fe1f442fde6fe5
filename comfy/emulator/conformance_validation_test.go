package emulator

import (
	"testing"
)

// Prompts that are refused, so that the real server has nothing to run.
func TestConformanceOfValidation(t *testing.T) {
	t.Parallel()
	ours, theirs := sides(t, Options{})
	save := `"9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}}`
	image := func(inputs string) string {
		return `{"1": {"class_type": "EmptyImage", "inputs": {` + inputs + `}}, ` + save + `}`
	}
	tests := map[string]string{
		"nothing given":        `{"9": {"class_type": "SaveImage", "inputs": {}}}`,
		"no inputs":            `{"9": {"class_type": "SaveImage"}}`,
		"inputs null":          `{"9": {"class_type": "SaveImage", "inputs": null}}`,
		"inputs list":          `{"9": {"class_type": "SaveImage", "inputs": []}}`,
		"inputs text":          `{"9": {"class_type": "SaveImage", "inputs": "x"}}`,
		"inputs number":        `{"9": {"class_type": "SaveImage", "inputs": 5}}`,
		"missing node":         `{` + save + `}`,
		"missing node number":  `{"9": {"class_type": "SaveImage", "inputs": {"images": [1, 0], "filename_prefix": "x"}}}`,
		"link to list":         `{"9": {"class_type": "SaveImage", "inputs": {"images": [[], 0], "filename_prefix": "x"}}}`,
		"short link":           `{"9": {"class_type": "SaveImage", "inputs": {"images": ["1"], "filename_prefix": "x"}}}`,
		"empty link":           `{"9": {"class_type": "SaveImage", "inputs": {"images": [], "filename_prefix": "x"}}}`,
		"slot too high":        `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 1], "filename_prefix": "x"}}}`,
		"slot text":            `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["1", "0"], "filename_prefix": "x"}}}`,
		"slot null":            `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["1", null], "filename_prefix": "x"}}}`,
		"slot float":           `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 0.0], "filename_prefix": "x"}}}`,
		"slot huge":            `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["1", 99999999999999999999], "filename_prefix": "x"}}}`,
		"slot negative":        `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["1", -2], "filename_prefix": "x"}}}`,
		"wrong type":           `{"1": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 64, "batch_size": 1}}, ` + save + `}`,
		"int text":             image(`"width": "abc", "height": 8, "batch_size": 1, "color": 0`),
		"int null":             image(`"width": null, "height": 8, "batch_size": 1, "color": 0`),
		"int object":           image(`"width": {}, "height": 8, "batch_size": 1, "color": 0`),
		"int float text":       image(`"width": "6.5", "height": 8, "batch_size": 1, "color": 0`),
		"int infinity":         image(`"width": Infinity, "height": 8, "batch_size": 1, "color": 0`),
		"int nan":              image(`"width": NaN, "height": 8, "batch_size": 1, "color": 0`),
		"int too small":        image(`"width": 0, "height": 8, "batch_size": 1, "color": 0`),
		"int too small float":  image(`"width": 0.9, "height": 8, "batch_size": 1, "color": 0`),
		"int too big":          image(`"width": 1e9, "height": 8, "batch_size": 1, "color": 0`),
		"int too big text":     image(`"width": " 99_999 ", "height": 8, "batch_size": 1, "color": 0`),
		"int bool":             image(`"width": false, "height": 8, "batch_size": 1, "color": 0`),
		"int huge":             image(`"width": 123456789012345678901234567890, "height": 8, "batch_size": 1, "color": 0`),
		"several":              image(`"width": 0, "height": "x", "batch_size": 99999999, "color": -1`),
		"missing upstream":     image(`"height": 8`),
		"wrapped":              image(`"width": {"__value__": [1, 2]}, "height": 8, "batch_size": 1, "color": 0`),
		"cycle":                `{"1": {"class_type": "ImageInvert", "inputs": {"image": ["2", 0]}}, "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}}, ` + save + `}`,
		"self":                 `{"1": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}}, ` + save + `}`,
		"load missing file":    `{"1": {"class_type": "LoadImage", "inputs": {"image": "easel-none.png"}}, ` + save + `}`,
		"load nothing":         `{"1": {"class_type": "LoadImage", "inputs": {}}, ` + save + `}`,
		"load link":            `{"2": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "1": {"class_type": "LoadImage", "inputs": {"image": ["2", 0]}}, ` + save + `}`,
		"load annotated":       `{"1": {"class_type": "LoadImage", "inputs": {"image": "easel-none.png [output]"}}, ` + save + `}`,
		"load number":          `{"1": {"class_type": "LoadImage", "inputs": {"image": 5}}, ` + save + `}`,
		"not in list":          `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "2": {"class_type": "ImageScale", "inputs": {"image": ["1", 0], "upscale_method": "best", "width": 8, "height": 8, "crop": "no"}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}}`,
		"number not in list":   `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "2": {"class_type": "ImageScale", "inputs": {"image": ["1", 0], "upscale_method": 3, "width": 8, "height": 8, "crop": null}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}}`,
		"float text":           `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "2": {"class_type": "ImageScaleBy", "inputs": {"image": ["1", 0], "upscale_method": "area", "scale_by": "fast"}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}}`,
		"float null":           `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "2": {"class_type": "ImageScaleBy", "inputs": {"image": ["1", 0], "upscale_method": "area", "scale_by": null}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}}`,
		"float small":          `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "2": {"class_type": "ImageScaleBy", "inputs": {"image": ["1", 0], "upscale_method": "area", "scale_by": 1e-7}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}}`,
		"float infinite":       `{"1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}}, "2": {"class_type": "ImageScaleBy", "inputs": {"image": ["1", 0], "upscale_method": "area", "scale_by": "inf"}}, "9": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "x"}}}`,
		"two bad outputs":      `{"1": {"class_type": "EmptyImage", "inputs": {"width": 0, "height": 8, "batch_size": 1, "color": 0}}, "8": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}}, ` + save + `}`,
		"upstream no inputs":   `{"1": {"class_type": "EmptyImage"}, ` + save + `}`,
		"deep upstream broken": `{"0": {"class_type": "EmptyImage"}, "1": {"class_type": "ImageInvert", "inputs": {"image": ["0", 0]}}, ` + save + `}`,
		"unicode class":        `{"9": {"class_type": "Bl\u00e4tter \ud83d\ude00", "inputs": {}}}`,
	}
	for name, prompt := range tests {
		t.Run(name, func(t *testing.T) {
			compare2(t, ours, theirs, "POST", "/prompt", `{"prompt": `+prompt+`}`, nil)
		})
	}
}
