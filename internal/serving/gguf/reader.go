package gguf

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// The limits on what a header may ask for. Real models stay far below them; a count in the file is never
// trusted for an allocation, so that these bound the memory and time of a hostile one.
const (
	maxPairs     = 1 << 16
	maxTensors   = 1 << 18
	maxKey       = 1<<16 - 1
	maxString    = 16 << 20  // a scalar string, such as a chat template
	maxKept      = 64 << 20  // all scalar strings together
	maxTokens    = 1 << 20   // of a vocabulary
	maxToken     = 64 << 10  // the spelling of one
	maxHeader    = 512 << 20 // everything before the tensor data
	maxAlignment = 1 << 20
)

// File is the header of a model file: its metadata and where its tensors lie. It holds no tensor data.
type File struct {
	Version    uint32
	Alignment  int64
	DataOffset int64 // where tensor data begins, from the start of the file
	Tensors    []Tensor

	src    io.ReaderAt
	size   int64
	values map[string]any // scalars as their Go type, arrays as Array
}

// Tensor is one entry of the tensor table.
type Tensor struct {
	Name   string
	Type   TensorType
	Dims   []int64 // the row length first
	Offset int64   // from File.DataOffset
	Bytes  int64
	Values int64 // how many numbers it holds
}

// Array is a list in the metadata. Its elements stay in the file until they are asked for, because the
// vocabulary of a model can have hundreds of thousands.
type Array struct {
	Elem ValueType
	Len  int64
	at   int64
}

// Read reads and checks the header of a file of size bytes. It fails unless every tensor lies whole
// inside the file, in the order and alignment that the engine demands. The File reads from src later,
// for the elements of arrays.
func Read(src io.ReaderAt, size int64) (*File, error) {
	d := &decoder{in: bufio.NewReaderSize(io.NewSectionReader(src, 0, size), 64<<10), end: min(size, maxHeader), size: size}
	f := &File{src: src, size: size, values: map[string]any{}}
	if err := f.read(d); err != nil {
		return nil, fmt.Errorf("not a usable GGUF file (at byte %d): %w", d.at, err)
	}
	return f, nil
}

func (f *File) read(d *decoder) error {
	head, err := d.bytes(4)
	if err != nil {
		return err
	}
	if string(head) != magic {
		return fmt.Errorf("it begins with %q and not with %q", head, magic)
	}
	if f.Version, err = d.uint32(); err != nil {
		return err
	}
	if f.Version != 2 && f.Version != 3 {
		return fmt.Errorf("version %d is not supported, only little-endian 2 and 3", f.Version)
	}
	tensors, err := d.count("tensors", maxTensors, 8+4+4+8)
	if err != nil {
		return err
	}
	pairs, err := d.count("metadata entries", maxPairs, 8+1+4+1)
	if err != nil {
		return err
	}
	for range pairs {
		if err := f.readPair(d); err != nil {
			return err
		}
	}
	if f.Alignment, err = f.alignment(); err != nil {
		return err
	}
	return f.readTensors(d, tensors)
}

func (f *File) readPair(d *decoder) error {
	key, err := d.string(maxKey)
	if err != nil {
		return fmt.Errorf("metadata key: %w", err)
	}
	if _, twice := f.values[key]; twice || key == "" {
		return fmt.Errorf("metadata key %q is empty or appears twice", clip(key))
	}
	kind, err := d.uint32()
	if err != nil {
		return err
	}
	if f.values[key], err = d.value(ValueType(kind)); err != nil {
		return fmt.Errorf("metadata %q: %w", clip(key), err)
	}
	return nil
}

func (f *File) alignment() (int64, error) {
	v, set := f.values["general.alignment"]
	if !set {
		return defaultAlignment, nil
	}
	n, ok := v.(uint32)
	if !ok || n == 0 || n&(n-1) != 0 || n > maxAlignment {
		return 0, fmt.Errorf("general.alignment is %v, it must be a power of two of type uint32", v)
	}
	return int64(n), nil
}

func (f *File) readTensors(d *decoder, count int64) error {
	seen := make(map[string]bool)
	var next int64
	for range count {
		t, err := d.tensor()
		if err != nil {
			return err
		}
		if seen[t.Name] {
			return fmt.Errorf("tensor %q appears twice", t.Name)
		}
		seen[t.Name] = true
		// The engine refuses gaps and overlaps, so a table without them needs only its sum checked.
		if t.Offset != next {
			return fmt.Errorf("tensor %q lies at %d, expected at %d", t.Name, t.Offset, next)
		}
		if t.Bytes > f.size-next {
			return fmt.Errorf("tensor %q ends beyond the file: it is cut off or not whole", t.Name)
		}
		next = pad(next+t.Bytes, f.Alignment)
		f.Tensors = append(f.Tensors, t)
	}
	f.DataOffset = pad(d.at, f.Alignment)
	if n := len(f.Tensors); n > 0 {
		last := f.Tensors[n-1]
		if need := f.DataOffset + last.Offset + last.Bytes; need > f.size {
			return fmt.Errorf("the file is cut off: its tensors need %d bytes and it has %d", need, f.size)
		}
	}
	return nil
}

// Text returns a string of the metadata.
func (f *File) Text(key string) (string, bool) {
	s, ok := f.values[key].(string)
	return s, ok
}

// Int returns a whole number of the metadata of any width. A number above the range of int64 is absent.
func (f *File) Int(key string) (int64, bool) {
	return whole(f.values[key])
}

func whole(value any) (int64, bool) {
	switch v := value.(type) {
	case uint8:
		return int64(v), true
	case int8:
		return int64(v), true
	case uint16:
		return int64(v), true
	case int16:
		return int64(v), true
	case uint32:
		return int64(v), true
	case int32:
		return int64(v), true
	case int64:
		return v, true
	case uint64:
		return int64(v), v <= math.MaxInt64
	default:
		return 0, false
	}
}

// Value returns a metadata value as its Go type (uint8 to float64, bool, string) or as Array, nil if absent.
func (f *File) Value(key string) any { return f.values[key] }

// List returns the table entry of an array of the metadata.
func (f *File) List(key string) (Array, bool) {
	a, ok := f.values[key].(Array)
	return a, ok
}

// Strings reads an array of strings of the metadata.
func (f *File) Strings(key string) ([]string, error) {
	a, ok := f.List(key)
	if !ok || a.Elem != String {
		return nil, fmt.Errorf("metadata %q is no list of strings", key)
	}
	d := f.at(a)
	var out []string // grown by what is read, whatever Len says
	for range a.Len {
		s, err := d.string(maxString)
		if err != nil {
			return nil, fmt.Errorf("metadata %q: %w", key, err)
		}
		out = append(out, s)
	}
	return out, nil
}

// at begins to read the elements of an array.
func (f *File) at(a Array) *decoder {
	in := bufio.NewReaderSize(io.NewSectionReader(f.src, a.at, f.size-a.at), 64<<10)
	return &decoder{in: in, at: a.at, end: min(f.size, maxHeader), size: f.size}
}

// Data returns a reader of one tensor's bytes.
func (f *File) Data(t Tensor) *io.SectionReader {
	return io.NewSectionReader(f.src, f.DataOffset+t.Offset, t.Bytes)
}

// clip shortens what a file calls itself before it enters a message.
func clip(s string) string {
	if len(s) > 80 {
		return s[:80] + "..."
	}
	return s
}

func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
