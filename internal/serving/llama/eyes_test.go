package llama_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/gguf"
	"github.com/parley-chat/parley/internal/serving/gguf/gguftest"
	"github.com/parley-chat/parley/internal/serving/llama"
	"github.com/parley-chat/parley/internal/serving/llama/shelf"
)

// The projectors of these tests have random weights. They show that the whole path works and that what is computed is
// what was shown; nobody can tell by them how well a model understands an image.

// projector is a tiny one of the type of LLaVA 1.5: images of 32 pixels a side, 16 places, for a model of 576 numbers.
// change, which may be nil, spoils it.
func projector(t *testing.T, change func(set map[string]any, shapes map[string][]int64)) string {
	t.Helper()
	const width, inner, model = 32, 64, 576
	set := map[string]any{
		"general.architecture": "clip", "clip.has_vision_encoder": true, "clip.projector_type": "mlp", "clip.use_gelu": true,
		"clip.vision.image_size": uint32(32), "clip.vision.patch_size": uint32(8), "clip.vision.embedding_length": uint32(width),
		"clip.vision.feed_forward_length": uint32(inner), "clip.vision.block_count": uint32(3), "clip.vision.projection_dim": uint32(model),
		"clip.vision.attention.head_count": uint32(2), "clip.vision.attention.layer_norm_epsilon": float32(1e-5),
		"clip.vision.image_mean": []float32{0.5, 0.5, 0.5}, "clip.vision.image_std": []float32{0.5, 0.5, 0.5},
	}
	shapes := map[string][]int64{
		"v.patch_embd.weight": {8, 8, 3, width}, "v.position_embd.weight": {width, 16},
		"mm.0.weight": {width, inner}, "mm.0.bias": {inner}, "mm.2.weight": {inner, model}, "mm.2.bias": {model},
	}
	for i := range 3 {
		for name, shape := range map[string][]int64{
			"attn_q.weight": {width, width}, "attn_k.weight": {width, width}, "attn_v.weight": {width, width}, "attn_out.weight": {width, width},
			"ln1.weight": {width}, "ln1.bias": {width}, "ln2.weight": {width}, "ln2.bias": {width},
			"ffn_up.weight": {width, inner}, "ffn_up.bias": {inner}, "ffn_down.weight": {inner, width}, "ffn_down.bias": {width},
		} {
			shapes[fmt.Sprintf("v.blk.%d.%s", i, name)] = shape
		}
	}
	if change != nil {
		change(set, shapes)
	}
	w := gguf.NewWriter()
	for key, value := range set {
		w.Set(key, value)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range slices.Sorted(maps.Keys(shapes)) {
		shape := shapes[name]
		w.Tensor(name, gguf.F32, shape, func(out io.Writer) error {
			n := int64(1)
			for _, d := range shape {
				n *= d
			}
			values := make([]float32, n)
			for i := range values {
				values[i] = float32(random.NormFloat64() * 0.3)
			}
			_, err := out.Write(gguf.AppendF32(nil, values))
			return err
		})
	}
	path := filepath.Join(t.TempDir(), "mmproj.gguf")
	gguftest.Write(t, path, w)
	return path
}

// drawing is an image that differs with seed.
func drawing(t *testing.T, seed uint64) chat.Image {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	img := image.NewNRGBA(image.Rect(0, 0, 40, 30))
	var colours [16]color.NRGBA // of 4 by 4 squares
	for i := range colours {
		colours[i] = color.NRGBA{R: uint8(random.UintN(2) * 255), G: uint8(random.UintN(2) * 255), B: uint8(random.UintN(2) * 255), A: 255}
	}
	for i := range 40 * 30 {
		x, y := i%40, i/40
		img.Set(x, y, colours[x/10+4*(y*4/30)])
	}
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		t.Fatal(err)
	}
	return chat.Image{MediaType: "image/png", Data: file.Bytes()}
}

// show asks about images, which stand after the first words.
func show(tenant, text string, images ...chat.Image) serving.Generation {
	g := question("Look at this: "+text, 6)
	g.Tenant = tenant
	g.Params.Logprobs, g.Params.TopLogprobs = true, 5
	for _, img := range images {
		img.At = len("Look at this: ")
		g.Messages[0].Images = append(g.Messages[0].Images, img)
	}
	return g
}

// seeing loads the chat model with a projector, where the library is there.
func seeing(t *testing.T, keep *shelf.Shelf, change func(*llama.Config)) serving.Engine {
	t.Helper()
	if _, err := os.Stat(filepath.Join(env(t, "PARLEY_TEST_ENGINE"), "libmtmd.so")); err != nil {
		t.Skip("the engine's folder has no libmtmd.so: this test needs it (.ci/libmtmd FOLDER)")
	}
	m := chatModel(t)
	m.Projector = projector(t, nil)
	e := load(t, openWith(t, keep, change), m)
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// distance is by how much the probabilities of the first token differ.
func distance(a, b chat.TokenLogprob) float64 {
	most := 0.0
	for _, x := range a.Top {
		found := false
		for _, y := range b.Top {
			if x.Token == y.Token {
				most, found = max(most, math.Abs(math.Exp(x.Logprob)-math.Exp(y.Logprob))), true
			}
		}
		if !found {
			most = max(most, math.Exp(x.Logprob))
		}
	}
	return most
}

func TestImages(t *testing.T) {
	for name, cache := range map[string]int{"a part for each slot": 384, "a shared cache": 40} {
		t.Run(name, func(t *testing.T) {
			keep := shelf.New(t.TempDir(), shelf.DefaultConfig(), plain{}, zap.NewNop())
			e := seeing(t, keep, func(c *llama.Config) { c.Context, c.CacheMB = 1024, cache })
			_, blank := first(t, e, show("blank", "what is it?"))
			_, cat := first(t, e, show("cat", "what is it?", drawing(t, 1)))
			_, dog := first(t, e, show("dog", "what is it?", drawing(t, 2)))
			if d := distance(cat, dog); d < 0.04 {
				t.Errorf("two images give the same probabilities: they differ by %f", d)
			}
			if d := distance(cat, blank); d < 0.04 {
				t.Errorf("an image changes nothing: %f", d)
			}
			// The same image, after the same words: all that is before the end of the prompt is reused, and gives the same.
			long := strings.Repeat("think well ", 40)
			_, want := first(t, e, show("fresh", long+"now", drawing(t, 1)))
			none, _ := first(t, e, show("a", long+"then", drawing(t, 1)))
			cached, got := first(t, e, show("a", long+"now", drawing(t, 1)))
			if none != 0 || cached < 90 || distance(got, want) > 0.02 {
				t.Errorf("%d tokens are reused, then %d; the probabilities differ by %f", none, cached, distance(got, want))
			}
			// Another image at the same place: only what is before it.
			cached, got = first(t, e, show("a", long+"now", drawing(t, 2)))
			_, want = first(t, e, show("fresh too", long+"now", drawing(t, 2)))
			if cached > 40 || distance(got, want) > 0.02 {
				t.Errorf("%d tokens of another image are reused; the probabilities differ by %f", cached, distance(got, want))
			}
			_, out := answer(t, e, show("count", "x", drawing(t, 1)))
			_, plain := answer(t, e, show("count", "x"))
			if n := out.Usage.InputTokens - plain.Usage.InputTokens; n < 16 || n > 18 {
				t.Errorf("an image of 16 places counts as %d tokens", n)
			}
		})
	}
}

// Streams with and without images, all at once, begin as each does alone.
func TestImagesAmongStreams(t *testing.T) {
	e := seeing(t, nil, func(c *llama.Config) { c.Context = 1024 })
	ask := func(tenant string, i int) serving.Generation {
		if i%2 == 0 {
			return show(tenant, fmt.Sprintf("and count to %d", i))
		}
		return show(tenant, fmt.Sprintf("and count to %d", i), drawing(t, uint64(i)), drawing(t, uint64(i+1)))
	}
	var alone, together [8]chat.TokenLogprob
	for i := range alone {
		_, alone[i] = first(t, e, ask(fmt.Sprint("alone ", i), i))
	}
	var all sync.WaitGroup
	for i := range together {
		g := ask(fmt.Sprint("together ", i), i)
		all.Go(func() {
			_, err := e.Generate(t.Context(), g, func(p serving.Piece) error {
				if together[i].Token == "" && len(p.Logprobs) > 0 {
					together[i] = p.Logprobs[0]
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for i := range alone {
		if d := distance(alone[i], together[i]); d > 0.03 {
			t.Errorf("stream %d: %q alone, %q together; the probabilities differ by %f", i, alone[i].Token, together[i].Token, d)
		}
	}
}

func TestImagesThatDoNotFit(t *testing.T) {
	e := seeing(t, nil, func(c *llama.Config) { c.Slots, c.Context = 1, 256 })
	var many []chat.Image
	for i := range 16 {
		many = append(many, drawing(t, uint64(i)))
	}
	for _, err := range []error{e.Check(show("a", "", many...)), func() error {
		_, err := e.Generate(t.Context(), show("a", "", many...), func(serving.Piece) error { return nil })
		return err
	}()} {
		if !fault.Is(err, fault.CodeInvalid) || fault.From(err).Kind != "context_length_exceeded" {
			t.Errorf("16 images of 16 tokens in a context of 256: %v", err)
		}
	}
	if err := e.Check(show("a", "", chat.Image{Data: []byte("no image")})); !fault.Is(err, fault.CodeInvalid) {
		t.Errorf("no image: %v", err)
	}
}

// A model whose projector is of no use answers texts, and says why it does not see.
func TestBlindModels(t *testing.T) {
	r := open(t, func(c *llama.Config) { c.Slots, c.Context = 1, 256 })
	for what, change := range map[string]func(map[string]any, map[string][]int64){
		"another kind of file": func(set map[string]any, _ map[string][]int64) { set["general.architecture"] = "llama" },
		"for another model":    func(_ map[string]any, shapes map[string][]int64) { shapes["mm.2.weight"] = []int64{64, 512} },
		// The library runs it, but puts tokens around its tiles that only SmolVLM has.
		"for another vocabulary": func(set map[string]any, shapes map[string][]int64) {
			set["clip.projector_type"], set["clip.vision.projector.scale_factor"], set["clip.vision.preproc_image_size"] = "idefics3", uint32(2), uint32(128)
			for _, name := range []string{"mm.0.weight", "mm.0.bias", "mm.2.weight", "mm.2.bias"} {
				delete(shapes, name)
			}
			shapes["mm.model.fc.weight"] = []int64{32 * 4, 576}
		},
	} {
		m := chatModel(t)
		m.Projector = projector(t, change)
		e := load(t, r, m)
		_, err := e.Generate(t.Context(), show("a", "x", drawing(t, 1)), func(serving.Piece) error { return nil })
		if !fault.Is(err, fault.CodeInvalid) || fault.From(err).Kind != "model_cannot_see" {
			t.Errorf("%s: %v", what, err)
		}
		if text, _ := answer(t, e, show("a", "x")); text == "" {
			t.Errorf("%s: no answer to a text", what)
		}
		_ = e.Close()
	}
}
