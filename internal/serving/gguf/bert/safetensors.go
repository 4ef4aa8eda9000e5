package bert

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// maxIndex bounds the JSON index of a weights file. That of a model of this size has a few kilobytes.
const maxIndex = 16 << 20

// weights is an open safetensors file: a JSON index of named tensors, then their bytes.
type weights struct {
	file  *os.File
	data  int64 // where tensor bytes begin
	index map[string]entry
}

type entry struct {
	Type    string   `json:"dtype"`
	Shape   []int64  `json:"shape"` // the row length last
	Offsets [2]int64 `json:"data_offsets"`
}

func openWeights(path string) (_ *weights, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	w := &weights{file: file}
	defer func() {
		if err != nil {
			_ = file.Close()
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if err := w.readIndex(info.Size()); err != nil {
		return nil, fmt.Errorf("read weights: %w", err)
	}
	return w, nil
}

func (w *weights) readIndex(size int64) error {
	var head [8]byte
	if _, err := w.file.ReadAt(head[:], 0); err != nil {
		return fmt.Errorf("length of the index: %w", err)
	}
	n := binary.LittleEndian.Uint64(head[:])
	if n > maxIndex || int64(n) > size-8 {
		return fmt.Errorf("an index of %d bytes does not fit a file of %d", n, size)
	}
	raw := make([]byte, n)
	if _, err := w.file.ReadAt(raw, 8); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(raw, &entries); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	w.data, w.index = 8+int64(n), make(map[string]entry, len(entries))
	for name, body := range entries {
		if name == "__metadata__" {
			continue
		}
		var e entry
		if err := json.Unmarshal(body, &e); err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		if e.Offsets[0] < 0 || e.Offsets[1] < e.Offsets[0] || e.Offsets[1] > size-w.data {
			return fmt.Errorf("tensor %q lies outside the file: it is cut off or damaged", name)
		}
		w.index[name] = e
	}
	return nil
}

// floats reads one tensor, which must have exactly this shape.
func (w *weights) floats(name string, shape ...int64) ([]float32, error) {
	e, ok := w.index[name]
	if !ok {
		return nil, fmt.Errorf("tensor %q is missing", name)
	}
	if e.Type != "F32" {
		return nil, fmt.Errorf("tensor %q has numbers of type %s, only F32 is converted", name, e.Type)
	}
	count := int64(1)
	for i, n := range shape {
		if len(e.Shape) != len(shape) || e.Shape[i] != n {
			return nil, fmt.Errorf("tensor %q has the shape %v instead of %v", name, e.Shape, shape)
		}
		count *= n
	}
	if e.Offsets[1]-e.Offsets[0] != 4*count {
		return nil, fmt.Errorf("tensor %q has %d bytes instead of %d", name, e.Offsets[1]-e.Offsets[0], 4*count)
	}
	raw := make([]byte, 4*count)
	if _, err := w.file.ReadAt(raw, w.data+e.Offsets[0]); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("tensor %q: %w", name, err)
	}
	out := make([]float32, count)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return out, nil
}
