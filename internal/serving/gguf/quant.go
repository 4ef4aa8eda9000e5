package gguf

import (
	"encoding/binary"
	"math"
)

const q80Values = 32

// AppendQ8_0 packs numbers as Q8_0 and appends them to dst: for each 32 numbers a half-precision scale and
// 32 signed bytes. len(src) must be a multiple of 32.
func AppendQ8_0(dst []byte, src []float32) []byte {
	for ; len(src) >= q80Values; src = src[q80Values:] {
		var largest float32
		for _, v := range src[:q80Values] {
			largest = max(largest, float32(math.Abs(float64(v))))
		}
		scale := largest / 127
		inverse := float32(0)
		if scale != 0 {
			inverse = 1 / scale
		}
		dst = binary.LittleEndian.AppendUint16(dst, toHalf(scale))
		for _, v := range src[:q80Values] {
			dst = append(dst, byte(int8(math.Round(float64(v*inverse)))))
		}
	}
	return dst
}

// AppendF32 packs numbers as they are and appends them to dst.
func AppendF32(dst []byte, src []float32) []byte {
	for _, v := range src {
		dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
	}
	return dst
}

// toHalf rounds to the nearest half-precision number, to the even one of two equally near.
func toHalf(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b >> 16 & 0x8000)
	exponent := int(b>>23&0xff) - 127 + 15
	fraction := b & 0x7fffff
	switch {
	case b&0x7fffffff > 0x7f800000: // not a number: keep it one
		return sign | 0x7e00
	case exponent >= 31:
		return sign | 0x7c00
	case exponent <= 0:
		if exponent < -10 {
			return sign
		}
		// Too small for a normal half: the leading one becomes explicit and moves right.
		fraction |= 0x800000
		return sign | roundShift(fraction, uint(14-exponent))
	default:
		// A fraction that rounds up to 1.0 carries into the exponent, which is the right result.
		return sign | uint16(exponent<<10) + roundShift(fraction, 13)
	}
}

// roundShift shifts right and rounds to the nearest, half to even.
func roundShift(v uint32, n uint) uint16 {
	half := uint32(1) << (n - 1)
	out, rest := v>>n, v&(1<<n-1)
	if rest > half || rest == half && out&1 == 1 {
		out++
	}
	return uint16(out)
}

// fromHalf widens a half-precision number.
func fromHalf(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exponent, fraction := uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exponent {
	case 0:
		f := float32(fraction) / (1 << 24)
		if sign != 0 {
			f = -f
		}
		return f
	case 31:
		return math.Float32frombits(sign | 0x7f800000 | fraction<<13)
	default:
		return math.Float32frombits(sign | (exponent+112)<<23 | fraction<<13)
	}
}
