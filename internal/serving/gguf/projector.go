package gguf

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// output is the tensor that makes the embeddings, by the type of the projector. What is not here is refused: the native
// loader ends the process for what it does not expect, and expects something else of each type.
var output = map[string]string{
	"idefics3": "mm.model.fc.weight", // SmolVLM
	"mlp":      "mm.2.weight",        // LLaVA 1.5
}

// InspectProjector reads the header of the file by which a model of so many numbers a token sees images, and checks what
// the native loader takes on trust.
func InspectProjector(path string, width int64) error {
	return open(path, func(f *File) error { return f.projector(width) })
}

func (f *File) projector(width int64) error {
	if arch, _ := f.Text("general.architecture"); arch != "clip" {
		return fmt.Errorf("not a projector: its general.architecture is %q and not clip", clip(arch))
	}
	if sees, _ := f.values["clip.has_vision_encoder"].(bool); !sees {
		return fmt.Errorf("not a projector for images: clip.has_vision_encoder is not set")
	}
	for _, other := range []string{"clip.has_audio_encoder", "clip.has_gen_audio_encoder"} {
		if on, _ := f.values[other].(bool); on {
			return fmt.Errorf("a projector for sound too (%s), which is not supported", other)
		}
	}
	kind, ok := f.Text("clip.projector_type")
	if !ok {
		kind, _ = f.Text("clip.vision.projector_type")
	}
	if output[kind] == "" {
		return fmt.Errorf("a projector of the type %q, and only idefics3 (SmolVLM) and mlp (LLaVA 1.5) are supported", clip(kind))
	}
	v, err := f.vision(kind)
	if err != nil {
		return err
	}
	return f.visionTensors(v, kind, width)
}

// vision are the figures of a vision transformer.
type vision struct{ image, patch, width, heads, inner, layers, merge int64 }

func (f *File) vision(kind string) (vision, error) {
	v := vision{merge: 1}
	for _, figure := range []struct {
		key  string
		into *int64
		most int64
	}{
		{"image_size", &v.image, 1 << 12}, {"patch_size", &v.patch, 1 << 8}, {"embedding_length", &v.width, 1 << 14},
		{"attention.head_count", &v.heads, 1 << 8}, {"feed_forward_length", &v.inner, 1 << 16}, {"block_count", &v.layers, maxLayers},
	} {
		n, ok := f.Int("clip.vision." + figure.key)
		if !ok || n < 1 || n > figure.most {
			return v, fmt.Errorf("metadata %q is missing or outside 1 to %d", "clip.vision."+figure.key, figure.most)
		}
		*figure.into = n
	}
	if kind == "idefics3" {
		n, ok := f.Int("clip.vision.projector.scale_factor")
		if !ok || n < 1 || n > 16 {
			return v, fmt.Errorf("metadata %q is missing or outside 1 to 16", "clip.vision.projector.scale_factor")
		}
		v.merge = n
	}
	if v.width%v.heads != 0 || v.patch*v.merge > v.image || v.image%(v.patch*v.merge) != 0 {
		return v, fmt.Errorf("the sizes do not add up: images of %d in patches of %d, %d of which a side are one, and %d heads of a width of %d",
			v.image, v.patch, v.merge, v.heads, v.width)
	}
	// The longer side that an image is brought to before it is cut into tiles, of which there are at most the square of 16.
	if n, ok := f.Int("clip.vision.preproc_image_size"); kind == "idefics3" && (!ok || n < max(128, v.image) || n > 16*v.image) {
		return v, fmt.Errorf("metadata %q is missing or outside %d to %d", "clip.vision.preproc_image_size", max(128, v.image), 16*v.image)
	}
	for key := range f.values {
		for _, other := range []string{"head_count_kv", "key_length", "image_grid_pinpoints", "head_dim", "feature_layer", "_pixels", "window", "wa_"} {
			if strings.HasPrefix(key, "clip.") && strings.Contains(key, other) {
				return v, fmt.Errorf("metadata %q is not supported", clip(key))
			}
		}
		if n, ok := f.values[key].(float32); ok && (math.IsNaN(float64(n)) || math.IsInf(float64(n), 0) || n < 0) {
			return v, fmt.Errorf("metadata %q is no finite number above 0", clip(key))
		}
	}
	if _, ok := f.values["clip.vision.attention.layer_norm_epsilon"].(float32); !ok {
		return v, fmt.Errorf("metadata %q is missing", "clip.vision.attention.layer_norm_epsilon")
	}
	for _, key := range []string{"clip.vision.image_mean", "clip.vision.image_std"} {
		if a, ok := f.List(key); !ok || a.Elem != Float32 || a.Len != 3 {
			return v, fmt.Errorf("metadata %q is no list of three numbers", key)
		}
	}
	return v, nil
}

// visionTensors checks that the network is whole and its shapes fit each other and the model.
func (f *File) visionTensors(v vision, kind string, width int64) error {
	found := byName(f.Tensors)
	var err error
	want := func(name string, dims ...int64) {
		t, ok := found[name]
		if err == nil && (!ok || !slices.Equal(trimmed(t.Dims), trimmed(dims))) {
			err = fmt.Errorf("tensor %q is missing or has the shape %d and not %d", name, t.Dims, dims)
		}
		delete(found, name)
	}
	may := func(name string, dims ...int64) {
		if _, ok := found[name]; ok {
			want(name, dims...)
		}
	}
	side := v.image / v.patch
	places := side * side
	if _, ok := found["v.class_embd"]; ok && kind == "mlp" {
		want("v.class_embd", v.width)
		places++
	}
	want("v.patch_embd.weight", v.patch, v.patch, 3, v.width)
	want("v.position_embd.weight", v.width, places)
	may("v.patch_embd.bias", v.width)
	for _, norm := range []string{"v.pre_ln", "v.post_ln"} {
		if _, ok := found[norm+".weight"]; ok {
			want(norm+".weight", v.width)
			want(norm+".bias", v.width)
		}
	}
	for i := range v.layers {
		block := fmt.Sprintf("v.blk.%d.", i)
		for _, name := range []string{"attn_q", "attn_k", "attn_v", "attn_out"} {
			want(block+name+".weight", v.width, v.width)
			may(block+name+".bias", v.width)
		}
		for _, name := range []string{"ln1", "ln2"} {
			want(block+name+".weight", v.width)
			want(block+name+".bias", v.width)
		}
		up, down := "ffn_up", "ffn_down"
		if t := found[block+"ffn_down.weight"]; len(t.Dims) > 0 && t.Dims[0] == v.width {
			up, down = down, up // as older files name them, which the loader knows
		}
		want(block+up+".weight", v.width, v.inner)
		may(block+up+".bias", v.inner)
		want(block+down+".weight", v.inner, v.width)
		may(block+down+".bias", v.width)
	}
	switch kind {
	case "idefics3":
		want(output[kind], v.width*v.merge*v.merge, width)
	case "mlp":
		inner := int64(0)
		if t := found["mm.0.weight"]; len(t.Dims) == 2 {
			inner = t.Dims[1]
		}
		want("mm.0.weight", v.width, inner)
		want("mm.0.bias", inner)
		want(output[kind], inner, width)
		want("mm.2.bias", width)
	}
	for name := range found {
		if err == nil {
			err = fmt.Errorf("tensor %q belongs to no part of it that is known", clip(name))
		}
	}
	return err
}

// trimmed leaves out the ones at the end of a shape, which are written or not.
func trimmed(dims []int64) []int64 {
	n := len(dims)
	for n > 1 && dims[n-1] == 1 {
		n--
	}
	return dims[:n]
}
