package grammar

import (
	"encoding/binary"
	"math/big"
	"strings"
)

// How long numbers get where the schema says nothing: more digits than a double holds help nobody.
const (
	intDigits  = 15
	fracDigits = 15
	mostDigits = 40
)

// number is the machine of decimal numbers without exponent that pass a list of tests.
type number struct {
	bounds      []bound
	divisors    []divisor
	ints, fracs int // most digits before and after the point
}

// bound compares a number with a limit by magnitude, digit by digit.
type bound struct {
	op         string // "ge", "gt", "le", "lt", "ne"
	sign       int
	whole, rem string // digits of the limit before and after the point, without needless zeros
}

// divisor asks for multiples of a number, or forbids them. Numbers are counted in units of the last of
// places digits after the point, in which the divisor is step.
type divisor struct {
	not    bool
	step   uint64
	places int
}

// Relations of the magnitude so far to a limit's digits.
const (
	less byte = iota
	equal
	greater
)

// The phases of a number.
const (
	atStart byte = iota
	afterSign
	afterZero // a leading zero: no digit follows
	inWhole
	afterPoint
	inFraction
)

// decimal gives the digits of a limit. ok is false for one with too many.
func decimal(v *big.Rat) (whole, rem string, ok bool) {
	abs := new(big.Rat).Abs(v)
	if abs.Num().BitLen() > 4*mostDigits || abs.Denom().BitLen() > 4*mostDigits {
		return "", "", false
	}
	s := abs.FloatString(mostDigits)
	if back, good := new(big.Rat).SetString(s); !good || back.Cmp(abs) != 0 {
		return "", "", false
	}
	whole, rem, _ = strings.Cut(s, ".")
	if whole == "0" {
		whole = ""
	}
	return whole, strings.TrimRight(rem, "0"), true
}

// newNumber makes the machine of these demands; the demand that it cannot express is returned.
func newNumber(list []*demand) (*number, *demand) {
	n := &number{ints: intDigits, fracs: fracDigits}
	for _, d := range list {
		switch d.kind {
		case "ge", "gt", "le", "lt", "ne":
			b := bound{op: d.kind, sign: d.rat.Sign()}
			var ok bool
			if b.whole, b.rem, ok = decimal(d.rat); !ok {
				return nil, d
			}
			n.ints = max(n.ints, min(mostDigits, len(b.whole)))
			n.bounds = append(n.bounds, b)
			if len(b.rem) > n.fracs {
				return nil, d
			}
		case "mul", "notmul":
			_, rem, ok := decimal(d.rat)
			if !ok || d.rat.Sign() <= 0 {
				return nil, d
			}
			scaled := new(big.Rat).Mul(d.rat, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(rem))), nil)))
			if !scaled.IsInt() || !scaled.Num().IsUint64() || scaled.Num().Uint64() > 1<<40 {
				return nil, d
			}
			n.divisors = append(n.divisors, divisor{not: d.kind == "notmul", step: scaled.Num().Uint64(), places: len(rem)})
			if d.kind == "mul" {
				n.fracs = min(n.fracs, len(rem))
			}
		}
	}
	return n, nil
}

// Classes: the digits, then minus and point.
const (
	classMinus = 10
	classPoint = 11
)

func (n *number) classes() int { return 12 }

// A state is: phase, sign, digits before and after the point, whether the number is not zero, a relation for
// each bound, a remainder for each divisor.
const (
	sPhase = iota
	sNegative
	sInts
	sFracs
	sNonzero
	sRel
)

func (n *number) begin() string {
	s := make([]byte, sRel, sRel+len(n.bounds)+8*len(n.divisors))
	for range n.bounds {
		s = append(s, equal)
	}
	for range n.divisors {
		s = binary.BigEndian.AppendUint64(s, 0)
	}
	return string(s)
}

func (n *number) next(state string, class int) (string, bool) {
	s := []byte(state)
	switch class {
	case classMinus:
		if s[sPhase] != atStart {
			return "", false
		}
		s[sPhase], s[sNegative] = afterSign, 1
		return string(s), true
	case classPoint:
		if n.fracs == 0 || (s[sPhase] != afterZero && s[sPhase] != inWhole) {
			return "", false
		}
		n.endWhole(s)
		s[sPhase] = afterPoint
		return string(s), true
	}
	digit := byte(class)
	switch s[sPhase] {
	case atStart, afterSign:
		if digit == 0 {
			s[sPhase] = afterZero
			return string(s), true
		}
		s[sPhase] = inWhole
	case afterZero:
		return "", false
	case afterPoint:
		s[sPhase] = inFraction
	}
	if digit != 0 {
		s[sNonzero] = 1
	}
	if s[sPhase] == inWhole {
		if int(s[sInts]) == n.ints {
			return "", false
		}
		s[sInts]++
		n.compare(s, digit, func(b bound) string { return b.whole }, int(s[sInts])-1)
	} else {
		if int(s[sFracs]) == n.fracs {
			return "", false
		}
		s[sFracs]++
		n.compare(s, digit, func(b bound) string { return b.rem }, int(s[sFracs])-1)
	}
	n.divide(s, uint64(digit))
	return string(s), true
}

func (n *number) compare(s []byte, digit byte, digits func(bound) string, at int) {
	for i, b := range n.bounds {
		rel := &s[sRel+i]
		if *rel != equal {
			continue
		}
		var want byte
		if d := digits(b); at < len(d) {
			want = d[at] - '0'
		}
		if s[sPhase] == inWhole && at >= len(b.whole) {
			*rel = greater // more digits than the limit has
			continue
		}
		switch {
		case digit < want:
			*rel = less
		case digit > want:
			*rel = greater
		}
	}
}

// endWhole settles the relations by the number of digits before the point.
func (n *number) endWhole(s []byte) {
	for i, b := range n.bounds {
		if int(s[sInts]) < len(b.whole) {
			s[sRel+i] = less
		} else if int(s[sInts]) > len(b.whole) {
			s[sRel+i] = greater
		}
	}
	s[sInts] = 0
}

func (n *number) divide(s []byte, digit uint64) {
	for i, d := range n.divisors {
		at := s[sRel+len(n.bounds)+8*i:]
		if s[sPhase] == inFraction && int(s[sFracs]) > d.places {
			if digit != 0 { // finer than any multiple: remember that as a remainder which stays
				binary.BigEndian.PutUint64(at, d.step)
			}
			continue
		}
		if r := binary.BigEndian.Uint64(at); r < d.step {
			binary.BigEndian.PutUint64(at, (r*10+digit)%d.step)
		}
	}
}

func (n *number) accepts(state string) bool {
	s := []byte(state)
	switch s[sPhase] {
	case atStart, afterSign, afterPoint:
		return false
	case afterZero, inWhole:
		n.endWhole(s)
	}
	fracs := int(s[sFracs])
	for i, b := range n.bounds {
		rel := s[sRel+i]
		if rel == equal && fracs < len(b.rem) {
			rel = less // the limit has further digits, and its last is not zero
		}
		if !b.holds(rel, s[sNegative] == 1, s[sNonzero] == 1) {
			return false
		}
	}
	for i, d := range n.divisors {
		r := binary.BigEndian.Uint64(s[sRel+len(n.bounds)+8*i:])
		for f := fracs; f < d.places && r < d.step; f++ {
			r = r * 10 % d.step
		}
		if (r == 0) == d.not {
			return false
		}
	}
	return true
}

// holds tells whether a number passes, by the relation of its magnitude to that of the limit.
func (b bound) holds(rel byte, negative, nonzero bool) bool {
	sign := 0
	if nonzero {
		sign = 1
		if negative {
			sign = -1
		}
	}
	cmp := 0
	switch {
	case sign != b.sign:
		cmp = sign - b.sign
	case sign == 0 || rel == equal:
	case (rel == greater) == (sign > 0):
		cmp = 1
	default:
		cmp = -1
	}
	switch b.op {
	case "ge":
		return cmp >= 0
	case "gt":
		return cmp > 0
	case "le":
		return cmp <= 0
	case "lt":
		return cmp < 0
	}
	return cmp != 0
}

// spellNumber writes classes of a number.
func spellNumber(classes []int) []string {
	digits, minus, point := "", false, false
	for _, c := range classes {
		switch c {
		case classMinus:
			minus = true
		case classPoint:
			point = true
		default:
			digits += string(rune('0' + c))
		}
	}
	var out []string
	if minus {
		out = append(out, `"-"`)
	}
	if point {
		out = append(out, `"."`)
	}
	switch {
	case len(digits) == 1:
		out = append(out, `"`+digits+`"`)
	case digits == "0123456789":
		out = append(out, "[0-9]")
	case digits != "":
		out = append(out, "["+digits+"]")
	}
	return out
}
