package gguf

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// TestHalf compares with the definition: a half is the nearest of the 65536 values, the even one of two.
func TestHalf(t *testing.T) {
	t.Parallel()
	for h := range uint32(1 << 16) {
		f := fromHalf(uint16(h))
		if math.IsNaN(float64(f)) {
			if back := fromHalf(toHalf(f)); !math.IsNaN(float64(back)) {
				t.Fatalf("%#x is no number, and became %v", h, back)
			}
			continue
		}
		if back := toHalf(f); back != uint16(h) {
			t.Fatalf("half %#x is %v, which became %#x", h, f, back)
		}
		if h&0x7fff >= 0x7bff {
			continue // no finite neighbour above
		}
		above := fromHalf(uint16(h + 1))
		even := uint16(h + h&1)
		if got := toHalf((f + above) / 2); got != even {
			t.Fatalf("the middle of %#x and the next became %#x", h, got)
		}
		if got := toHalf(math.Nextafter32((f+above)/2, f)); got != uint16(h) {
			t.Fatalf("just below the middle of %#x and the next became %#x", h, got)
		}
	}
	for in, want := range map[float32]uint16{65519: 0x7bff, 65520: 0x7c00, 1e30: 0x7c00, -1e30: 0xfc00, 1e-30: 0} {
		if got := toHalf(in); got != want {
			t.Errorf("%v became %#x instead of %#x", in, got, want)
		}
	}
}

func TestQ80KeepsValues(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	src := make([]float32, 64*q80Values)
	for i := range src {
		src[i] = float32(random.NormFloat64() * math.Pow(10, float64(i/q80Values%7)-4))
	}
	copy(src[:q80Values], make([]float32, q80Values)) // a block of zeros
	packed := AppendQ8_0(nil, src)
	if len(packed) != 64*34 {
		t.Fatalf("%d bytes", len(packed))
	}
	for block := range 64 {
		raw := packed[block*34:]
		scale := fromHalf(binary.LittleEndian.Uint16(raw))
		for i, want := range src[block*q80Values : (block+1)*q80Values] {
			got := scale * float32(int8(raw[2+i]))
			// Half a step for rounding, and over 127 steps what the scale lost as a half, which has no more
			// than 2^-24 between neighbours where it is smallest.
			if limit := 0.5*scale + 127*scale/2048 + 127.0/(1<<25); math.Abs(float64(got-want)) > float64(limit) {
				t.Fatalf("block %d: %v became %v, off by more than %v", block, want, got, limit)
			}
		}
	}
}
