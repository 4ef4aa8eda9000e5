package gguf_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/serving/gguf"
	"github.com/parley-chat/parley/internal/serving/gguf/gguftest"
)

// smolvlm is the header of a projector like that of SmolVLM, for a model of 48 numbers a token.
func smolvlm() (set map[string]any, shapes map[string][]int64) {
	set = map[string]any{
		"general.architecture": "clip", "clip.has_vision_encoder": true, "clip.projector_type": "idefics3",
		"clip.vision.image_size": uint32(64), "clip.vision.patch_size": uint32(8), "clip.vision.embedding_length": uint32(16),
		"clip.vision.feed_forward_length": uint32(32), "clip.vision.block_count": uint32(1), "clip.vision.projection_dim": uint32(48),
		"clip.vision.attention.head_count": uint32(2), "clip.vision.attention.layer_norm_epsilon": float32(1e-6),
		"clip.vision.projector.scale_factor": uint32(4), "clip.vision.preproc_image_size": uint32(256),
		"clip.vision.image_mean": []float32{0.5, 0.5, 0.5}, "clip.vision.image_std": []float32{0.5, 0.5, 0.5},
	}
	shapes = map[string][]int64{
		"v.patch_embd.weight": {8, 8, 3, 16}, "v.patch_embd.bias": {16}, "v.position_embd.weight": {16, 64},
		"v.post_ln.weight": {16}, "v.post_ln.bias": {16}, "mm.model.fc.weight": {16 * 16, 48},
	}
	for name, shape := range map[string][]int64{
		"attn_q": {16, 16}, "attn_k": {16, 16}, "attn_v": {16, 16}, "attn_out": {16, 16}, "ffn_up": {16, 32}, "ffn_down": {32, 16}, "ln1": {16}, "ln2": {16},
	} {
		shapes["v.blk.0."+name+".weight"], shapes["v.blk.0."+name+".bias"] = shape, shape[len(shape)-1:]
	}
	return set, shapes
}

func writeProjector(t *testing.T, set map[string]any, shapes map[string][]int64) string {
	t.Helper()
	w := gguf.NewWriter()
	for key, value := range set {
		w.Set(key, value)
	}
	for name, shape := range shapes {
		gguftest.Numbers(w, name, 0, shape...)
	}
	path := filepath.Join(t.TempDir(), "mmproj.gguf")
	gguftest.Write(t, path, w)
	return path
}

func TestInspectProjector(t *testing.T) {
	t.Parallel()
	set, shapes := smolvlm()
	if err := gguf.InspectProjector(writeProjector(t, set, shapes), 48); err != nil {
		t.Errorf("a good one: %v", err)
	}
	if err := gguf.InspectProjector(writeProjector(t, set, shapes), 64); err == nil || !strings.Contains(err.Error(), "mm.model.fc.weight") {
		t.Errorf("for a wider model: %v", err)
	}
	// What older files call up goes down, which the loader knows.
	for _, part := range []string{".weight", ".bias"} {
		shapes["v.blk.0.ffn_up"+part], shapes["v.blk.0.ffn_down"+part] = shapes["v.blk.0.ffn_down"+part], shapes["v.blk.0.ffn_up"+part]
	}
	if err := gguf.InspectProjector(writeProjector(t, set, shapes), 48); err != nil {
		t.Errorf("with old names: %v", err)
	}
}

// Each of these would end the process, or read beyond a tensor, in the native loader or at the first image.
func TestHostileProjectors(t *testing.T) {
	t.Parallel()
	for key, value := range map[string]any{
		"general.architecture": "llama", "clip.has_vision_encoder": false, "clip.has_audio_encoder": true, "clip.projector_type": "qwen2vl_merger",
		"clip.vision.image_size": uint32(60), "clip.vision.patch_size": uint32(0), "clip.vision.embedding_length": uint32(32),
		"clip.vision.feed_forward_length": uint32(64), "clip.vision.block_count": uint32(2), "clip.vision.attention.head_count": uint32(3),
		"clip.vision.attention.layer_norm_epsilon": float32(-1), "clip.vision.projector.scale_factor": uint32(2),
		"clip.vision.preproc_image_size": uint32(1 << 20), "clip.vision.image_mean": []float32{0.5}, "clip.vision.image_std": "0.5",
		"clip.vision.attention.head_count_kv": uint32(1), "clip.vision.image_grid_pinpoints": []int32{1}, "clip.vision.attention.head_dim": uint32(1 << 30),
	} {
		set, shapes := smolvlm()
		set[key] = value
		if err := gguf.InspectProjector(writeProjector(t, set, shapes), 48); err == nil {
			t.Errorf("%s = %v is accepted", key, value)
		}
	}
	_, all := smolvlm()
	for name := range all {
		set, shapes := smolvlm()
		shapes[name] = append(slices.Clone(shapes[name][:len(shapes[name])-1]), shapes[name][len(shapes[name])-1]+1)
		if err := gguf.InspectProjector(writeProjector(t, set, shapes), 48); err == nil {
			t.Errorf("%s of the shape %d is accepted", name, shapes[name])
		}
		delete(shapes, name)
		err := gguf.InspectProjector(writeProjector(t, set, shapes), 48)
		if optional := strings.HasSuffix(name, ".bias") && !strings.Contains(name, "ln"); (err == nil) != optional && name != "v.post_ln.weight" {
			t.Errorf("without %s: %v", name, err)
		}
	}
	set, shapes := smolvlm()
	shapes["v.blk.0.ffn_gate_inp.weight"] = []int64{16, 16}
	if err := gguf.InspectProjector(writeProjector(t, set, shapes), 48); err == nil {
		t.Error("an unknown tensor is accepted")
	}
}
