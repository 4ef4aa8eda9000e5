// Package mtmd binds what the engine needs of libmtmd, the part of llama.cpp that turns images into embeddings. The binding's
// own package asks for the library's helpers as well, and those call what the engine's libraries do not have. Begin at Load.
package mtmd

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"github.com/hybridgroup/yzma/pkg/llama"
	"github.com/hybridgroup/yzma/pkg/loader"
	"github.com/jupiterrider/ffi"
)

// params mirrors mtmd_context_params of tools/mtmd/mtmd.h, llama.cpp v0.5.0.
type params struct {
	useGPU           bool
	device           uintptr
	printTimings     bool
	threads          int32
	imageMarker      uintptr
	mediaMarker      *byte
	flashAttention   int32
	warmUp           bool
	leastTokens      int32
	mostTokens       int32
	onEval           uintptr
	onEvalData       uintptr
	batchTokens      int32
	onProgress       uintptr
	onProgressAnswer uintptr
}

// text mirrors mtmd_input_text.
type text struct {
	text         *byte
	length       uint64
	addSpecial   bool
	parseSpecial bool
}

// Library is the loaded library. It cannot be unloaded.
type Library struct {
	defaults, open, free, sees, nonCausal, mrope    ffi.Fun
	bitmap, freeBitmap, tokenize, encode, embedding ffi.Fun
	chunks, countChunks, chunk, freeChunks          ffi.Fun
	kind, tokens, countTokens, log                  ffi.Fun
}

// ErrMissing says that the folder has no libmtmd.
var ErrMissing = errors.New("the library libmtmd is missing")

// Load loads the library of a folder whose engine libraries are loaded, and sends its log to a callback of the
// engine. A folder without it is ErrMissing.
func Load(dir string, log uintptr) (*Library, error) {
	if _, err := os.Stat(loader.GetLibraryFilename(dir, "mtmd")); err != nil {
		return nil, ErrMissing
	}
	native, err := loader.LoadLibrary(dir, "mtmd")
	if err != nil {
		return nil, fmt.Errorf("load libmtmd: %w", err)
	}
	var (
		l                                   Library
		pointer, number, size, truth, empty = &ffi.TypePointer, &ffi.TypeSint32, &ffi.TypeUint64, &ffi.TypeUint8, &ffi.TypeVoid
		layout                              = ffi.NewType(truth, pointer, truth, number, pointer, pointer, number, truth, number, number,
			pointer, pointer, number, pointer, pointer)
	)
	for _, f := range []struct {
		into   *ffi.Fun
		name   string
		result *ffi.Type
		args   []*ffi.Type
	}{
		{&l.defaults, "mtmd_context_params_default", &layout, nil},
		{&l.open, "mtmd_init_from_file", pointer, []*ffi.Type{pointer, pointer, &layout}},
		{&l.free, "mtmd_free", empty, []*ffi.Type{pointer}},
		{&l.sees, "mtmd_support_vision", truth, []*ffi.Type{pointer}},
		{&l.nonCausal, "mtmd_decode_use_non_causal", truth, []*ffi.Type{pointer, pointer}},
		{&l.mrope, "mtmd_decode_use_mrope", truth, []*ffi.Type{pointer}},
		{&l.bitmap, "mtmd_bitmap_init", pointer, []*ffi.Type{&ffi.TypeUint32, &ffi.TypeUint32, pointer}},
		{&l.freeBitmap, "mtmd_bitmap_free", empty, []*ffi.Type{pointer}},
		{&l.tokenize, "mtmd_tokenize", number, []*ffi.Type{pointer, pointer, pointer, pointer, size}},
		{&l.encode, "mtmd_encode_chunk", number, []*ffi.Type{pointer, pointer}},
		{&l.embedding, "mtmd_get_output_embd", pointer, []*ffi.Type{pointer}},
		{&l.chunks, "mtmd_input_chunks_init", pointer, nil},
		{&l.countChunks, "mtmd_input_chunks_size", size, []*ffi.Type{pointer}},
		{&l.chunk, "mtmd_input_chunks_get", pointer, []*ffi.Type{pointer, size}},
		{&l.freeChunks, "mtmd_input_chunks_free", empty, []*ffi.Type{pointer}},
		{&l.kind, "mtmd_input_chunk_get_type", number, []*ffi.Type{pointer}},
		{&l.tokens, "mtmd_input_chunk_get_tokens_text", pointer, []*ffi.Type{pointer, pointer}},
		{&l.countTokens, "mtmd_input_chunk_get_n_tokens", size, []*ffi.Type{pointer}},
		{&l.log, "mtmd_log_set", empty, []*ffi.Type{pointer, pointer}},
	} {
		if *f.into, err = native.Prep(f.name, f.result, f.args...); err != nil {
			return nil, fmt.Errorf("libmtmd has no %s: %w", f.name, err)
		}
	}
	// As for the engine's libraries: wrong defaults mean that the layout is another one.
	if p := l.standard(); p.threads != 4 || p.leastTokens != -1 || p.mostTokens != -1 || p.batchTokens != 1024 || p.onProgressAnswer != 0 {
		return nil, errors.New("libmtmd is of another version than this program")
	}
	var none uintptr
	l.log.Call(nil, unsafe.Pointer(&log), unsafe.Pointer(&none))
	return &l, nil
}

func (l *Library) standard() (p params) {
	l.defaults.Call(unsafe.Pointer(&p))
	return p
}

// Projector is a loaded projector file. Its methods are for one goroutine at a time.
type Projector struct {
	lib    *Library
	handle uintptr
	width  int
	marker []byte
}

// Open loads a projector for a model. The file must have been checked.
func (l *Library) Open(file string, model llama.Model, threads int32, gpu bool) (*Projector, error) {
	p := l.standard()
	p.useGPU, p.printTimings, p.threads = gpu, false, threads
	const marker = "<__media__>"
	out := &Projector{lib: l, width: int(llama.ModelNEmbdInp(model)), marker: append([]byte(marker), 0)}
	p.mediaMarker = &out.marker[0]
	name := append([]byte(file), 0)
	first := &name[0]
	l.open.Call(unsafe.Pointer(&out.handle), unsafe.Pointer(&first), unsafe.Pointer(&model), unsafe.Pointer(&p))
	runtime.KeepAlive(name)
	if out.handle == 0 {
		return nil, errors.New("the library refuses the projector")
	}
	refuse := func(why string) (*Projector, error) {
		out.Close()
		return nil, errors.New(why)
	}
	var none uintptr
	switch {
	case !out.is(l.sees):
		return refuse("it is a projector for sound and not for images")
	case out.is(l.mrope):
		return refuse("it needs positions in two dimensions (M-RoPE), which are not supported")
	case out.is(l.nonCausal, unsafe.Pointer(&none)):
		return refuse("its images need attention in both directions, which is not supported")
	}
	return out, nil
}

func (p *Projector) is(f ffi.Fun, more ...any) bool {
	var yes ffi.Arg
	f.Call(unsafe.Pointer(&yes), append([]any{unsafe.Pointer(&p.handle)}, more...)...)
	return yes.Bool()
}

// Close frees the projector. It may be called once.
func (p *Projector) Close() { p.lib.free.Call(nil, unsafe.Pointer(&p.handle)) }

// Chunk is a part of what a model reads of an image: tokens around it, or so many places that hold embeddings.
type Chunk struct {
	Tokens []int32
	Places int
	Rows   [][]float32 // of each place as many numbers as the model is wide; nil when they were only counted
}

// See turns an image of width*height pixels, each red, green and blue, into chunks. With nil for the pixels it counts the places
// only, which takes no time.
func (p *Projector) See(width, height int, pixels []byte) ([]Chunk, error) {
	l := p.lib
	var bitmap, list uintptr
	w, h, first := uint32(width), uint32(height), unsafe.SliceData(pixels)
	l.bitmap.Call(unsafe.Pointer(&bitmap), unsafe.Pointer(&w), unsafe.Pointer(&h), unsafe.Pointer(&first))
	runtime.KeepAlive(pixels)
	defer l.freeBitmap.Call(nil, unsafe.Pointer(&bitmap))
	l.chunks.Call(unsafe.Pointer(&list))
	defer l.freeChunks.Call(nil, unsafe.Pointer(&list))

	input := &text{text: &p.marker[0], length: uint64(len(p.marker) - 1), addSpecial: false, parseSpecial: true}
	bitmaps, n := &bitmap, uint64(1)
	var code ffi.Arg
	l.tokenize.Call(unsafe.Pointer(&code), unsafe.Pointer(&p.handle), unsafe.Pointer(&list), unsafe.Pointer(&input), unsafe.Pointer(&bitmaps), unsafe.Pointer(&n))
	if int32(code) != 0 {
		return nil, fmt.Errorf("libmtmd cannot cut the image (code %d)", int32(code))
	}
	var count uint64
	l.countChunks.Call(unsafe.Pointer(&count), unsafe.Pointer(&list))
	chunks := make([]Chunk, count)
	for i := range count {
		var chunk uintptr
		l.chunk.Call(unsafe.Pointer(&chunk), unsafe.Pointer(&list), unsafe.Pointer(&i))
		var err error
		if chunks[i], err = p.read(chunk, pixels != nil); err != nil {
			return nil, err
		}
	}
	return chunks, nil
}

// read copies one chunk, which the library owns.
func (p *Projector) read(chunk uintptr, encode bool) (Chunk, error) {
	l := p.lib
	var kind ffi.Arg
	var n uint64
	l.kind.Call(unsafe.Pointer(&kind), unsafe.Pointer(&chunk))
	l.countTokens.Call(unsafe.Pointer(&n), unsafe.Pointer(&chunk))
	if int32(kind) == 0 {
		var tokens *int32
		into := &n
		l.tokens.Call(unsafe.Pointer(&tokens), unsafe.Pointer(&chunk), unsafe.Pointer(&into))
		return Chunk{Tokens: append([]int32(nil), unsafe.Slice(tokens, n)...)}, nil
	}
	out := Chunk{Places: int(n)}
	if !encode {
		return out, nil
	}
	var code ffi.Arg
	l.encode.Call(unsafe.Pointer(&code), unsafe.Pointer(&p.handle), unsafe.Pointer(&chunk))
	var embedding *float32
	l.embedding.Call(unsafe.Pointer(&embedding), unsafe.Pointer(&p.handle))
	if int32(code) != 0 || embedding == nil {
		return out, fmt.Errorf("libmtmd cannot encode the image (code %d)", int32(code))
	}
	all := append([]float32(nil), unsafe.Slice(embedding, out.Places*p.width)...)
	for at := 0; at < len(all); at += p.width {
		out.Rows = append(out.Rows, all[at:at+p.width:at+p.width])
	}
	return out, nil
}
