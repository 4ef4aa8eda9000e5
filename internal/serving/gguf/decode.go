package gguf

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

var errCut = errors.New("the file ends in the middle of its header")

// decoder walks a header. Every length is compared with what is left before it is used.
type decoder struct {
	in   *bufio.Reader
	at   int64
	end  int64 // the header may not go beyond this
	size int64
	kept int64 // bytes of strings held in memory
	buf  [8]byte
}

func (d *decoder) left() int64 { return d.end - d.at }

// tooFar says why n more bytes cannot be read.
func (d *decoder) tooFar() error {
	if d.end < d.size {
		return fmt.Errorf("the header is longer than %d MB", maxHeader>>20)
	}
	return errCut
}

// bytes reads at most eight bytes, into a buffer that the next read reuses.
func (d *decoder) bytes(n int) ([]byte, error) {
	if int64(n) > d.left() {
		return nil, d.tooFar()
	}
	if _, err := io.ReadFull(d.in, d.buf[:n]); err != nil {
		return nil, d.broken(err)
	}
	d.at += int64(n)
	return d.buf[:n], nil
}

func (d *decoder) broken(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errCut
	}
	return err
}

func (d *decoder) uint32() (uint32, error) {
	b, err := d.bytes(4)
	if err != nil {
		return 0, err
	}
	return le32(b), nil
}

func (d *decoder) uint64() (uint64, error) {
	b, err := d.bytes(8)
	if err != nil {
		return 0, err
	}
	return le64(b), nil
}

// count reads how many entries follow, each of at least least bytes.
func (d *decoder) count(what string, limit, least int64) (int64, error) {
	n, err := d.uint64()
	if err != nil {
		return 0, err
	}
	if n > uint64(limit) || int64(n) > d.left()/least {
		return 0, fmt.Errorf("it claims %d %s, more than it can hold", n, what)
	}
	return int64(n), nil
}

func (d *decoder) length(limit int64) (int64, error) {
	n, err := d.uint64()
	if err != nil {
		return 0, err
	}
	if n > uint64(limit) {
		return 0, fmt.Errorf("a string of %d bytes is longer than the %d allowed", n, limit)
	}
	if int64(n) > d.left() {
		return 0, d.tooFar()
	}
	return int64(n), nil
}

func (d *decoder) string(limit int64) (string, error) {
	n, err := d.length(limit)
	if err != nil {
		return "", err
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(d.in, b); err != nil {
		return "", d.broken(err)
	}
	d.at += n
	return string(b), nil
}

func (d *decoder) skip(n int64) error {
	if n > d.left() {
		return d.tooFar()
	}
	// Discard takes an int, and half a gigabyte fits one everywhere.
	if _, err := d.in.Discard(int(n)); err != nil {
		return d.broken(err)
	}
	d.at += n
	return nil
}

func (d *decoder) value(t ValueType) (any, error) {
	switch t {
	case String:
		s, err := d.string(maxString)
		if d.kept += int64(len(s)); err == nil && d.kept > maxKept {
			err = fmt.Errorf("the metadata holds more than %d MB of text", maxKept>>20)
		}
		return s, err
	case ArrayType:
		return d.array()
	}
	size, ok := t.size()
	if !ok {
		return nil, fmt.Errorf("value type %d is unknown", uint32(t))
	}
	b, err := d.bytes(int(size))
	if err != nil {
		return nil, err
	}
	switch t {
	case Uint8:
		return b[0], nil
	case Int8:
		return int8(b[0]), nil
	case Uint16:
		return binary.LittleEndian.Uint16(b), nil
	case Int16:
		return int16(binary.LittleEndian.Uint16(b)), nil
	case Uint32:
		return le32(b), nil
	case Int32:
		return int32(le32(b)), nil
	case Float32:
		return math.Float32frombits(le32(b)), nil
	case Uint64:
		return le64(b), nil
	case Int64:
		return int64(le64(b)), nil
	case Float64:
		return math.Float64frombits(le64(b)), nil
	default: // Bool; the native reader takes the byte as it is, and only these two are booleans
		if b[0] > 1 {
			return nil, fmt.Errorf("%d is no boolean", b[0])
		}
		return b[0] == 1, nil
	}
}

// array notes where a list lies and walks over it.
func (d *decoder) array() (Array, error) {
	kind, err := d.uint32()
	if err != nil {
		return Array{}, err
	}
	a := Array{Elem: ValueType(kind)}
	size, ok := a.Elem.size()
	if !ok {
		return Array{}, fmt.Errorf("list of the unknown or nested value type %d", kind)
	}
	if a.Len, err = d.count("list elements", maxHeader, size); err != nil {
		return Array{}, err
	}
	a.at = d.at
	if a.Elem != String {
		return a, d.skip(a.Len * size)
	}
	for range a.Len {
		n, err := d.length(maxString)
		if err != nil {
			return Array{}, err
		}
		if err := d.skip(n); err != nil {
			return Array{}, err
		}
	}
	return a, nil
}

func (d *decoder) tensor() (Tensor, error) {
	var t Tensor
	var err error
	if t.Name, err = d.string(maxTensorName); err != nil {
		return t, fmt.Errorf("tensor name: %w", err)
	}
	dims, err := d.uint32()
	if err != nil {
		return t, err
	}
	if dims > maxDims {
		return t, fmt.Errorf("tensor %q has %d dimensions, at most %d are allowed", t.Name, dims, maxDims)
	}
	for range dims {
		n, err := d.uint64()
		if err != nil {
			return t, err
		}
		if n > math.MaxInt64 {
			return t, fmt.Errorf("tensor %q has a dimension of %d", t.Name, n)
		}
		t.Dims = append(t.Dims, int64(n))
	}
	kind, err := d.uint32()
	if err != nil {
		return t, err
	}
	t.Type = TensorType(kind)
	if t.Bytes, t.Values, err = t.Type.bytesFor(t.Dims); err != nil {
		return t, fmt.Errorf("%q: %w", t.Name, err)
	}
	offset, err := d.uint64()
	if err != nil {
		return t, err
	}
	if offset > uint64(d.size) {
		return t, fmt.Errorf("tensor %q lies at %d, beyond the end of the file: it is cut off", t.Name, offset)
	}
	t.Offset = int64(offset)
	return t, nil
}
