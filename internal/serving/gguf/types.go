package gguf

import (
	"fmt"
	"math"
	"math/bits"
)

const (
	magic            = "GGUF"
	defaultAlignment = 32
	maxDims          = 4
	maxTensorName    = 63 // the native struct has 64 bytes with the closing zero
)

// ValueType says how a metadata value is stored. The numbers are the format's.
type ValueType uint32

// The value types.
const (
	Uint8 ValueType = iota
	Int8
	Uint16
	Int16
	Uint32
	Int32
	Float32
	Bool
	String
	ArrayType
	Uint64
	Int64
	Float64
)

// size is the number of bytes of one value; for a string the least that it can take, its length field.
func (t ValueType) size() (int64, bool) {
	switch t {
	case Uint8, Int8, Bool:
		return 1, true
	case Uint16, Int16:
		return 2, true
	case Uint32, Int32, Float32:
		return 4, true
	case Uint64, Int64, Float64, String:
		return 8, true
	default:
		return 0, false
	}
}

// TensorType says how the numbers of a tensor are packed. The numbers are the format's.
type TensorType uint32

// The tensor types that this package writes; the reader knows the size of all that the engine loads.
const (
	F32  TensorType = 0
	F16  TensorType = 1
	Q80  TensorType = 8
	BF16 TensorType = 30
)

// layout is how many numbers make a block and how many bytes that block takes.
type layout struct {
	name   string
	values int64
	bytes  int64
}

func (t TensorType) layout() (layout, bool) {
	switch t {
	case F32:
		return layout{"F32", 1, 4}, true
	case F16:
		return layout{"F16", 1, 2}, true
	case 2:
		return layout{"Q4_0", 32, 18}, true
	case 3:
		return layout{"Q4_1", 32, 20}, true
	case 6:
		return layout{"Q5_0", 32, 22}, true
	case 7:
		return layout{"Q5_1", 32, 24}, true
	case Q80:
		return layout{"Q8_0", 32, 34}, true
	case 9:
		return layout{"Q8_1", 32, 36}, true
	case 10:
		return layout{"Q2_K", 256, 84}, true
	case 11:
		return layout{"Q3_K", 256, 110}, true
	case 12:
		return layout{"Q4_K", 256, 144}, true
	case 13:
		return layout{"Q5_K", 256, 176}, true
	case 14:
		return layout{"Q6_K", 256, 210}, true
	case 15:
		return layout{"Q8_K", 256, 292}, true
	case 16:
		return layout{"IQ2_XXS", 256, 66}, true
	case 17:
		return layout{"IQ2_XS", 256, 74}, true
	case 18:
		return layout{"IQ3_XXS", 256, 98}, true
	case 19:
		return layout{"IQ1_S", 256, 50}, true
	case 20:
		return layout{"IQ4_NL", 32, 18}, true
	case 21:
		return layout{"IQ3_S", 256, 110}, true
	case 22:
		return layout{"IQ2_S", 256, 82}, true
	case 23:
		return layout{"IQ4_XS", 256, 136}, true
	case 24:
		return layout{"I8", 1, 1}, true
	case 25:
		return layout{"I16", 1, 2}, true
	case 26:
		return layout{"I32", 1, 4}, true
	case 27:
		return layout{"I64", 1, 8}, true
	case 28:
		return layout{"F64", 1, 8}, true
	case 29:
		return layout{"IQ1_M", 256, 56}, true
	case BF16:
		return layout{"BF16", 1, 2}, true
	case 34:
		return layout{"TQ1_0", 256, 54}, true
	case 35:
		return layout{"TQ2_0", 256, 66}, true
	case 39:
		return layout{"MXFP4", 32, 17}, true
	case 40:
		return layout{"NVFP4", 64, 36}, true
	case 41:
		return layout{"Q1_0", 128, 18}, true
	case 42:
		return layout{"Q2_0", 64, 18}, true
	default:
		return layout{}, false
	}
}

func (t TensorType) String() string {
	if l, ok := t.layout(); ok {
		return l.name
	}
	return fmt.Sprintf("type %d", uint32(t))
}

// bytesFor returns how many bytes a tensor of this shape takes, and how many numbers it holds. The first
// dimension is the row, and a row is made of whole blocks. It fails on every shape whose size does not
// fit an int64.
func (t TensorType) bytesFor(dims []int64) (size, values int64, err error) {
	l, ok := t.layout()
	if !ok {
		return 0, 0, fmt.Errorf("tensor has the unknown %s", t)
	}
	if len(dims) > maxDims {
		return 0, 0, fmt.Errorf("tensor has %d dimensions, at most %d are allowed", len(dims), maxDims)
	}
	n := uint64(1)
	for _, d := range dims {
		if d < 1 {
			return 0, 0, fmt.Errorf("tensor has a dimension of %d", d)
		}
		hi, lo := bits.Mul64(n, uint64(d))
		if hi != 0 || lo > math.MaxInt64 {
			return 0, 0, fmt.Errorf("tensor shape %v is too large", dims)
		}
		n = lo
	}
	if len(dims) > 0 && dims[0]%l.values != 0 || len(dims) == 0 && l.values != 1 {
		return 0, 0, fmt.Errorf("tensor rows of shape %v are no whole blocks of %s", dims, l.name)
	}
	hi, lo := bits.Mul64(n/uint64(l.values), uint64(l.bytes))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, 0, fmt.Errorf("tensor shape %v is too large", dims)
	}
	return int64(lo), int64(n), nil
}

// pad rounds n up to the alignment, a power of two.
func pad(n, alignment int64) int64 { return (n + alignment - 1) &^ (alignment - 1) }

// SizeAs is about how many bytes so many numbers take as the named type, and 0 for one that is not known.
func SizeAs(name string, values int64) int64 {
	l, ok := typeNamed(name).layout()
	if !ok || l.name != name {
		return 0
	}
	return values / l.values * l.bytes
}
