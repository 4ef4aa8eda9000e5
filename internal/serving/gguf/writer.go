package gguf

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// Writer gathers metadata and tensors and writes them as one version 3 file. Entries keep their order.
type Writer struct {
	pairs   []pair
	keys    map[string]bool
	tensors []pending
	err     error // the first misuse; WriteTo reports it
}

type pair struct {
	key   string
	value any
}

type pending struct {
	Tensor
	fill func(io.Writer) error
}

// NewWriter returns an empty Writer.
func NewWriter() *Writer { return &Writer{keys: map[string]bool{}} }

// Set adds metadata: a bool, a number (uint32, int32, uint64, float32), a string, or a slice of strings, int32
// or float32.
func (w *Writer) Set(key string, value any) {
	switch value.(type) {
	case bool, uint32, int32, uint64, float32, string, []string, []int32, []float32:
	default:
		w.fail(fmt.Errorf("metadata %q: a %T cannot be written", key, value))
	}
	if key == "" || len(key) > maxKey || w.keys[key] {
		w.fail(fmt.Errorf("metadata key %q is empty, too long or set twice", clip(key)))
	}
	w.keys[key] = true
	w.pairs = append(w.pairs, pair{key, value})
}

// Tensor adds a tensor, its row length first in dims. fill is called once by WriteTo and writes exactly
// the bytes that the type and the shape ask for.
func (w *Writer) Tensor(name string, kind TensorType, dims []int64, fill func(io.Writer) error) {
	t := Tensor{Name: name, Type: kind, Dims: dims}
	var err error
	if t.Bytes, t.Values, err = kind.bytesFor(dims); err != nil {
		w.fail(fmt.Errorf("%q: %w", name, err))
	}
	if name == "" || len(name) > maxTensorName {
		w.fail(fmt.Errorf("tensor name %q is empty or longer than %d", clip(name), maxTensorName))
	}
	if n := len(w.tensors); n > 0 {
		last := w.tensors[n-1]
		t.Offset = pad(last.Offset+last.Bytes, defaultAlignment)
	}
	w.tensors = append(w.tensors, pending{t, fill})
}

func (w *Writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// WriteTo writes the file and returns its length.
func (w *Writer) WriteTo(dst io.Writer) (int64, error) {
	if w.err != nil {
		return 0, w.err
	}
	out := &counter{w: bufio.NewWriterSize(dst, 256<<10)}
	if _, err := out.Write(w.header()); err != nil {
		return out.n, err
	}
	for _, t := range w.tensors {
		if err := out.align(); err != nil {
			return out.n, err
		}
		start := out.n
		if err := t.fill(out); err != nil {
			return out.n, fmt.Errorf("write tensor %q: %w", t.Name, err)
		}
		if got := out.n - start; got != t.Bytes {
			return out.n, fmt.Errorf("write tensor %q: %d bytes instead of %d", t.Name, got, t.Bytes)
		}
	}
	if err := out.align(); err != nil {
		return out.n, err
	}
	return out.n, out.w.Flush()
}

func (w *Writer) header() []byte {
	b := append([]byte(magic), 3, 0, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(w.tensors)))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(w.pairs)))
	for _, p := range w.pairs {
		b = appendValue(appendString(b, p.key), p.value)
	}
	for _, t := range w.tensors {
		b = appendString(b, t.Name)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(t.Dims)))
		for _, d := range t.Dims {
			b = binary.LittleEndian.AppendUint64(b, uint64(d))
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(t.Type))
		b = binary.LittleEndian.AppendUint64(b, uint64(t.Offset))
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
}

func appendKind(b []byte, t ValueType) []byte { return binary.LittleEndian.AppendUint32(b, uint32(t)) }

// appendValue writes a value that Set let through.
func appendValue(b []byte, value any) []byte {
	switch v := value.(type) {
	case bool:
		b = append(appendKind(b, Bool), 0)
		if v {
			b[len(b)-1] = 1
		}
	case uint32:
		b = binary.LittleEndian.AppendUint32(appendKind(b, Uint32), v)
	case int32:
		b = binary.LittleEndian.AppendUint32(appendKind(b, Int32), uint32(v))
	case uint64:
		b = binary.LittleEndian.AppendUint64(appendKind(b, Uint64), v)
	case float32:
		b = binary.LittleEndian.AppendUint32(appendKind(b, Float32), math.Float32bits(v))
	case string:
		b = appendString(appendKind(b, String), v)
	case []string:
		b = appendList(b, String, len(v))
		for _, s := range v {
			b = appendString(b, s)
		}
	case []int32:
		b = appendList(b, Int32, len(v))
		for _, n := range v {
			b = binary.LittleEndian.AppendUint32(b, uint32(n))
		}
	case []float32:
		b = AppendF32(appendList(b, Float32, len(v)), v)
	}
	return b
}

func appendList(b []byte, elem ValueType, n int) []byte {
	return binary.LittleEndian.AppendUint64(appendKind(appendKind(b, ArrayType), elem), uint64(n))
}

// counter counts what passes, for alignment and for checking the tensors.
type counter struct {
	w *bufio.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

func (c *counter) align() error {
	_, err := c.Write(make([]byte, pad(c.n, defaultAlignment)-c.n))
	return err
}
