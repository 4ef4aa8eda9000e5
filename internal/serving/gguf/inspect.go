package gguf

import (
	"fmt"
	"os"
)

// Summary is what a model file says about itself.
type Summary struct {
	Architecture string // "llama", "bert"
	Name         string
	Quantization string // the type that most of the weights have: "Q4_1"
	Context      int64  // tokens that it was trained for
	Layers       int64
	Embedding    int64 // width of the network
	Vocabulary   int64
	Parameters   int64
	FileBytes    int64
	Embeds       bool // it makes vectors of texts
	Ranks        bool // it scores pairs of texts; what neither embeds nor ranks writes
	ChatTemplate bool // it brings its own chat template
}

// The architectures that only embed. A decoder that was trained to embed is told by its pooling.
var encoders = map[string]bool{
	"bert": true, "modern-bert": true, "nomic-bert": true, "nomic-bert-moe": true, "neo-bert": true,
	"jina-bert-v2": true, "jina-bert-v3": true, "eurobert": true, "gemma-embedding": true,
	"llama-embed": true, "t5encoder": true,
}

// parts are architectures that neither write nor embed text. Whether the engine knows any other is for it to say.
var parts = map[string]string{ //nolint:gosec // no credentials, but kinds of models
	"clip": "the part of a model that sees pictures or hears (mmproj)", "wavtokenizer-dec": "the part of a model that speaks",
	"gemma4-assistant": "a draft for another model",
}

// Inspect reads the header of the model file at path and checks what the native loader takes on trust:
// that all tensors are there and that the figures that size its buffers and index its vocabulary make
// sense. Much of that ends the process there where it is wrong. It reads no weights, so it takes milliseconds.
func Inspect(path string) (s Summary, err error) {
	err = open(path, func(f *File) error {
		s, err = f.Summarise()
		return err
	})
	return s, err
}

// open reads the header of the file at path, which use may read from until it returns.
func open(path string, use func(*File) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // opened for reading
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", path)
	}
	f, err := Read(file, info.Size())
	if err != nil {
		return err
	}
	return use(f)
}

// Summarise checks the metadata of a model and sums it up.
func (f *File) Summarise() (Summary, error) {
	s := Summary{FileBytes: f.size}
	var ok bool
	if s.Architecture, ok = f.Text("general.architecture"); !ok || s.Architecture == "" {
		return s, fmt.Errorf("not a model: general.architecture is missing")
	}
	if kind, ok := f.Text("general.type"); ok && kind != "model" {
		return s, fmt.Errorf("not a model that can be run alone: its general.type is %q", clip(kind))
	}
	if parts, ok := f.Int("split.count"); ok && parts > 1 {
		return s, fmt.Errorf("this is one of %d parts of a model; join them to one file with llama-gguf-split --merge", parts)
	}
	if what, ok := parts[s.Architecture]; ok {
		return s, fmt.Errorf("not a model for text: it is %s", what)
	}
	if len(f.Tensors) == 0 {
		return s, fmt.Errorf("not a model: it has no tensors, only a vocabulary")
	}
	s.Name, _ = f.Text("general.name")
	_, s.ChatTemplate = f.Text("tokenizer.chat_template")
	if err := f.figures(&s); err != nil {
		return s, err
	}
	if err := f.vocabulary(&s); err != nil {
		return s, err
	}
	if err := f.network(s); err != nil {
		return s, err
	}
	pooling, pooled := f.Int(s.Architecture + ".pooling_type")
	s.Ranks = pooled && pooling == 4
	s.Embeds = !s.Ranks && (encoders[s.Architecture] || pooled && pooling >= 1 && pooling <= 3)
	bytes := map[TensorType]int64{}
	for _, t := range f.Tensors {
		s.Parameters += t.Values
		if bytes[t.Type] += t.Bytes; s.Quantization == "" || bytes[t.Type] > bytes[typeNamed(s.Quantization)] {
			s.Quantization = t.Type.String()
		}
	}
	return s, nil
}

func typeNamed(name string) TensorType {
	for t := TensorType(0); t < 64; t++ {
		if l, ok := t.layout(); ok && l.name == name {
			return t
		}
	}
	return 0
}
